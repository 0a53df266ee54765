//! Signals that are waited for, instead of handled.

use nix::sys::{
    signal::{self, SigSet, SigmaskHow, Signal},
    signalfd::{SfdFlags, SignalFd},
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

/// The signals that the front and the keeper wait for.
pub(in super::super) struct Signals {
    fd: SignalFd,
    previous: SigSet,
}

/// A signal that came.
pub(in super::super) struct Arrival {
    pub(in super::super) number: i32,
    /// A process sent it, not the kernel.
    pub(in super::super) is_sent_by_a_process: bool,
}

impl Signals {
    /// Keeps them from this process, and from those that it forks, until somebody reads them.
    pub(in super::super) fn block() -> io::Result<Self> {
        let signals = [
            Signal::SIGCHLD,
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGTSTP,
            Signal::SIGCONT,
        ];
        let set: SigSet = signals.into_iter().collect();
        let previous = set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { fd, previous })
    }

    pub(in super::super) fn unblock(self) -> io::Result<()> {
        Ok(self.previous.thread_set_mask()?)
    }

    /// The next that has come, if one has.
    pub(in super::super) fn next(&self) -> Option<Arrival> {
        let info = self.fd.read_signal().ok()??;
        Some(Arrival { number: info.ssi_signo as i32, is_sent_by_a_process: info.ssi_code <= 0 })
    }

    /// Stops this process as `TSTP` does to any, and returns when it is continued.
    pub(in super::super) fn stop_self(&self) {
        let set: SigSet = [Signal::SIGTSTP].into_iter().collect();
        // None of these fails for a signal that exists.
        let _ = set.thread_unblock();
        let _ = signal::raise(Signal::SIGTSTP);
        let _ = set.thread_block();
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Only `KILL` and `STOP` still reach this process.
pub(in super::super) fn block_all_signals() {
    // It can't fail: the arguments are right.
    let _ = SigSet::all().thread_block();
}
