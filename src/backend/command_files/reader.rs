//! The output of a running text as a stream of bytes.

use super::run::{Context, Running};
use crate::{
    Result,
    backend::{BatchEvent, BoxReader, EventStream, HostProcess, Process},
    event::{Capture, OutputStream},
};
use bytes::Bytes;
use futures_util::stream;
use std::io;
use tokio_util::io::StreamReader;

/// How much of its complaints is kept.
const COMPLAINTS: usize = 4096;

/// Waits until the first bytes are there, or the end, so that a file that can't be opened is an
/// error here and not later.
pub(super) async fn open(running: Running) -> Result<BoxReader> {
    let Running { process, events, context } = running;
    let mut source = Source { process, events, context, complaints: Capture::new(COMPLAINTS) };
    let first = source.next().await?;
    let rest = stream::unfold((first, Some(source)), |(ready, source)| async move {
        match (ready, source) {
            (Some(bytes), source) => Some((Ok(bytes), (None, source))),
            (None, None) => None,
            (None, Some(mut source)) => match source.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), (None, Some(source)))),
                Ok(None) => None,
                Err(error) => Some((Err(io::Error::other(error)), (None, None))),
            },
        }
    });
    Ok(Box::pin(StreamReader::new(Box::pin(rest))))
}

struct Source {
    process: HostProcess,
    events: EventStream,
    context: Context,
    complaints: Capture,
}

impl Source {
    /// The next bytes; `None` at the end of a text that succeeded.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(event) = self.events.recv_batch().await {
            let BatchEvent::Output(batch) = event else { continue };
            match batch.stream() {
                OutputStream::Stdout => return Ok(Some(batch.bytes().clone())),
                OutputStream::Stderr => self.complaints.push(batch.bytes()),
            }
        }
        let status = self.process.wait().await;
        if status.success() { Ok(None) } else { Err(self.context.failure(status, &self.complaints)) }
    }
}
