//! Starting a program that belongs to nobody here.

use super::Pid;
use nix::errno::Errno;
use std::{
    ffi::{CStr, CString, c_char},
    fs::File,
    io::{self, Read, pipe},
    os::fd::{AsRawFd, RawFd},
};

/// Runs a program twice removed from this process, in a session of its own, with `/dev/null` for
/// input and outputs. Gives its process id once it runs.
///
/// Works in a program with threads too: what happens in the children is prepared here, so that
/// they do only what signal-safety(7) allows.
pub(in super::super) fn spawn_daemon(
    program: &CStr,
    args: &[CString],
    environment: &[CString],
) -> io::Result<Pid> {
    let args = pointers(args);
    let environment = pointers(environment);
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let (mut reader, writer) = pipe()?;
    // SAFETY: the child goes to `child`, which keeps to what is allowed after a fork.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => child(program, &args, &environment, null.as_raw_fd(), writer.as_raw_fd()),
        intermediate => super::wait_for(Pid::from_raw(intermediate)),
    };
    drop(writer);
    // The daemon's number, and then its error, or the end of the pipe once it runs.
    let pid = read_number(&mut reader)?.ok_or_else(|| io::Error::from(Errno::EAGAIN))?;
    match read_number(&mut reader)? {
        None => Ok(Pid::from_raw(pid)),
        Some(errno) => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// For C: each ends with a NUL, and all with a null.
fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

fn read_number(reader: &mut impl Read) -> io::Result<Option<i32>> {
    let mut bytes = Vec::new();
    reader.take(4).read_to_end(&mut bytes)?;
    Ok(bytes.try_into().ok().map(i32::from_ne_bytes))
}

fn child(
    program: &CStr,
    args: &[*const c_char],
    environment: &[*const c_char],
    null: RawFd,
    report: RawFd,
) -> ! {
    // SAFETY: nothing here allocates or takes a lock; the pointers are to memory that the parent
    // prepared, and end in a null. Everything but the standard three is closed by execve(2).
    unsafe {
        libc::setsid();
        match libc::fork() {
            0 => {}
            // The report stays empty, which says that there is no daemon.
            _ => libc::_exit(0),
        }
        say(report, libc::getpid());
        for standard in 0..3 {
            libc::dup2(null, standard);
        }
        libc::syscall(libc::SYS_close_range, 3, RawFd::MAX, libc::CLOSE_RANGE_CLOEXEC);
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        // Rust ignores it; other programs count on it.
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::execve(program.as_ptr(), args.as_ptr(), environment.as_ptr());
        say(report, Errno::last_raw());
        libc::_exit(127)
    }
}

fn say(report: RawFd, number: i32) {
    let bytes = number.to_ne_bytes();
    // SAFETY: write(2) reads from `bytes`, which lives that long. A pipe takes that little at once.
    unsafe { libc::write(report, bytes.as_ptr().cast(), bytes.len()) };
}
