//! What a managed process told, kept in bounded memory for any number of followers.

use super::ManagedEvent;
use crate::{
    backend::{BatchEvent, EventStream},
    event::{Batch, Capture, ExitStatus, Output, OutputStream, ProcessEvent},
    target::LinePattern,
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// The newest of what a managed process told.
///
/// A follower that is slow does not slow the process down: what it has not taken in time is
/// dropped, and it is told how much that was.
pub(super) struct Log {
    kept: Mutex<Kept>,
    /// Wakes followers: something was added, or the log has ended.
    changed: watch::Sender<()>,
}

struct Kept {
    entries: VecDeque<Entry>,
    /// The number of the first entry that is kept, counted from the first one of all.
    first: u64,
    /// How many lines there were in all entries before it.
    dropped_lines: u64,
    bytes: usize,
    limit: usize,
    phase: Phase,
}

#[derive(Clone)]
enum Entry {
    Output(Batch),
    Event(ManagedEvent),
}

/// Whether more is to come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It was not started yet.
    Waiting,
    /// It runs, or will again.
    Live,
    /// It was stopped or given up; it may be started anew.
    AtRest,
    /// Nobody can start it any longer.
    Over,
}

/// What a run wrote and how it ended.
pub(super) struct RunEnd {
    pub(super) status: ExitStatus,
    pub(super) output: Output,
    /// Whether the sign was among it that was looked for.
    pub(super) had_sign: bool,
}

/// What in its events shows that a process is ready.
pub(super) enum Sign {
    Start,
    Line(LinePattern),
    /// It shows elsewhere.
    None,
}

/// Of each output, what belongs into a message about a failure.
const TAIL: usize = 64 << 10;

impl Log {
    pub(super) fn new(limit: usize) -> Self {
        let kept = Kept {
            entries: VecDeque::new(),
            first: 0,
            dropped_lines: 0,
            bytes: 0,
            limit,
            phase: Phase::Waiting,
        };
        Self { kept: Mutex::new(kept), changed: watch::Sender::new(()) }
    }

    /// Reads a run's events to their end, and notifies when the sign is among them.
    pub(super) async fn read(
        &self,
        mut events: EventStream,
        mut output: Output,
        sign: &Sign,
        found: &Notify,
    ) -> RunEnd {
        let (mut status, mut had_sign) = (ExitStatus::Unknown, false);
        while let Some(event) = events.recv_batch().await {
            match event {
                BatchEvent::Started { pid } => {
                    self.add(ManagedEvent::Process(ProcessEvent::Started { pid }));
                    had_sign = matches!(sign, Sign::Start);
                }
                BatchEvent::Exited(how) => {
                    status = how;
                    self.add(ManagedEvent::Process(ProcessEvent::Exited(how)));
                }
                BatchEvent::Output(batch) => {
                    collect(&mut output, &batch);
                    had_sign = had_sign || sign.is_in(&batch);
                    self.push(Entry::Output(compact(batch)));
                }
            }
            if had_sign {
                found.notify_one();
            }
        }
        output.status = status;
        RunEnd { status, output, had_sign }
    }

    /// The output that is kept.
    pub(super) fn batches(&self) -> Vec<Batch> {
        let kept = self.kept();
        let batches = kept.entries.iter().filter_map(|entry| match entry {
            Entry::Output(batch) => Some(batch.clone()),
            Entry::Event(_) => None,
        });
        batches.collect()
    }

    /// The tail of what is kept, for a message about a process that still runs.
    pub(super) fn output(&self, command: &str, host: &str) -> Output {
        let mut output = empty_output(command, host);
        self.batches().iter().for_each(|batch| collect(&mut output, batch));
        output
    }

    pub(super) fn add(&self, event: ManagedEvent) {
        self.push(Entry::Event(event));
    }

    /// It is being started: more is to come.
    pub(super) fn begin(&self) {
        self.kept().phase = Phase::Live;
    }

    /// It was stopped or given up, as this last event says.
    pub(super) fn rest(&self, event: ManagedEvent) {
        self.kept().phase = Phase::AtRest;
        self.add(event);
    }

    /// Nothing will come any longer.
    pub(super) fn close(&self) {
        self.kept().phase = Phase::Over;
        self.changed.send_replace(());
    }

    fn push(&self, entry: Entry) {
        self.kept().push(entry);
        self.changed.send_replace(());
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for the tail of what a run writes.
pub(super) fn empty_output(command: &str, host: &str) -> Output {
    let mut output = Output::new(ExitStatus::Unknown, command.to_owned(), host.to_owned());
    (output.stdout, output.stderr) = (Capture::new(TAIL), Capture::new(TAIL));
    output
}

fn collect(output: &mut Output, batch: &Batch) {
    match batch.stream() {
        OutputStream::Stdout => output.stdout.push(batch.bytes()),
        OutputStream::Stderr => output.stderr.push(batch.bytes()),
    }
}

impl Sign {
    fn is_in(&self, batch: &Batch) -> bool {
        match self {
            Sign::Line(pattern) => batch.slices().any(|line| pattern.matches(&String::from_utf8_lossy(line))),
            Sign::Start | Sign::None => false,
        }
    }
}

/// The batch with a buffer of its own size: as it was read it is a slice of a buffer of 64 KiB,
/// all of which would be kept for a few bytes.
fn compact(batch: Batch) -> Batch {
    Batch { data: Bytes::copy_from_slice(&batch.data), ..batch }
}

impl Kept {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.cost();
        self.entries.push_back(entry);
        // The newest entry stays, however large it is.
        while self.bytes > self.limit && self.entries.len() > 1 {
            let oldest = self.entries.pop_front().expect("there are more than one");
            self.bytes -= oldest.cost();
            self.dropped_lines += oldest.lines();
            self.first += 1;
        }
    }
}

impl Entry {
    fn lines(&self) -> u64 {
        match self {
            Entry::Output(batch) => batch.len() as u64,
            Entry::Event(_) => 0,
        }
    }

    /// What it takes in memory, roughly.
    fn cost(&self) -> usize {
        let extra = match self {
            Entry::Output(batch) => batch.bytes().len() + size_of_val(&*batch.ends),
            Entry::Event(_) => 0,
        };
        size_of::<Self>() + extra
    }
}

/// Reads what happens to a managed process, from what is kept of the past on.
///
/// It ends when the process has been stopped or given up and all of that has been read, and when
/// the last handle to the process is gone.
pub struct Follower {
    log: Arc<Log>,
    changed: watch::Receiver<()>,
    next: u64,
    /// How many lines there were in all entries before that one.
    lines_before: u64,
    ready: VecDeque<ManagedEvent>,
}

impl Follower {
    pub(super) fn new(log: Arc<Log>) -> Self {
        let (next, lines_before) = {
            let kept = log.kept();
            (kept.first, kept.dropped_lines)
        };
        let changed = log.changed.subscribe();
        Self { log, changed, next, lines_before, ready: VecDeque::new() }
    }

    /// The next event, or `None` after the last. Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<ManagedEvent> {
        loop {
            self.changed.mark_unchanged();
            if let Some(event) = self.try_recv() {
                return Some(event);
            }
            if self.is_over() || self.changed.changed().await.is_err() {
                return None;
            }
        }
    }

    /// The next event, if one is there already.
    pub fn try_recv(&mut self) -> Option<ManagedEvent> {
        if self.ready.is_empty() {
            self.fetch();
        }
        self.ready.pop_front()
    }

    fn fetch(&mut self) {
        let entry = {
            let kept = self.log.kept();
            if self.next < kept.first {
                let lines = kept.dropped_lines - self.lines_before;
                (self.next, self.lines_before) = (kept.first, kept.dropped_lines);
                if lines > 0 {
                    self.ready.push_back(ManagedEvent::Missed { lines });
                }
            }
            kept.entries.get((self.next - kept.first) as usize).cloned()
        };
        let Some(entry) = entry else { return };
        self.next += 1;
        self.lines_before += entry.lines();
        match entry {
            Entry::Event(event) => self.ready.push_back(event),
            Entry::Output(batch) => {
                let event = |line| ManagedEvent::Process(ProcessEvent::output(batch.stream(), line));
                self.ready.extend(batch.lines().map(event));
            }
        }
    }

    fn is_over(&self) -> bool {
        let kept = self.log.kept();
        let all_read = self.next >= kept.first + kept.entries.len() as u64;
        all_read && matches!(kept.phase, Phase::AtRest | Phase::Over)
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("next", &self.next).finish_non_exhaustive()
    }
}
