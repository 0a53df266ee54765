//! How long the program was stopped.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// For how long the worker has been stopped, in memory that all three processes share: the keeper
/// knows, and the worker asks.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct StopClock(&'static AtomicU64);

impl StopClock {
    pub(in super::super) fn new() -> io::Result<Self> {
        let size = std::mem::size_of::<AtomicU64>();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: asks for new memory, wherever there is room.
        let memory = unsafe {
            libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1, 0)
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a page of zeros, which is an `AtomicU64`, aligned to a page, and never unmapped.
        Ok(Self(unsafe { &*memory.cast::<AtomicU64>() }))
    }

    // One word, so that whoever reads it never sees half a change. While time runs it is twice the
    // nanoseconds spent stopped; while it stands, twice the moment since which that sum would have
    // been spent, plus one.

    pub(in super::super) fn stop(self) {
        let word = self.0.load(Ordering::Relaxed);
        if word & 1 == 0 {
            self.0.store((now().saturating_sub(word >> 1)) << 1 | 1, Ordering::Relaxed);
        }
    }

    pub(in super::super) fn go(self) {
        self.0.store((self.stopped_for().as_nanos() as u64) << 1, Ordering::Relaxed);
    }

    pub(in super::super) fn stopped_for(self) -> Duration {
        let word = self.0.load(Ordering::Relaxed);
        let nanos = if word & 1 == 0 { word >> 1 } else { now().saturating_sub(word >> 1) };
        Duration::from_nanos(nanos)
    }
}

/// Nanoseconds on a clock that all processes share.
fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) fills in the struct, which lives that long.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
