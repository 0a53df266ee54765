//! What a command reads, where it comes from us.

use super::supervise::Ended;
use crate::backend::ProcessStdin;
use bytes::Bytes;
use std::pin::Pin;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Our side of a command's standard input.
pub(super) enum Input {
    /// There is none: it reads a file, or nothing.
    None,
    /// What we write while it runs.
    Feed(Feed),
    /// Whatever the owner of the process writes.
    Handle(ProcessStdin),
}

impl Input {
    /// The handle for the owner of the process, if that one is to write, and what we write.
    pub(super) fn split(self) -> (Option<ProcessStdin>, Option<Feed>) {
        match self {
            Input::None => (None, None),
            Input::Feed(feed) => (None, Some(feed)),
            Input::Handle(stdin) => (Some(stdin), None),
        }
    }
}

/// Bytes on their way into a command.
pub(super) struct Feed {
    bytes: Bytes,
    to: Pin<Box<dyn AsyncWrite + Send>>,
}

impl Feed {
    pub(super) fn new(bytes: Bytes, to: impl AsyncWrite + Send + 'static) -> Self {
        Self { bytes, to: Box::pin(to) }
    }

    /// Writes them until the command has read them all, closes its input, or ends: it need not
    /// read what it is given, and that is no error.
    pub(super) async fn run(mut self, mut ended: Ended) {
        tokio::select! {
            // EPIPE is the only way in which this fails: nobody reads any longer.
            _ = self.to.write_all(&self.bytes) => {}
            // What it left in the background may hold its input open and not read it.
            () = ended.wait() => {}
        }
    }
}
