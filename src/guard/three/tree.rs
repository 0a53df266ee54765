//! The processes below one, and their end.

use super::linux::{self, Handle, Pid};
use crate::guard::DAEMON_MARK;
use std::{
    collections::HashSet,
    fs,
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

/// When to give up on a process that does not even die of `KILL`, since it hangs in the kernel (on
/// a network disk, say).
const GIVE_UP: Duration = Duration::from_secs(2);

/// How long the dying get until it is looked again.
const INTERVAL: Duration = Duration::from_millis(2);

/// One process, by what no other can have: its number together with its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    pid: Pid,
    /// In clock ticks since the boot.
    started: u64,
    /// Whether it was stopped when it was found.
    is_stopped: bool,
}

impl Process {
    pub(super) fn is_stopped(self) -> bool {
        self.is_stopped
    }

    /// Sends a signal, if it is still this process that has the number.
    pub(super) fn signal(self, number: i32) -> io::Result<()> {
        // The handle first, the check after it: then the handle can't be another's.
        let handle = Handle::open(self.pid)?;
        match Stat::read(self.pid) {
            Some(stat) if stat.started == self.started => handle.signal(number),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    /// Sends a signal, which may come too late.
    pub(super) fn signal_quietly(self, number: i32) {
        // It has ended, or belongs to somebody else: nothing that we could do about it.
        let _ = self.signal(number);
    }
}

/// Ends everything below this process, daemons apart. Between the rounds `reap` takes the dead away.
pub(super) fn end_all(reap: impl Fn()) {
    let deadline = Instant::now() + GIVE_UP;
    loop {
        reap();
        let found = freeze(linux::own_pid());
        if found.is_empty() || Instant::now() > deadline {
            return;
        }
        found.iter().for_each(|process| process.signal_quietly(libc::SIGKILL));
        std::thread::sleep(INTERVAL);
    }
}

/// Stops everything below a process, daemons apart, and gives what it stopped: looks again until
/// nothing new is there, since what is not stopped yet may have forked meanwhile.
///
/// What belongs to somebody else is not among them: it can't be killed either.
pub(super) fn freeze(root: Pid) -> Vec<Process> {
    let mut seen = HashSet::new();
    let mut frozen = Vec::new();
    loop {
        let new: Vec<_> =
            below(root).into_iter().filter(|process| seen.insert((process.pid, process.started))).collect();
        if new.is_empty() {
            return frozen;
        }
        frozen.extend(new.into_iter().filter(|process| process.signal(libc::SIGSTOP).is_ok()));
    }
}

/// The processes below one that are alive; daemons, and what is below them, apart.
pub(super) fn below(root: Pid) -> Vec<Process> {
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for pid in children(parent) {
            let Some(stat) = Stat::read(pid) else { continue };
            if stat.parent == parent && !stat.is_dead() && !is_daemon(pid) {
                found.push(Process { pid, started: stat.started, is_stopped: stat.state == b'T' });
                parents.push(pid);
            }
        }
    }
    found
}

fn children(parent: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let lists = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")));
    let mut found = Vec::new();
    for list in lists {
        match list {
            Ok(list) => found.extend(list.split_ascii_whitespace().filter_map(parse_pid)),
            // The thread has ended, or the kernel was built without these files.
            Err(_) if fs::exists("/proc/self/task/self/children").unwrap_or(false) => {}
            Err(_) => return children_by_search(parent),
        }
    }
    found
}

/// For a kernel without `CONFIG_PROC_CHILDREN`.
fn children_by_search(parent: Pid) -> Vec<Pid> {
    let Ok(names) = fs::read_dir("/proc") else { return Vec::new() };
    names
        .flatten()
        .filter_map(|name| parse_pid(name.file_name().to_str()?))
        .filter(|pid| Stat::read(*pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

fn parse_pid(text: &str) -> Option<Pid> {
    text.parse().ok().map(Pid::from_raw)
}

/// Whether it carries the mark of those that are meant to live on.
fn is_daemon(pid: Pid) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|&byte| byte == 0).any(|variable| {
        variable.strip_prefix(DAEMON_MARK.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    })
}

/// What `/proc/PID/stat` says of a process.
struct Stat {
    parent: Pid,
    started: u64,
    state: u8,
}

impl Stat {
    /// Whether it has ended, and waits for its parent to notice.
    fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    fn read(pid: Pid) -> Option<Self> {
        Self::parse(&fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in parentheses, in which anything may stand, also
    /// more of them: the fields are counted from the last one.
    fn parse(line: &[u8]) -> Option<Self> {
        let name_end = line.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(line.get(name_end + 2..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let parent = parse_pid(fields.next()?)?;
        // Fields 5 to 21 lie between; 22 is the time at which it started.
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { parent, started, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let line = b"42 (a) Z 1) (b) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 9 9";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.parent, stat.started, stat.state), (Pid::from_raw(7), 12345, b'S'));
    }
}
