//! What only Linux has: handles that name one process for ever (pidfd), and `/proc`.

use super::unix::Pid;
use std::{
    collections::HashSet,
    fs, io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    time::Duration,
};

/// A handle to one process: its number may go to another process, the handle never does
/// (`pidfd_open(2)`).
#[derive(Debug)]
pub(super) struct Handle(OwnedFd);

impl Handle {
    /// Of a process that is there; `None` where the kernel has no such handles.
    pub(super) fn open(pid: Pid) -> Option<Self> {
        // SAFETY: pidfd_open(2) takes two integers; the descriptor that it gives is ours alone,
        // and close-on-exec.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.raw(), 0) };
        // SAFETY: as above, and it is not negative.
        (fd >= 0).then(|| Self(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Sends a signal to the process.
    pub(super) fn signal(&self, number: i32) -> io::Result<()> {
        self.send(number, 0)
    }

    /// Sends a signal to the group that this process leads, or led: exact also after it is gone
    /// (Linux 6.9 and later; `Unsupported` before).
    pub(super) fn signal_group(&self, number: i32) -> io::Result<()> {
        // linux/pidfd.h; the libc crate does not have it.
        const PIDFD_SIGNAL_PROCESS_GROUP: libc::c_uint = 1 << 2;
        self.send(number, PIDFD_SIGNAL_PROCESS_GROUP).map_err(|error| match error.raw_os_error() {
            Some(libc::EINVAL) => io::ErrorKind::Unsupported.into(),
            _ => error,
        })
    }

    fn send(&self, number: i32, flags: libc::c_uint) -> io::Result<()> {
        let no_info = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: a null siginfo is allowed and means what kill(2) would send.
        let result =
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, self.0.as_raw_fd(), number, no_info, flags) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl From<Handle> for OwnedFd {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

/// A moment on the clock by which the kernel notes when processes start: ticks since the boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ticks(u64);

impl Ticks {
    /// This moment, or up to a tick earlier.
    pub(super) fn now() -> Self {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: clock_gettime(2) fills in the struct, which lives that long.
        unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now) };
        // SAFETY: sysconf(3) takes an integer and touches no memory of ours.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as u64;
        let ticks = now.tv_sec as u64 * per_second + now.tv_nsec as u64 * per_second / 1_000_000_000;
        Self(ticks.saturating_sub(1))
    }
}

/// One line of the table of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: Pid,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    pub(super) started: Ticks,
    state: u8,
}

impl Entry {
    /// Whether both lines are about one process, and not about two with the same number.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.pid, self.started) == (other.pid, other.started)
    }

    /// Whether it has ended, and is only waiting for its parent to notice.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// Whether it can't start anything: it is stopped, or waits in the kernel, where a pending
    /// stop reaches it before it does anything else (`proc_pid_stat(5)`).
    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.state, b'R' | b'S')
    }

    /// What the table says of it now, if it is still the same process.
    pub(super) fn again(&self) -> Option<Self> {
        read_entry(self.pid).filter(|now| now.is_same(self))
    }

    /// A handle to it, if it is still the same process.
    pub(super) fn open(&self) -> Option<Handle> {
        let handle = Handle::open(self.pid)?;
        self.again().map(|_| handle)
    }

    /// Its environment as it was when it started, if we may read it.
    pub(super) fn environment(&self) -> Option<Vec<u8>> {
        const PATIENCE: usize = 5;
        for _ in 0..PATIENCE {
            let text = fs::read(format!("/proc/{}/environ", self.pid.raw())).ok()?;
            if !text.is_empty() {
                return Some(text);
            }
            // It has none; or it is just starting another program, and will have one in a moment.
            std::thread::sleep(Duration::from_micros(50));
        }
        None
    }
}

/// All processes that started at or after `since`, but ourselves and the kernel's own.
///
/// Each is read when it is asked for. `/proc` is listed as it is at one moment; what starts while
/// that list is gone through comes after it, until a new list has nothing new.
pub(super) fn processes(since: Ticks) -> impl Iterator<Item = Entry> {
    const KERNEL_THREADS: i32 = 2;
    Pids { seen: HashSet::new(), list: Vec::new(), lists: 0 }
        .filter_map(read_entry)
        .filter(move |entry| entry.started >= since && entry.parent != KERNEL_THREADS)
}

struct Pids {
    seen: HashSet<Pid>,
    list: Vec<Pid>,
    lists: usize,
}

/// A bound, for a machine where something new starts for ever.
const LISTS: usize = 100;

impl Iterator for Pids {
    type Item = Pid;

    fn next(&mut self) -> Option<Pid> {
        if self.list.is_empty() && self.lists < LISTS {
            self.lists += 1;
            let names = fs::read_dir("/proc").into_iter().flatten().flatten();
            let pids = names.filter_map(|name| name.file_name().to_str()?.parse().ok()).filter_map(Pid::new);
            self.list = pids.filter(|&pid| self.seen.insert(pid)).collect();
            // The oldest first: what a process starts is then read after it.
            self.list.reverse();
        }
        self.list.pop()
    }
}

/// The session and the group that we are in ourselves.
pub(super) fn own_session_and_group() -> (i32, i32) {
    // SAFETY: both take integers, can't fail for ourselves, and touch no memory.
    unsafe { (libc::getsid(0), libc::getpgrp()) }
}

fn read_entry(pid: Pid) -> Option<Entry> {
    let stat = fs::read(format!("/proc/{}/stat", pid.raw())).ok()?;
    parse_stat(pid, &stat)
}

/// Reads `/proc/PID/stat`. The second field is the program's name in parentheses, in which
/// anything may stand, also more of them: the fields are counted from the last one.
fn parse_stat(pid: Pid, stat: &[u8]) -> Option<Entry> {
    let name_end = memchr::memrchr(b')', stat)?;
    let rest = std::str::from_utf8(stat.get(name_end + 2..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let mut number = || fields.next()?.parse().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    // Fields 7 to 21 lie between; 22 is the time at which it started.
    let started = Ticks(fields.nth(15)?.parse().ok()?);
    Some(Entry { pid, parent, group, session, started, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = b"42 (a) Z 1) (b) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 9 9";
        let entry = parse_stat(Pid::new(42).unwrap(), stat).unwrap();
        assert_eq!((entry.parent, entry.group, entry.session), (7, 42, 41));
        assert_eq!((entry.state, entry.started), (b'S', Ticks(12345)));
    }

    #[test]
    fn a_process_that_has_just_started_is_in_the_table_and_none_before() {
        let since = Ticks::now();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::new(child.id() as i32).unwrap();
        let found: Vec<_> = processes(since).collect();
        let later = Ticks(Ticks::now().0 + 1000);
        let none: Vec<_> = processes(later).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let entry = found.iter().find(|entry| entry.pid == pid).expect("it is listed");
        assert_eq!(entry.parent, std::process::id() as i32);
        assert_eq!(none, []);
    }
}
