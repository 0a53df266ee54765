//! Reads one output of a command: each read is one batch of lines, and one event.

use super::{supervise::Ended, unix};
use crate::{
    backend::EventSender,
    event::{Batch, Framer, OutputStream},
};
use bytes::BytesMut;
use std::{
    io,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, Interest, unix::AsyncFd},
    net::unix::pipe,
    time::timeout,
};

/// Once a command has ended, its output has ended too when it was quiet for this many pauses in a
/// row. Pauses are counted, and not the time: on a machine that stands still for a while, nobody
/// else could write either.
const QUIET_PAUSES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// How long after its command's end, and how much, an output may go on if it is never quiet: then
/// something in the background writes, and is not waited for.
const AFTERLIFE: Duration = Duration::from_secs(1);
const AFTERLIFE_BYTES: usize = 16 << 20;

/// Where output is read.
#[derive(Debug)]
pub(super) enum Source {
    /// A pipe.
    Pipe(pipe::Receiver),
    /// Our side of a terminal.
    Terminal(Arc<AsyncFd<OwnedFd>>),
}

impl Source {
    /// Reads what is there, at least one byte; none is the end. Dropping the future loses nothing.
    async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Source::Pipe(pipe) => pipe.read_buf(buffer).await,
            Source::Terminal(terminal) => {
                let mut chunk = [0; 4096];
                let read = |fd: &OwnedFd| Ok(nix::unistd::read(fd, &mut chunk)?);
                let count = terminal.async_io(Interest::READABLE, read).await?;
                buffer.extend_from_slice(&chunk[..count]);
                Ok(count)
            }
        }
    }

    fn bytes_waiting(&self) -> usize {
        match self {
            Source::Pipe(pipe) => unix::bytes_waiting(pipe),
            Source::Terminal(terminal) => unix::bytes_waiting(terminal.get_ref()),
        }
    }

    /// Reads and throws away until the end, so that what a command left in the background can go
    /// on writing.
    pub(super) async fn discard(mut self) {
        let mut buffer = BytesMut::with_capacity(16 << 10);
        while self.read(&mut buffer).await.is_ok_and(|count| count > 0) {
            buffer.clear();
        }
    }
}

/// How many of a process's outputs wait for the reader of its events.
#[derive(Clone, Default)]
pub(super) struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// Waits until the reader has been behind for a while: it may never read on.
    pub(super) async fn stalled(&self) {
        let mut pauses = 0;
        while pauses < 2 * QUIET_PAUSES {
            tokio::time::sleep(PAUSE).await;
            pauses = if self.0.load(Ordering::Relaxed) > 0 { pauses + 1 } else { 0 };
        }
    }
}

/// One output of one stage on its way to the events.
pub(super) struct Pump {
    source: Source,
    framer: Framer,
    events: EventSender,
    backlog: Backlog,
    /// For how long the reader of the events has kept it from reading.
    blocked: Duration,
    at_end: bool,
}

impl Pump {
    pub(super) fn new(
        stream: OutputStream,
        stage: usize,
        source: Source,
        events: EventSender,
        backlog: Backlog,
    ) -> Self {
        let framer = Framer::new(stream, stage);
        Self { source, framer, events, backlog, blocked: Duration::ZERO, at_end: false }
    }

    /// Reads to the end of the output or, once the command has ended, until the output has too.
    pub(super) async fn run(&mut self, mut ended: Ended) {
        while !self.at_end {
            tokio::select! {
                // First, since there may always be something to read.
                biased;
                () = ended.wait() => {
                    self.read_what_waits().await;
                    self.read_until_quiet().await;
                    break;
                }
                count = self.source.read(self.framer.buffer()) => self.took(count).await,
            }
        }
        if let Some(batch) = self.framer.finish() {
            self.deliver(batch).await;
        }
    }

    /// What is in the pipe at the command's end was written by then, and belongs to it, however
    /// long its reader takes.
    async fn read_what_waits(&mut self) {
        let mut waiting = self.source.bytes_waiting();
        while waiting > 0 && !self.at_end {
            let count = self.source.read(self.framer.buffer()).await;
            waiting = waiting.saturating_sub(*count.as_ref().unwrap_or(&waiting));
            self.took(count).await;
        }
    }

    /// What it left in the background may still have to write what it was given before the end,
    /// as `tee` has; or may hold the pipe open for days.
    async fn read_until_quiet(&mut self) {
        let started = Instant::now();
        let (mut pauses, mut bytes) = (0, 0);
        self.blocked = Duration::ZERO;
        while !self.at_end && pauses < QUIET_PAUSES && bytes < AFTERLIFE_BYTES {
            // The time in which a slow reader of the events kept us from reading does not count.
            if started.elapsed() > AFTERLIFE + self.blocked {
                return;
            }
            match timeout(PAUSE, self.source.read(self.framer.buffer())).await {
                Err(_) => pauses += 1,
                Ok(count) => {
                    pauses = 0;
                    bytes += count.as_ref().unwrap_or(&0);
                    self.took(count).await;
                }
            }
        }
    }

    async fn took(&mut self, count: io::Result<usize>) {
        // A terminal's end is the error EIO (`pty(7)`), and no other has a meaning of its own.
        self.at_end = !count.is_ok_and(|count| count > 0);
        if let Some(batch) = self.framer.take() {
            self.deliver(batch).await;
        }
    }

    async fn deliver(&mut self, batch: Batch) {
        let Err(batch) = self.events.try_batch(batch) else { return };
        let since = Instant::now();
        self.backlog.0.fetch_add(1, Ordering::Relaxed);
        self.events.batch(batch).await;
        self.backlog.0.fetch_sub(1, Ordering::Relaxed);
        self.blocked += since.elapsed();
    }

    /// What is left to read once the events have ended, if the output has not.
    pub(super) fn rest(self) -> Option<Source> {
        (!self.at_end).then_some(self.source)
    }
}
