//! What the mock remembers of each command that it was asked to run.

use crate::{
    command::Command,
    event::{Capture, DEFAULT_OUTPUT_LIMIT, Signal},
};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;

/// A command that a mock was asked to run, and what it was sent since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The command.
    pub command: Command,
    /// What it was given to read, of which as much is kept as of a command's output.
    pub stdin: Capture,
    /// The signals that it was sent while it ran.
    pub signals: Vec<Signal>,
}

/// A call that is still being added to.
#[derive(Clone, Debug)]
pub(super) struct CallRecord(Arc<Mutex<Call>>);

impl CallRecord {
    pub(super) fn new(command: Command) -> Self {
        let stdin = Capture::new(DEFAULT_OUTPUT_LIMIT);
        Self(Arc::new(Mutex::new(Call { command, stdin, signals: Vec::new() })))
    }

    pub(super) fn snapshot(&self) -> Call {
        self.change(|call| call.clone())
    }

    pub(super) fn read(&self, bytes: &[u8]) {
        self.change(|call| call.stdin.push(bytes));
    }

    pub(super) fn signalled(&self, signal: Signal) {
        self.change(|call| call.signals.push(signal));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Call) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is written to a mocked process's input while it runs is noted, also after its end: a mock
/// that refused it then would make a test depend on who is faster.
impl AsyncWrite for CallRecord {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.read(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
