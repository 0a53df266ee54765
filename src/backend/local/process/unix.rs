//! POSIX system calls, each behind a small safe function.

use crate::event::Signal;
use nix::{
    fcntl::{AtFlags, FcntlArg, OFlag},
    sys::signal::{SigSet, SigmaskHow},
    unistd::AccessFlags,
};
use std::{
    io,
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
};
use tokio::io::{Interest, unix::AsyncFd};

/// The number of a process or a process group that a signal may be sent to.
///
/// `kill(2)` gives 0, 1 and -1 meanings that would be fatal here (our own group, init, everybody),
/// and so would our own number be: none of them can be made into a `Pid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pid(i32);

impl Pid {
    pub(super) fn new(raw: i32) -> Option<Self> {
        (raw > 1 && raw as u32 != std::process::id()).then_some(Self(raw))
    }

    pub(super) fn raw(self) -> i32 {
        self.0
    }
}

/// Sends a signal to one process. The caller knows that the number still means it.
pub(super) fn signal_process(pid: Pid, number: i32) -> io::Result<()> {
    // SAFETY: kill(2) takes two integers and touches no memory.
    check(unsafe { libc::kill(pid.0, number) })
}

/// Sends a signal to a process group. The caller knows that the number still means it.
pub(super) fn signal_group(group: Pid, number: i32) -> io::Result<()> {
    // SAFETY: kill(2) takes two integers and touches no memory.
    check(unsafe { libc::kill(-group.0, number) })
}

/// Waits until a child ends, and takes notice of it.
pub(super) fn reap(child: Pid) {
    let pid = nix::unistd::Pid::from_raw(child.0);
    // It is no child any longer if somebody was faster; that is all that could go wrong.
    while nix::sys::wait::waitpid(pid, None) == Err(nix::errno::Errno::EINTR) {}
}

/// Whether we may execute a file, or go through a directory.
pub(super) fn may_execute(path: &Path) -> io::Result<()> {
    Ok(nix::unistd::faccessat(nix::fcntl::AT_FDCWD, path, AccessFlags::X_OK, AtFlags::AT_EACCESS)?)
}

/// This system's number of a signal, if it has that signal.
pub(super) fn signal_number(signal: Signal) -> Option<i32> {
    match signal {
        Signal::RtMin(offset) => real_time_number(offset),
        named => format!("SIG{named}").parse::<nix::sys::signal::Signal>().ok().map(|found| found as i32),
    }
}

/// The signal with this number on this system.
pub(super) fn signal_from_number(number: i32) -> Option<Signal> {
    match nix::sys::signal::Signal::try_from(number) {
        Ok(found) => found.as_str().parse().ok(),
        Err(_) => (0..=30).map(Signal::RtMin).find(|&signal| signal_number(signal) == Some(number)),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn real_time_number(offset: u8) -> Option<i32> {
    let number = libc::SIGRTMIN() + i32::from(offset);
    (number <= libc::SIGRTMAX()).then_some(number)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn real_time_number(_: u8) -> Option<i32> {
    None
}

/// How many bytes can be read from a pipe or terminal at this moment (`FIONREAD`).
pub(super) fn bytes_waiting(fd: impl AsFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int to where its argument points, and `count` lives that long.
    let result = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &mut count) };
    if result == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

/// The process group that we are in ourselves.
pub(super) fn own_group() -> i32 {
    nix::unistd::getpgrp().as_raw()
}

/// The group in the foreground of the terminal on our standard input, if there is one.
pub(super) fn foreground() -> Option<i32> {
    Some(nix::unistd::tcgetpgrp(std::io::stdin()).ok()?.as_raw())
}

/// Makes a group the foreground of the terminal on our standard input. Whoever is not in the
/// foreground is stopped for trying (`SIGTTOU`), unless it blocks that signal.
pub(super) fn set_foreground(group: i32) -> io::Result<()> {
    let mut blocked = SigSet::empty();
    blocked.add(nix::sys::signal::SIGTTOU);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let set = nix::unistd::tcsetpgrp(std::io::stdin(), nix::unistd::Pid::from_raw(group));
    before.thread_set_mask()?;
    Ok(set?)
}

/// Whether a child is stopped for what was typed at its terminal, or for what it wanted of it.
pub(super) fn is_stopped_by_terminal(child: Pid) -> bool {
    // SAFETY: an all-zero siginfo_t is a valid value of that plain struct.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: waitid(2) fills in the struct, which lives that long; WNOWAIT leaves the child as it
    // is.
    let result = unsafe { libc::waitid(libc::P_PID, child.0 as libc::id_t, &mut info, options) };
    // SAFETY: for a child that is stopped, waitid(2) has set the field that this reads.
    let signal = || unsafe { info.si_status() };
    result == 0
        && info.si_code == libc::CLD_STOPPED
        && [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU].contains(&signal())
}

/// The rows and columns of the terminal that this program runs in, if it has one.
pub(in crate::backend) fn own_window_size() -> Option<(u16, u16)> {
    [libc::STDERR_FILENO, libc::STDOUT_FILENO, libc::STDIN_FILENO].into_iter().find_map(|fd| {
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: TIOCGWINSZ fills in the struct that its argument points to, which lives that long.
        let result = unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &mut size) };
        (result == 0 && size.ws_row > 0 && size.ws_col > 0).then_some((size.ws_row, size.ws_col))
    })
}

/// Opens a pseudo-terminal of this many rows and columns: our side, which does not block, and the
/// side for a program. Both are close-on-exec from the start, which `openpty(3)` can't do.
pub(super) fn open_terminal((rows, columns): (u16, u16)) -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = nix::pty::posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    nix::pty::grantpt(&ours)?;
    nix::pty::unlockpt(&ours)?;
    let device = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(device_name(&ours)?)?;
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCSWINSZ reads the struct that its argument points to, which lives that long.
    check(unsafe { libc::ioctl(device.as_raw_fd(), libc::TIOCSWINSZ, &size) })?;
    // SAFETY: the descriptor is moved out of its owner, and is nobody else's.
    let ours = unsafe { OwnedFd::from_raw_fd(ours.into_raw_fd()) };
    nix::fcntl::fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
    Ok((ours, device.into()))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn device_name(ours: &nix::pty::PtyMaster) -> io::Result<String> {
    Ok(nix::pty::ptsname_r(ours)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn device_name(ours: &nix::pty::PtyMaster) -> io::Result<String> {
    // SAFETY: ptsname(3) uses one buffer for all threads; a name that another thread overwrote
    // opens another terminal, which these systems give us no way to exclude.
    Ok(unsafe { nix::pty::ptsname(ours) }?)
}

/// Has the command start in a session of its own, whose terminal this is. The descriptor must be
/// open when the command is started.
pub(super) fn start_in_terminal(command: &mut std::process::Command, device: RawFd) {
    // SAFETY: between fork and exec only async-signal-safe functions may be called: setsid(2) and
    // ioctl(2) are.
    unsafe {
        command.pre_exec(move || {
            if libc::setsid() < 0 {
                return Err(io::Error::last_os_error());
            }
            check(libc::ioctl(device, libc::TIOCSCTTY as _, 0))
        });
    }
}

/// Takes the flag off a descriptor that makes reads and writes fail rather than wait: programs do
/// not expect it.
pub(super) fn set_blocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(nix::fcntl::fcntl(&fd, FcntlArg::F_GETFL)?);
    nix::fcntl::fcntl(&fd, FcntlArg::F_SETFL(flags.difference(OFlag::O_NONBLOCK)))?;
    Ok(())
}

/// Has the runtime tell when something can be read from, or written to, a descriptor.
pub(super) fn watch<T: AsRawFd + Into<OwnedFd>>(owner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: `owner` owns its descriptor, and keeps it open until it is dropped: the types that
    // this is called with, `OwnedFd` and `Handle`, hold one and hand it out only by value.
    Ok(unsafe { AsyncFd::register_with_interest(owner, interest) }?)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_more_than_one_process_are_no_pids() {
        for raw in [0, 1, -1, i32::MIN, std::process::id() as i32] {
            assert_eq!(Pid::new(raw), None);
        }
    }

    #[test]
    fn every_signal_comes_back_from_its_number() {
        for name in Signal::names().chain(["RTMIN", "RTMIN+3", "RTMAX"]) {
            let signal: Signal = name.parse().unwrap();
            let number = signal_number(signal).unwrap_or_else(|| panic!("no number for {name}"));
            assert_eq!(signal_from_number(number), Some(signal));
        }
    }
}
