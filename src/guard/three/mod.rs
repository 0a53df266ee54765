//! The three processes on Linux, and how they come to be.

mod channel;
mod front;
mod keeper;
mod linux;
mod outside;
mod tree;
mod worker;

pub(super) use outside::spawn_outside;
pub(super) use worker::{Worker, stopped_for};

use crate::{Error, Result};
use channel::Channel;
use front::Front;
use linux::{ForkResult, Signals, StopClock};
use std::{
    fs, io,
    os::unix::net::UnixStream,
    sync::atomic::{AtomicBool, Ordering},
};

static ENTERED: AtomicBool = AtomicBool::new(false);

pub(super) fn enter() -> Result<Worker> {
    if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
        return Err(Error::invalid("the guard has to be entered before the program starts a thread"));
    }
    if ENTERED.swap(true, Ordering::Relaxed) {
        return Err(Error::invalid("the guard can be entered once only"));
    }
    split().map_err(|error| Error::from_io("cannot start the guard", error))
}

/// The front forks the keeper, and the keeper forks the worker, which so stays in the session and
/// the process group of the front, where the terminal finds it.
///
/// An error after the first fork is the keeper's: it fails as the program would, and the front
/// ends as the keeper did.
fn split() -> io::Result<Worker> {
    linux::forget_inherited_state();
    linux::adopt_orphans(true)?;
    let clock = StopClock::new()?;
    let (to_keeper, to_front) = Channel::pair()?;
    let (orders, requests) = UnixStream::pair()?;
    let signals = Signals::block()?;
    let front = linux::own_pid();
    if let ForkResult::Parent { child } = linux::fork()? {
        Front::new(child, to_keeper, orders, signals, clock).run();
    }
    linux::adopt_orphans(true)?;
    let keeper = linux::own_pid();
    if let ForkResult::Parent { child } = linux::fork()? {
        keeper::run(child, to_front, signals, clock);
    }
    linux::terminate_with_parent(keeper)?;
    signals.unblock()?;
    Ok(Worker::new(front, keeper, requests, clock))
}
