//! POSIX system calls, each behind a small safe function.

use crate::event::Signal;
use std::{
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
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
