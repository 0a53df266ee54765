//! Reads one output of a channel: lines become events, records are taken out.

use super::{
    Link,
    records::{LONGEST, Records, ShellStatus, Told},
};
use crate::{
    backend::{BoxReader, EventSender},
    event::{Batch, Framer, MAX_LINE, OutputStream},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncReadExt, sync::watch, time::sleep};

/// How much is kept of what came before the command began.
const NOISE: usize = 4 << 10;

/// How much is read ahead of a reader that is behind, once the command has ended: more than what
/// can be on its way.
const AHEAD: usize = 16 << 20;

/// How long an output has to be silent to have ended, once nothing more is to be expected of it.
const QUIET: Duration = Duration::from_millis(100);

/// How long a reader of the events is behind before we look, and look again, whether the command
/// has ended meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// One output of a channel on its way to the events.
pub(super) struct Pump {
    source: BoxReader,
    /// For each stage of a pipeline; the output of a stage is told apart by records.
    framers: Vec<Framer>,
    current: usize,
    records: Records,
    events: EventSender,
    shared: Shared,
    /// How much of what is buffered was searched for records.
    searched: usize,
    /// Whether what comes is the command's output. Before that a login shell may have something to
    /// say.
    begun: bool,
    noise: Vec<u8>,
    /// What stages wrote before the first was known to run: the first event is to say that.
    held: Option<Vec<Batch>>,
    at_end: bool,
}

/// What both outputs of a process know.
#[derive(Clone, Default)]
pub(super) struct Shared {
    /// How many outputs wait for the reader of the events.
    backlog: Arc<AtomicUsize>,
    /// The shim, once it is known.
    pub(super) shim: Arc<OnceLock<Shim>>,
    /// How the command ended, which may be known before all of its output was handed on.
    pub(super) end: Arc<watch::Sender<EndTold>>,
}

/// What the shim has told of the command's end.
#[derive(Clone, Debug, Default)]
pub(super) struct EndTold {
    pub(super) stages: BTreeMap<usize, ShellStatus>,
    pub(super) exit: Option<ShellStatus>,
}

/// What an output gives next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Told(Told),
    End,
}

/// The shim of a command that runs.
pub(super) struct Shim {
    pub(super) link: Weak<Link>,
    pub(super) pid: u32,
}

impl Shared {
    /// Waits until the shim has ended.
    async fn shim_ended(&self) {
        while let Some(shim) = self.shim.get()
            && let Some(link) = shim.link.upgrade()
            && link.warden.is_alive(shim.pid).await.unwrap_or(false)
        {
            drop(link);
            sleep(LOOK_AGAIN).await;
        }
    }

    fn note(&self, told: &Told) {
        match told {
            Told::Exit(status) => self.end.send_modify(|end| end.exit = Some(status.clone())),
            Told::Stage(index, status) => {
                self.end.send_modify(|end| drop(end.stages.insert(*index, status.clone())));
            }
            _ => {}
        }
    }

    /// Waits until the reader has been behind for a while: it may never read on.
    pub(super) async fn stalled(&self) {
        let mut pauses = 0;
        while pauses < 20 {
            sleep(Duration::from_millis(5)).await;
            pauses = if self.backlog.load(Ordering::Relaxed) > 0 { pauses + 1 } else { 0 };
        }
    }
}

impl Pump {
    pub(super) fn new(
        stream: OutputStream,
        stages: std::ops::Range<usize>,
        source: BoxReader,
        records: Records,
        events: EventSender,
        shared: Shared,
    ) -> Self {
        Self {
            source,
            framers: stages.map(|stage| Framer::new(stream, stage)).collect(),
            current: 0,
            records,
            events,
            shared,
            searched: 0,
            begun: false,
            noise: Vec::new(),
            held: Some(Vec::new()),
            at_end: false,
        }
    }

    /// It was told that the command runs: its output may follow.
    pub(super) async fn release(&mut self) {
        for batch in self.held.take().unwrap_or_default() {
            self.deliver(Some(batch)).await;
        }
    }

    /// Hands on what comes until the next record, and gives that. Once `over` says that nothing more
    /// is to be expected, a short silence counts as the end.
    pub(super) async fn next<F: Future<Output = ()>>(&mut self, over: impl Fn() -> F) -> Next {
        loop {
            if let Some(told) = self.take_record().await {
                return Next::Told(told);
            }
            if self.at_end {
                self.hand_on_all().await;
                return Next::End;
            }
            self.hand_on().await;
            let silence = async {
                over().await;
                sleep(QUIET).await;
            };
            tokio::select! {
                biased;
                // An output that can't be read any longer has ended, for whatever reason.
                read = self.source.read_buf(self.framers[self.current].buffer()) => {
                    self.at_end = !read.is_ok_and(|count| count > 0);
                }
                () = silence => self.at_end = true,
            }
        }
    }

    /// What the far side said before the command began.
    pub(super) fn noise(&self) -> String {
        String::from_utf8_lossy(&self.noise).trim().to_owned()
    }

    /// The next record, if it is there. What stands before it is handed on.
    async fn take_record(&mut self) -> Option<Told> {
        loop {
            let buffer = self.framers[self.current].buffer();
            let found = self.records.find(buffer, self.searched.saturating_sub(LONGEST));
            self.searched = buffer.len();
            let (range, text) = found?;
            let told = Told::parse(&text)?;
            self.shared.note(&told);
            let rest = self.framers[self.current].cut(range.start).split_off(range.len());
            match &told {
                Told::Begin | Told::Started { .. } | Told::Line(_) if !self.begun => {
                    self.hand_on_rest().await;
                    self.begun = true;
                }
                // What comes after it is somebody else's, who was left in the background. Not so for
                // pipelines, where what marks the lines may still have some.
                Told::End | Told::Exit(_) if self.framers.len() == 1 => {
                    self.hand_on_all().await;
                    self.at_end = true;
                    return Some(told);
                }
                _ => {}
            }
            if let Told::Line(stage) = told {
                self.hand_on().await;
                self.current = stage.min(self.framers.len() - 1);
            }
            self.searched = self.framers[self.current].buffer().len();
            self.framers[self.current].buffer().extend_from_slice(&rest);
            if !matches!(told, Told::Line(_)) {
                return Some(told);
            }
        }
    }

    async fn hand_on(&mut self) {
        let framer = &mut self.framers[self.current];
        if !self.begun {
            let length = framer.buffer().len();
            if length > NOISE {
                let rest = framer.cut(length - LONGEST);
                self.hand_on_rest().await;
                self.framers[self.current].buffer().extend_from_slice(&rest);
                self.searched = 0;
            }
            return;
        }
        // A line is cut when it is too long, and a record must not be.
        let buffer = framer.buffer();
        if buffer.len() > MAX_LINE && self.records.may_begin_at_end(buffer) {
            return;
        }
        let batch = framer.take();
        self.deliver(batch).await;
        self.searched = self.framers[self.current].buffer().len();
    }

    async fn hand_on_all(&mut self) {
        for stage in 0..self.framers.len() {
            self.current = stage;
            self.hand_on_rest().await;
        }
    }

    async fn hand_on_rest(&mut self) {
        let framer = &mut self.framers[self.current];
        if self.begun {
            let batch = framer.finish();
            self.deliver(batch).await;
        } else {
            let rest = framer.cut(0);
            let room = NOISE.saturating_sub(self.noise.len());
            self.noise.extend_from_slice(&rest[..rest.len().min(room)]);
        }
        self.searched = 0;
    }

    async fn deliver(&mut self, batch: Option<Batch>) {
        let Some(batch) = batch else { return };
        if let Some(held) = &mut self.held {
            held.push(batch);
            return;
        }
        let Err(batch) = self.events.try_batch(batch) else { return };
        self.shared.backlog.fetch_add(1, Ordering::Relaxed);
        let events = self.events.clone();
        let mut sending = std::pin::pin!(events.batch(batch));
        let shared = self.shared.clone();
        let ended = async {
            sleep(LOOK_AGAIN).await;
            shared.shim_ended().await;
        };
        tokio::select! {
            () = &mut sending => {}
            () = ended => {
                tokio::select! {
                    () = &mut sending => {}
                    () = self.read_ahead() => sending.await,
                }
            }
        }
        self.shared.backlog.fetch_sub(1, Ordering::Relaxed);
    }

    /// The command has ended and the reader of its events is behind: finds out how it ended all the
    /// same. What is on its way by now is bounded, and kept for the reader.
    async fn read_ahead(&mut self) {
        let mut searched = 0;
        loop {
            let buffer = self.framers[self.current].buffer();
            while let Some((range, text)) = self.records.find(buffer, searched) {
                searched = range.end;
                if let Some(told) = Told::parse(&text) {
                    self.shared.note(&told);
                    if matches!(told, Told::Exit(_) | Told::End) {
                        return;
                    }
                }
            }
            searched = searched.max(buffer.len().saturating_sub(LONGEST));
            if self.at_end || buffer.len() > AHEAD {
                return;
            }
            let read = self.source.read_buf(self.framers[self.current].buffer()).await;
            self.at_end = !read.is_ok_and(|count| count > 0);
        }
    }
}
