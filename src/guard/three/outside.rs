//! Starting this program once more, outside of the guard.

use super::{
    linux::{self, Pid},
    worker,
};
use crate::{Error, Result, guard::DAEMON_MARK};
use std::{
    ffi::{CString, OsStr, OsString},
    io::{self, Read, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        net::UnixStream,
    },
    sync::{Mutex, PoisonError},
};

/// The program that runs, also if its file was replaced meanwhile.
const SELF: &std::ffi::CStr = c"/proc/self/exe";

pub(in crate::guard) fn spawn_outside(args: &[OsString]) -> Result<u32> {
    let args: Vec<CString> = args
        .iter()
        .map(|arg| CString::new(arg.as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|_| Error::invalid("an argument has a NUL character in it"))?;
    let spawned = match worker::orders() {
        // Orphans of ours become the keeper's; orphans of the front, with its help, do not.
        Some(front) => order(front, &args),
        None => launch(&args),
    };
    let pid =
        spawned.map_err(|error| Error::from_io("cannot start a process outside of the guard", error))?;
    Ok(pid.as_raw() as u32)
}

/// Asks the front.
fn order(front: &Mutex<UnixStream>, args: &[CString]) -> io::Result<Pid> {
    let order: Vec<u8> = args.iter().flat_map(|arg| arg.as_bytes_with_nul()).copied().collect();
    let length = u32::try_from(order.len()).map_err(|_| io::ErrorKind::ArgumentListTooLong)?;
    // One order at a time; whoever panicked in the middle of one has left the line in disorder.
    let mut front = front.lock().unwrap_or_else(PoisonError::into_inner);
    front.write_all(&[&length.to_ne_bytes(), &*order].concat())?;
    let mut answer = [0; 4];
    front.read_exact(&mut answer)?;
    match i32::from_ne_bytes(answer) {
        pid @ 1.. => Ok(Pid::from_raw(pid)),
        errno => Err(io::Error::from_raw_os_error(-errno)),
    }
}

/// What the front does with an order; the error is an `errno`.
pub(super) fn launch_as_front(order: &[u8]) -> Result<Pid, i32> {
    let args: Vec<CString> = order
        .split_inclusive(|&byte| byte == 0)
        .filter_map(|arg| CString::from_vec_with_nul(arg.into()).ok())
        .collect();
    // For this moment the front adopts nobody, so that the daemon goes to whoever would adopt the
    // front's own children.
    let launched = linux::adopt_orphans(false).and_then(|()| launch(&args));
    let restored = linux::adopt_orphans(true);
    launched.and_then(|pid| restored.map(|()| pid)).map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
}

fn launch(args: &[CString]) -> io::Result<Pid> {
    let program = std::env::args_os().next().unwrap_or_else(|| "rexec".into());
    let mut argv = vec![CString::new(program.as_bytes())?];
    argv.extend_from_slice(args);
    // Another guard around this one spares it too.
    let mark = variable(DAEMON_MARK.as_ref(), "outside".as_ref());
    let inherited = std::env::vars_os().filter(|(name, _)| name != DAEMON_MARK);
    let environment: Vec<CString> =
        inherited.filter_map(|(name, value)| variable(&name, &value)).chain(mark).collect();
    linux::spawn_daemon(SELF, &argv, &environment)
}

fn variable(name: &OsStr, value: &OsStr) -> Option<CString> {
    let mut text = name.to_owned();
    text.push("=");
    text.push(value);
    CString::new(text.into_vec()).ok()
}
