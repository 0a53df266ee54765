//! Stands for [`linux`](super) on systems that have neither handles to processes nor `/proc`: a
//! process group is all that is known there of what a command started.

use super::unix::Pid;
use std::{
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
};

/// A handle to one process, which can't be had here.
#[derive(Debug)]
pub(super) enum Handle {}

impl Handle {
    pub(super) fn open(_: Pid) -> Option<Self> {
        None
    }

    pub(super) fn signal(&self, _: i32) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn signal_group(&self, _: i32) -> io::Result<()> {
        match *self {}
    }
}

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        match *self {}
    }
}

impl From<Handle> for OwnedFd {
    fn from(handle: Handle) -> Self {
        match handle {}
    }
}

/// A moment; nothing here has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ticks;

impl Ticks {
    pub(super) fn now() -> Self {
        Self
    }
}

/// One line of the table of processes, which can't be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: Pid,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    pub(super) started: Ticks,
}

impl Entry {
    pub(super) fn is_dead(&self) -> bool {
        false
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.pid, self.started) == (other.pid, other.started)
    }

    pub(super) fn is_settled(&self) -> bool {
        true
    }

    pub(super) fn again(&self) -> Option<Self> {
        None
    }

    pub(super) fn open(&self) -> Option<Handle> {
        None
    }

    pub(super) fn environment(&self) -> Option<Vec<u8>> {
        None
    }
}

pub(super) fn processes(_: Ticks) -> impl Iterator<Item = Entry> {
    std::iter::empty()
}

pub(super) fn own_session_and_group() -> (i32, i32) {
    // SAFETY: both take integers, can't fail for ourselves, and touch no memory.
    unsafe { (libc::getsid(0), libc::getpgrp()) }
}
