//! System calls, each behind a small safe function.

mod daemon;
mod descriptors;
mod handle;
mod presses;
mod signals;
mod stop_clock;

pub(super) use daemon::spawn_daemon;
pub(super) use descriptors::{keep_only, wait_readable};
pub(super) use handle::Handle;
pub(super) use nix::unistd::{ForkResult, Pid};
pub(super) use presses::Presses;
pub(super) use signals::{Signals, block_all_signals};
pub(super) use stop_clock::StopClock;

use super::channel::Ending;
use crate::guard::DAEMON_MARK;
use nix::{
    errno::Errno,
    sys::{
        prctl,
        resource::{self, Resource},
        signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal},
    },
    unistd,
};
use std::{ffi::CStr, io};

/// Undoes what a careless parent may have left us: children that vanish when they end
/// (`SIGCHLD` ignored), and the mark that would spare all our own children.
pub(super) fn forget_inherited_state() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours.
    let _ = unsafe { signal::sigaction(Signal::SIGCHLD, &default) };
    // SAFETY: `enter` has made sure that there is no other thread which could read the environment.
    unsafe { std::env::remove_var(DAEMON_MARK) };
}

/// The child has one thread, and so had the parent: it may go on as any program.
pub(super) fn fork() -> io::Result<ForkResult> {
    // SAFETY: called by `enter` only, which has made sure that there is one thread.
    Ok(unsafe { unistd::fork() }?)
}

pub(super) fn own_pid() -> Pid {
    unistd::getpid()
}

pub(super) fn parent_pid() -> Pid {
    unistd::getppid()
}

/// Whether orphans below this process become its children.
pub(super) fn adopt_orphans(adopt: bool) -> io::Result<()> {
    Ok(prctl::set_child_subreaper(adopt)?)
}

/// Has this process sent `TERM` when `parent` dies, or now, if it has died already.
pub(super) fn terminate_with_parent(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    if parent_pid() != parent {
        signal::raise(Signal::SIGTERM)?;
    }
    Ok(())
}

pub(super) fn lead_new_session() {
    // It fails only for the leader of a group, which a process that was just forked is not.
    let _ = unistd::setsid();
}

/// The name that `ps` and `killall` know it by.
pub(super) fn set_name(name: &CStr) {
    // A convenience: nothing depends on it.
    let _ = prctl::set_name(name);
}

/// What happened to a child.
pub(super) enum Change {
    Ended(Ending),
    Stopped,
    Continued,
}

/// The next thing that happened to a child, if something has. One that ended is gone with this.
pub(super) fn next_change() -> Option<(Pid, Change)> {
    let mut status = 0;
    let options = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    // SAFETY: waitpid(2) writes to `status`, which lives that long.
    // nix's own waitpid takes an end by a real-time signal for an error.
    let pid = unsafe { libc::waitpid(-1, &mut status, options) };
    if pid <= 0 {
        return None;
    }
    let change = if libc::WIFSTOPPED(status) {
        Change::Stopped
    } else if libc::WIFCONTINUED(status) {
        Change::Continued
    } else {
        Change::Ended(ending(status))
    };
    Some((Pid::from_raw(pid), change))
}

/// Takes away the children that have ended.
pub(super) fn reap() {
    while next_change().is_some() {}
}

/// Waits until a child has ended.
pub(super) fn wait_for(child: Pid) -> Option<Ending> {
    let mut status = 0;
    loop {
        // SAFETY: waitpid(2) writes to `status`, which lives that long.
        let result = unsafe { libc::waitpid(child.as_raw(), &mut status, 0) };
        match (result, Errno::last()) {
            (-1, Errno::EINTR) => {}
            (-1, _) => return None,
            _ => return Some(ending(status)),
        }
    }
}

fn ending(status: i32) -> Ending {
    if libc::WIFSIGNALED(status) {
        Ending::Signaled(libc::WTERMSIG(status))
    } else {
        Ending::Exited(libc::WEXITSTATUS(status))
    }
}

/// Passes a signal on to a child that has not been waited for yet. It comes as one that was queued
/// (`sigqueue(3)`), which tells it from one that we send on our own account.
pub(super) fn forward_to_child(child: Pid, number: i32) {
    let no_value = libc::sigval { sival_ptr: std::ptr::null_mut() };
    // SAFETY: sigqueue(3) takes two integers and a value that nobody reads.
    // It fails only where the child has become somebody else's: then it is beyond us.
    let _ = unsafe { libc::sigqueue(child.as_raw(), number, no_value) };
}

/// Sends a signal to a child that has not been waited for yet, so that its number is still its own.
pub(super) fn signal_child(child: Pid, number: i32) {
    // SAFETY: kill(2) takes two integers and touches no memory.
    // It fails only where the child has become somebody else's: then it is beyond us.
    let _ = unsafe { libc::kill(child.as_raw(), number) };
}

/// Ends this process at once, with nothing written that may still be in a buffer.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: _exit(2) takes an integer and does not return.
    unsafe { libc::_exit(code) }
}

/// Ends this process by a signal, without a core file: the one that matters, if there is one, was
/// written by the process that we imitate.
pub(super) fn die_of(number: i32) -> ! {
    // Without this there is a core file too many, which is no reason not to end.
    let _ = resource::setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // SAFETY: these take integers and a set that lives that long; the default action runs no code
    // of ours.
    unsafe {
        libc::signal(number, libc::SIG_DFL);
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, number);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut());
        // To this thread, so that it does not return.
        libc::raise(number);
    }
    // The first process of a container can't be ended in this way.
    exit(128 + number)
}
