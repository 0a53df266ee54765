//! A process that keeps its identity.

use super::Pid;
use nix::errno::Errno;
use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
};

/// A handle to one process: its number may go to another, the handle never does (`pidfd_open(2)`).
pub(in super::super) struct Handle(HandleKind);

enum HandleKind {
    Descriptor(OwnedFd),
    /// Linux before 5.3 has no such handles.
    Number(Pid),
}

impl Handle {
    pub(in super::super) fn open(pid: Pid) -> io::Result<Self> {
        // SAFETY: pidfd_open(2) takes two integers.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
        if fd >= 0 {
            // SAFETY: the descriptor is new, and ours alone.
            return Ok(Self(HandleKind::Descriptor(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })));
        }
        match Errno::last() {
            Errno::ENOSYS => Ok(Self(HandleKind::Number(pid))),
            error => Err(error.into()),
        }
    }

    pub(in super::super) fn signal(&self, number: i32) -> io::Result<()> {
        // SAFETY: both calls take integers, and the null that stands for "as kill(2) would".
        let result = unsafe {
            match &self.0 {
                HandleKind::Descriptor(fd) => {
                    let no_info = std::ptr::null::<libc::siginfo_t>();
                    libc::syscall(libc::SYS_pidfd_send_signal, fd.as_raw_fd(), number, no_info, 0)
                }
                HandleKind::Number(pid) => libc::kill(pid.as_raw(), number).into(),
            }
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
