//! Open files: which ones a process keeps, and which are ready.

use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::{
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    time::Duration,
};

/// Closes everything but these, and has `/dev/null` for input and outputs.
pub(in super::super) fn keep_only(kept: &[BorrowedFd<'_>]) {
    if let Ok(null) = std::fs::File::options().read(true).write(true).open("/dev/null") {
        for standard in 0..3 {
            // SAFETY: dup2(2) takes two descriptors; nothing in this process owns 0 to 2.
            unsafe { libc::dup2(null.as_raw_fd(), standard) };
        }
    }
    let mut kept: Vec<RawFd> = kept.iter().map(AsRawFd::as_raw_fd).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept {
        close_range(first, fd - 1);
        first = fd + 1;
    }
    close_range(first, RawFd::MAX);
}

fn close_range(first: RawFd, last: RawFd) {
    if first > last {
        return;
    }
    // SAFETY: the descriptors in between belong to values of the caller's stack that are never
    // used or dropped: neither the front nor the keeper ever returns.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if result == 0 {
        return;
    }
    // Linux before 5.9.
    let Ok(names) = std::fs::read_dir("/proc/self/fd") else { return };
    let open = names.flatten().filter_map(|name| name.file_name().to_str()?.parse::<RawFd>().ok());
    for fd in open.filter(|fd| (first..=last).contains(fd)).collect::<Vec<_>>() {
        // SAFETY: as above. The directory's own descriptor is closed by now: closing it again
        // fails harmlessly in a process of one thread.
        unsafe { libc::close(fd) };
    }
}

/// Which of these can be read from, or have come to their end; none, when the limit has passed.
pub(in super::super) fn wait_readable(sources: &[BorrowedFd<'_>], limit: Option<Duration>) -> Vec<bool> {
    let mut polled: Vec<_> = sources.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    // Rounded up: a wait of less than a millisecond would else be a busy loop.
    let limit = limit.map(|limit| limit + Duration::from_micros(999));
    let timeout = limit.map_or(PollTimeout::NONE, |limit| limit.try_into().unwrap_or(PollTimeout::MAX));
    match nix::poll::poll(&mut polled, timeout) {
        Ok(_) => polled.iter().map(|fd| fd.any().unwrap_or(false)).collect(),
        Err(_) => vec![false; sources.len()],
    }
}
