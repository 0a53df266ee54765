//! What a process has told and the script has not taken yet: read ahead, in bounded memory.

use crate::{
    EventStream, ExitStatus, HostProcess, Process as _, backend::BatchEvent, event::Batch,
    executor::Collector,
};
use std::{
    collections::VecDeque,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

/// How much output waits for the script at most when something else than its own loop reads it
/// (`wait`, `stop`, `write`): of more, the oldest goes.
const WAITING_BYTES: usize = 4 << 20;

/// What an event takes beside its line.
const EVENT_BYTES: usize = 64;

/// One thing that was read.
#[derive(Clone)]
pub(super) enum Item {
    Started {
        pid: Option<u32>,
    },
    /// Lines that were not handed out yet.
    Lines(Lines),
    /// An event that filters and handlers have seen.
    Event(super::Event),
    Exited(ExitStatus),
}

/// A batch that is being handed out line by line.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) batch: Arc<Batch>,
    /// The index of the next line, and where it begins.
    pub(super) index: usize,
    pub(super) start: usize,
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Item::Lines(lines) => lines.batch.bytes().len() - lines.start,
            Item::Event(event) => event.bytes().map_or(0, <[u8]>::len) + EVENT_BYTES,
            Item::Started { .. } | Item::Exited(_) => 0,
        }
    }

    fn is_output(&self) -> bool {
        matches!(self, Item::Lines(_) | Item::Event(_))
    }
}

/// Reads a process's events for whoever asks, from any thread.
pub(super) struct Reader {
    state: Mutex<State>,
    wakers: Arc<Wakers>,
}

struct State {
    stream: Option<EventStream>,
    /// Shown to filters and handlers, and not yet to a loop.
    seen: VecDeque<Item>,
    /// Not shown to anybody.
    unseen: VecDeque<Item>,
    bytes: usize,
    lost: bool,
    collector: Option<Collector>,
    started: Instant,
    output: Option<Arc<crate::Output>>,
}

impl Reader {
    pub(super) fn new(stream: EventStream, collector: Collector) -> Self {
        let state = State {
            stream: Some(stream),
            seen: VecDeque::new(),
            unseen: VecDeque::new(),
            bytes: 0,
            lost: false,
            collector: Some(collector),
            started: Instant::now(),
            output: None,
        };
        Self { state: Mutex::new(state), wakers: Arc::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next thing for a loop, and whether filters and handlers have seen it; `None` after the
    /// last one.
    pub(super) async fn take(&self, process: &HostProcess) -> Option<(Item, bool)> {
        std::future::poll_fn(|context| self.poll_take(process, context)).await
    }

    pub(super) fn poll_take(
        &self,
        process: &HostProcess,
        context: &mut Context<'_>,
    ) -> Poll<Option<(Item, bool)>> {
        loop {
            if let Some(next) = self.take_waiting() {
                return Poll::Ready(Some(next));
            }
            match self.poll_read(process, context) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next thing that is there already.
    pub(super) fn take_waiting(&self) -> Option<(Item, bool)> {
        let mut state = self.lock();
        let next = match state.seen.pop_front() {
            Some(item) => (item, true),
            None => (state.unseen.pop_front()?, false),
        };
        state.bytes -= next.0.len();
        Some(next)
    }

    /// The next thing that nobody has seen, if it is there already.
    pub(super) fn take_unseen(&self) -> Option<Item> {
        let mut state = self.lock();
        let item = state.unseen.pop_front()?;
        state.bytes -= item.len();
        Some(item)
    }

    /// Gives back what was taken and not used.
    pub(super) fn give_back(&self, item: Item, seen: bool) {
        let mut state = self.lock();
        state.bytes += item.len();
        if seen { state.seen.push_front(item) } else { state.unseen.push_front(item) }
    }

    /// Keeps what handlers have seen for a loop that may come.
    pub(super) fn keep_seen(&self, item: Item) {
        let mut state = self.lock();
        state.bytes += item.len();
        state.seen.push_back(item);
        state.trim();
    }

    /// Reads on until the process has ended. What is read waits for a loop, in bounded memory; or
    /// if `are_shown`, for the handlers, which are shown it whenever this has to wait.
    pub(super) async fn read_to_end(&self, process: &HostProcess, are_shown: bool) {
        std::future::poll_fn(|context| {
            loop {
                if are_shown && !self.lock().unseen.is_empty() {
                    return Poll::Pending;
                }
                match self.poll_read(process, context) {
                    Poll::Ready(true) => {}
                    Poll::Ready(false) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }

    /// Whether something is there that nobody has seen; reads if there is not.
    pub(super) fn poll_unseen(&self, process: &HostProcess, context: &mut Context<'_>) -> Poll<bool> {
        if !self.lock().unseen.is_empty() {
            return Poll::Ready(true);
        }
        self.poll_read(process, context)
    }

    /// Reads what is there already, without waiting.
    pub(super) fn read_what_waits(&self, process: &HostProcess) {
        let mut context = Context::from_waker(Waker::noop());
        while self.lock().bytes < WAITING_BYTES {
            if !matches!(self.poll_read(process, &mut context), Poll::Ready(true)) {
                break;
            }
        }
    }

    /// Reads one thing; false after the last one.
    ///
    /// Several may wait at the same time, while the stream itself wakes only the last one that
    /// asked: so it wakes our list.
    fn poll_read(&self, process: &HostProcess, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        let Some(stream) = &mut state.stream else { return Poll::Ready(false) };
        self.wakers.add(context.waker());
        let waker = Waker::from(self.wakers.clone());
        let polled = pin!(stream.recv_batch()).poll(&mut Context::from_waker(&waker));
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(event) => {
                state.accept(event, process);
                drop(state);
                // The others look again: it may be what they wait for.
                self.wakers.wake_by_ref();
                Poll::Ready(true)
            }
        }
    }

    /// What was collected so far, or of a process that has ended its output.
    pub(super) fn so_far(&self) -> crate::Output {
        let state = self.lock();
        match (&state.output, &state.collector) {
            (Some(output), _) => crate::Output::clone(output),
            (None, Some(collector)) => collector.so_far().clone(),
            (None, None) => unreachable!("the collector goes when the output comes"),
        }
    }

    /// What the process left, once its end has been read.
    pub(super) fn output(&self) -> Option<Arc<crate::Output>> {
        self.lock().output.clone()
    }

    /// Whether something was dropped, since it waited for a loop for too long.
    pub(super) fn has_lost(&self) -> bool {
        self.lock().lost
    }

    /// Nobody will take anything any longer: what comes is read and thrown away.
    pub(super) fn discard(&self) {
        let mut state = self.lock();
        state.stream = None;
        state.seen.clear();
        state.unseen.clear();
        state.bytes = 0;
    }
}

impl State {
    fn accept(&mut self, event: Option<BatchEvent>, process: &HostProcess) {
        let item = match event {
            Some(BatchEvent::Started { pid }) => Item::Started { pid },
            Some(BatchEvent::Output(batch)) => {
                if let Some(collector) = &mut self.collector {
                    collector.push(&batch);
                }
                Item::Lines(Lines { batch: Arc::new(batch), index: 0, start: 0 })
            }
            Some(BatchEvent::Exited(status)) => {
                self.finish(status, process);
                Item::Exited(status)
            }
            None => {
                self.stream = None;
                if self.output.is_some() {
                    return;
                }
                // The stream broke off: what is known of the process is all that there is.
                let status = process.try_wait().unwrap_or(ExitStatus::Unknown);
                self.finish(status, process);
                Item::Exited(status)
            }
        };
        self.bytes += item.len();
        self.unseen.push_back(item);
        self.trim();
    }

    fn finish(&mut self, status: ExitStatus, process: &HostProcess) {
        if let Some(collector) = self.collector.take() {
            let output = collector.finish(status, &process.stage_statuses(), self.started);
            self.output = Some(Arc::new(output));
        }
    }

    /// Drops the oldest output where too much waits.
    fn trim(&mut self) {
        while self.bytes > WAITING_BYTES {
            let queue = if self.seen.iter().any(Item::is_output) { &mut self.seen } else { &mut self.unseen };
            let Some(oldest) = queue.iter().position(Item::is_output) else { return };
            self.bytes -= queue.remove(oldest).map_or(0, |item| item.len());
            self.lost = true;
        }
    }
}

/// All that wait for the same stream.
#[derive(Default)]
struct Wakers(Mutex<Vec<Waker>>);

impl Wakers {
    fn add(&self, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().for_each(Waker::wake);
    }
}
