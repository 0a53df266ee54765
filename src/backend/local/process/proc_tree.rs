//! Ends everything that a command started, also what has left its process group.
//!
//! Killing one process after the other loses against one that goes on starting others. So all are
//! stopped first, and looked for again, until nothing new is found; then all are killed.

use super::{
    group::Group,
    mark::MarkOf,
    platform::{self, Entry, Handle, Ticks},
    unix::{self, Pid},
};
use std::{
    collections::{HashMap, HashSet},
    thread,
    time::{Duration, Instant},
};

/// What is to be ended.
pub(super) struct Quarry<'a> {
    /// The groups of the commands, whose children are the roots of the trees.
    pub(super) groups: Vec<&'a Group>,
    /// Whose mark to look for.
    pub(super) marked: MarkOf<'a>,
    /// When the first of the commands was started: what is older is none of its doing.
    pub(super) since: Ticks,
    /// What was seen to belong to it before, when more of its parents lived.
    pub(super) seen: Vec<Entry>,
}

/// What belongs to it at this moment and can be told from the tree alone: the children of its
/// children, and the groups and sessions that those made.
pub(super) fn look(quarry: &Quarry) -> Vec<Entry> {
    let table: Vec<Entry> = platform::processes(quarry.since).filter(|entry| !entry.is_dead()).collect();
    Search::new(quarry, &table, &Frozen::default()).kin()
}

/// A bound on the search, for a machine where it finds something new for ever.
const ROUNDS: usize = 50;

/// Stops and then kills everything, at once, and says what that was.
pub(super) fn kill_all(quarry: &Quarry) -> Killed {
    // A group that is gone, or somebody else's, is found by what follows or not at all.
    quarry.groups.iter().for_each(|group| drop(group.signal_rest(libc::SIGSTOP)));
    let mut frozen = Frozen::default();
    for round in 0..ROUNDS {
        let found_new = frozen.add(quarry);
        // One round that finds nothing may have looked just while a process was between two
        // others: its parent had ended already, and it was not listed yet.
        if round > 0 && !found_new {
            break;
        }
        frozen.settle();
    }
    quarry.groups.iter().for_each(|group| drop(group.signal_rest(libc::SIGKILL)));
    frozen.kill()
}

/// The processes that were found and stopped so far.
#[derive(Default)]
struct Frozen(HashMap<(Pid, Ticks), Target>);

struct Target {
    entry: Entry,
    /// `None` where the kernel has no such handles, or we have no descriptor left for one.
    handle: Option<Handle>,
}

impl Frozen {
    /// Looks for more and stops it. Says whether there was any.
    ///
    /// What carries the mark is stopped as soon as it is seen: what starts others and ends would
    /// be gone by the time that the whole table is read, and its successor not be in it.
    fn add(&mut self, quarry: &Quarry) -> bool {
        let before = self.0.len();
        let mut table = Vec::new();
        for entry in platform::processes(quarry.since).filter(|entry| !entry.is_dead()) {
            table.push(entry);
            if !self.holds(&entry) && entry.environment().is_some_and(|text| quarry.marked.is_in(&text)) {
                self.stop(entry);
            }
        }
        Search::new(quarry, &table, self).kin().into_iter().for_each(|entry| self.stop(entry));
        self.0.len() > before
    }

    fn stop(&mut self, entry: Entry) {
        self.0.entry((entry.pid, entry.started)).or_insert_with(|| {
            let target = Target { entry, handle: entry.open() };
            target.signal(libc::SIGSTOP);
            target
        });
    }

    fn holds(&self, entry: &Entry) -> bool {
        self.0.contains_key(&(entry.pid, entry.started))
    }

    /// Waits until what was told to stop has stopped: until then it may start something.
    fn settle(&self) {
        let limit = Instant::now() + Duration::from_millis(100);
        let restless = |target: &Target| target.entry.again().is_some_and(|now| !now.is_settled());
        while self.0.values().any(restless) && Instant::now() < limit {
            thread::sleep(Duration::from_micros(100));
        }
    }

    fn kill(self) -> Killed {
        self.0.values().for_each(|target| target.signal(libc::SIGKILL));
        Killed(self.0.into_values().collect())
    }
}

impl Target {
    fn signal(&self, number: i32) {
        // It may have ended by now, or belong to somebody whom we can't signal: nothing to be done.
        let _ = match &self.handle {
            Some(handle) => handle.signal(number),
            None if self.entry.again().is_some() => unix::signal_process(self.entry.pid, number),
            None => return,
        };
    }
}

/// What was killed; it may take a moment to be gone.
pub(super) struct Killed(Vec<Target>);

impl Killed {
    /// Waits until all of it has ended, up to a limit: a process may be stuck in the kernel, or
    /// belong to somebody whom we can't signal.
    pub(super) fn wait(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let lives = |target: &Target| target.entry.again().is_some_and(|now| !now.is_dead());
        while self.0.iter().any(lives) && Instant::now() < end {
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Those that this program started itself.
    pub(super) fn children_of_ours(&self) -> impl Iterator<Item = Pid> {
        let ours = std::process::id() as i32;
        self.0.iter().filter(move |target| target.entry.parent == ours).map(|target| target.entry.pid)
    }
}

/// One search through the table of processes.
struct Search<'a> {
    table: &'a [Entry],
    listed: HashSet<i32>,
    /// Processes that belong to it, those found before too.
    pids: HashSet<i32>,
    groups: HashSet<i32>,
    own_session: i32,
    own_group: i32,
}

impl<'a> Search<'a> {
    fn new(quarry: &Quarry, table: &'a [Entry], frozen: &Frozen) -> Self {
        let seen = |entry: &&Entry| quarry.seen.iter().any(|seen| seen.is_same(entry));
        let known = table.iter().filter(|entry| frozen.holds(entry) || seen(entry));
        let roots = quarry.groups.iter().flat_map(|group| group.running()).map(Pid::raw);
        let groups = quarry.groups.iter().filter(|group| group.is_there());
        let (own_session, own_group) = platform::own_session_and_group();
        Self {
            table,
            listed: table.iter().map(|entry| entry.pid.raw()).collect(),
            pids: known.map(|entry| entry.pid.raw()).chain(roots).collect(),
            groups: groups.map(|group| group.id().raw()).collect(),
            own_session,
            own_group,
        }
    }

    /// What belongs to it by what is known so far. What belongs by its parent or group may stand
    /// in the table before that one, so it is gone through until nothing is added.
    fn kin(mut self) -> Vec<Entry> {
        let mut rest = self.table.to_vec();
        let mut found = Vec::new();
        loop {
            let before = found.len();
            rest.retain(|entry| {
                let belongs = self.is_kin(entry);
                if belongs {
                    self.pids.insert(entry.pid.raw());
                    found.push(*entry);
                }
                !belongs
            });
            if found.len() == before {
                return found;
            }
        }
    }

    /// Whether it is one of them, a child of one, or in a group or session that one of them made.
    fn is_kin(&self, entry: &Entry) -> bool {
        self.pids.contains(&entry.pid.raw())
            || self.pids.contains(&entry.parent)
            || self.groups.contains(&entry.group)
            || self.follows(entry.group, self.own_group)
            || self.follows(entry.session, self.own_session)
    }

    /// Whether a group or session is one that belongs to it: its leader does. One whose leader is
    /// gone may be anybody's.
    fn follows(&self, leader: i32, own: i32) -> bool {
        leader != own && self.listed.contains(&leader) && self.pids.contains(&leader)
    }
}
