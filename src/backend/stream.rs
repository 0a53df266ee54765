//! The stream of a process's events: bounded, batched, and with back-pressure.

use crate::event::{Batch, ExitStatus, LogFilter, ProcessEvent};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::sync::mpsc;

/// How many batches may wait for their reader. One read of a pipe is one batch, so at most about
/// 1 MiB is in flight for each process; then the process has to wait, as it would on a full pipe.
const BATCHES_IN_FLIGHT: usize = 16;

#[derive(Debug)]
enum Message {
    Started { pid: Option<u32> },
    Batch(Batch),
    Exited(ExitStatus),
}

/// Where a backend puts what happens to a process.
#[derive(Clone, Debug)]
pub struct EventSender(mpsc::Sender<Message>);

impl EventSender {
    /// Hands on output, and waits while the reader is behind. A reader that has gone away is no
    /// error: what comes then is dropped, and the process goes on undisturbed.
    pub async fn batch(&self, batch: Batch) {
        // The only error is that nobody listens any longer.
        let _ = self.0.send(Message::Batch(batch)).await;
    }

    /// Hands on output if there is room for it; gives it back if the reader is behind.
    ///
    /// # Errors
    ///
    /// The batch itself, to be given to [`batch`](Self::batch), which waits.
    pub fn try_batch(&self, batch: Batch) -> std::result::Result<(), Batch> {
        match self.0.try_send(Message::Batch(batch)) {
            Err(mpsc::error::TrySendError::Full(Message::Batch(batch))) => Err(batch),
            // Sent, or nobody listens any longer.
            _ => Ok(()),
        }
    }

    /// Says that the process runs.
    pub async fn started(&self, pid: Option<u32>) {
        // As above.
        let _ = self.0.send(Message::Started { pid }).await;
    }

    /// Says how the process ended; nothing may come after.
    pub async fn exited(self, status: ExitStatus) {
        // As above.
        let _ = self.0.send(Message::Exited(status)).await;
    }
}

/// What happens to a process, in order: `Started`, its output, `Exited`, the end.
///
/// Inside it carries batches, one for each read of an output; it hands them out whole
/// ([`recv_batch`](Self::recv_batch), the fast way) or event by event ([`recv`](Self::recv), or
/// as a [`Stream`]). Memory stays bounded: when its reader is slow, the process has to wait. When
/// it is dropped, the process's output is read and thrown away.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use rexec::{Command, Executor, ProcessEvent};
///
/// let mut run = Executor::local("doc").execute(Command::new("echo").arg("hello")).await?;
/// while let Some(event) = run.events.recv().await {
///     if let ProcessEvent::Stdout(line) = event {
///         assert_eq!(line.text(), "hello");
///     }
/// }
/// # Ok::<(), rexec::Error>(()) }).unwrap();
/// ```
#[derive(Default)]
pub struct EventStream {
    receiver: Option<mpsc::Receiver<Message>>,
    current: Option<Cursor>,
    pending: VecDeque<ProcessEvent>,
    /// In a mutex only so that the stream can be shared, as all else in it can.
    filters: Vec<Mutex<Box<dyn LogFilter>>>,
}

/// A batch that is being handed out line by line.
#[derive(Debug)]
struct Cursor {
    batch: Batch,
    index: usize,
    start: usize,
}

impl Cursor {
    fn new(batch: Batch) -> Self {
        Self { batch, index: 0, start: 0 }
    }

    #[inline]
    fn next(&mut self) -> Option<ProcessEvent> {
        let (line, next) = self.batch.line_at(self.index, self.start)?;
        self.index += 1;
        self.start = next;
        Some(ProcessEvent::output(self.batch.stream, line))
    }

    /// The lines that were not handed out yet.
    fn rest(self) -> Option<Batch> {
        let Cursor { mut batch, index, start } = self;
        batch.data = batch.data.slice(start..);
        batch.ends.drain(..index);
        batch.ends.iter_mut().for_each(|(end, _)| *end -= start as u32);
        (!batch.is_empty()).then_some(batch)
    }
}

/// What [`EventStream::recv_batch`] gives: like [`ProcessEvent`], with output by the batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BatchEvent {
    /// It runs.
    Started {
        /// Its process id, where the host tells it.
        pid: Option<u32>,
    },
    /// It wrote these lines.
    Output(Batch),
    /// It ended.
    Exited(ExitStatus),
}

impl EventStream {
    /// A stream, and where to put its events.
    pub fn channel() -> (EventSender, Self) {
        let (sender, receiver) = mpsc::channel(BATCHES_IN_FLIGHT);
        let stream = Self { receiver: Some(receiver), ..Self::default() };
        (EventSender(sender), stream)
    }

    /// The same events, without the lines that this filter drops and with those that it rewrites.
    /// Several filters are asked in the order in which they were added.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use rexec::{Command, Executor, Line, OutputStream};
    ///
    /// let run = Executor::local("doc").execute(Command::new("seq").arg("12")).await?;
    /// let mut events = run.events.with_filter(|_: OutputStream, line: Line| {
    ///     line.text().contains('1').then_some(line)
    /// });
    /// let mut lines = Vec::new();
    /// while let Some(event) = events.recv().await {
    ///     lines.extend(event.line().map(|line| line.text().into_owned()));
    /// }
    /// assert_eq!(lines, ["1", "10", "11", "12"]);
    /// # Ok::<(), rexec::Error>(()) }).unwrap();
    /// ```
    pub fn with_filter(mut self, filter: impl LogFilter + 'static) -> Self {
        let mut filter: Box<dyn LogFilter> = Box::new(filter);
        let rest = self.current.take().and_then(Cursor::rest);
        self.current = rest.and_then(|batch| batch.filter(&mut *filter)).map(Cursor::new);
        self.filters.push(Mutex::new(filter));
        self
    }

    /// The next event, or `None` after the last. Dropping the future loses nothing.
    #[inline]
    pub async fn recv(&mut self) -> Option<ProcessEvent> {
        if let Some(event) = self.next_buffered() {
            return Some(event);
        }
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    /// The next event with output by the batch, or `None` after the last. What
    /// [`recv`](Self::recv) left of a batch comes first. Dropping the future loses nothing.
    pub async fn recv_batch(&mut self) -> Option<BatchEvent> {
        if let Some(rest) = self.current.take().and_then(Cursor::rest) {
            return Some(BatchEvent::Output(rest));
        }
        loop {
            return Some(match self.receiver.as_mut()?.recv().await? {
                Message::Started { pid } => BatchEvent::Started { pid },
                Message::Batch(batch) => match self.filter(batch) {
                    Some(batch) => BatchEvent::Output(batch),
                    None => continue,
                },
                Message::Exited(status) => {
                    self.receiver = None;
                    BatchEvent::Exited(status)
                }
            });
        }
    }

    /// The next event, if one is there already.
    pub fn try_recv(&mut self) -> Option<ProcessEvent> {
        loop {
            if let Some(event) = self.next_buffered() {
                return Some(event);
            }
            let message = self.receiver.as_mut()?.try_recv().ok()?;
            self.accept(message);
        }
    }

    #[inline]
    fn next_buffered(&mut self) -> Option<ProcessEvent> {
        if let Some(event) = self.current.as_mut().and_then(Cursor::next) {
            return Some(event);
        }
        self.current = None;
        self.pending.pop_front()
    }

    fn accept(&mut self, message: Message) {
        match message {
            Message::Started { pid } => self.pending.push_back(ProcessEvent::Started { pid }),
            Message::Batch(batch) => self.current = self.filter(batch).map(Cursor::new),
            Message::Exited(status) => {
                // Nothing comes after it: whoever asks for more need not wait until the sender is
                // gone.
                self.receiver = None;
                self.pending.push_back(ProcessEvent::Exited(status));
            }
        }
    }

    /// What the filters leave of a batch.
    fn filter(&mut self, batch: Batch) -> Option<Batch> {
        self.filters.iter_mut().try_fold(batch, |batch, filter| {
            batch.filter(&mut **filter.get_mut().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<ProcessEvent>> {
        loop {
            if let Some(event) = self.next_buffered() {
                return Poll::Ready(Some(event));
            }
            let Some(receiver) = &mut self.receiver else { return Poll::Ready(None) };
            match ready!(receiver.poll_recv(context)) {
                Some(message) => self.accept(message),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("filters", &self.filters.len()).finish_non_exhaustive()
    }
}

impl Stream for EventStream {
    type Item = ProcessEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ProcessEvent>> {
        self.poll_event(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Framer, Line, OutputStream};

    #[tokio::test]
    async fn recv_batch_gives_what_recv_left_of_a_batch() {
        let (sender, mut stream) = EventStream::channel();
        let mut framer = Framer::new(OutputStream::Stdout, 0);
        framer.buffer().extend_from_slice(b"a\nb\nc\n");
        sender.batch(framer.take().unwrap()).await;
        sender.exited(ExitStatus::Exited(0)).await;
        assert_eq!(stream.recv().await.unwrap().line().unwrap().text(), "a");
        let Some(BatchEvent::Output(rest)) = stream.recv_batch().await else { panic!("no batch") };
        assert_eq!(rest.slices().collect::<Vec<_>>(), [b"b", b"c"]);
        assert_eq!(stream.recv().await, Some(ProcessEvent::Exited(ExitStatus::Exited(0))));
        assert_eq!(stream.recv().await, None);
    }

    #[tokio::test]
    async fn filters_drop_and_rewrite_lines_however_they_are_read() {
        let (sender, stream) = EventStream::channel();
        let mut framer = Framer::new(OutputStream::Stdout, 0);
        for text in ["a1\nb\na2\n", "b\n", "a3"] {
            framer.buffer().extend_from_slice(text.as_bytes());
            if let Some(batch) = framer.take() {
                sender.batch(batch).await;
            }
        }
        sender.batch(framer.finish().unwrap()).await;
        drop(sender);
        let only_a = |_: OutputStream, line: Line| line.bytes().starts_with(b"a").then_some(line);
        let louder =
            |_: OutputStream, line: Line| Some(Line::new(format!("{}!", line.text()), line.ending()));
        let mut stream = stream.with_filter(only_a).with_filter(louder);
        assert_eq!(stream.recv().await.unwrap().line().unwrap().text(), "a1!");
        let mut batches = Vec::new();
        while let Some(BatchEvent::Output(batch)) = stream.recv_batch().await {
            batches.push(String::from_utf8(batch.bytes().to_vec()).unwrap());
        }
        assert_eq!(batches, ["a2!\n", "a3!"]);
    }
}
