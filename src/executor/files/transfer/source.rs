//! Reads a file that is transferred, and goes on where it was when the connection breaks.

use super::super::Files;
use crate::{
    Error, Result,
    backend::{BoxReader, show},
};
use bytes::{Bytes, BytesMut};
use std::{io, path::Path};
use tokio::io::AsyncReadExt;

/// How much of a file is read at once.
const CHUNK: usize = 256 << 10;

pub(super) struct Source<'a> {
    files: &'a Files,
    path: &'a Path,
    size: u64,
    reader: BoxReader,
    offset: u64,
    /// Where it was when it was last opened again: twice at the same place is once too often.
    reopened_at: Option<u64>,
}

impl<'a> Source<'a> {
    pub(super) async fn open(files: &'a Files, path: &'a Path, size: u64) -> Result<Self> {
        let reader = files.told(files.system.read(path, 0).await)?;
        Ok(Self { files, path, size, reader, offset: 0, reopened_at: None })
    }

    /// The next portion; at the end, nothing.
    pub(super) async fn next(&mut self) -> Result<Bytes> {
        // One byte more than it should have: so its end is seen without another large buffer.
        let left = self.size.saturating_sub(self.offset).saturating_add(1);
        let mut buffer = BytesMut::with_capacity(usize::try_from(left).unwrap_or(CHUNK).min(CHUNK));
        loop {
            match self.reader.read_buf(&mut buffer).await {
                Ok(count) => {
                    self.offset += count as u64;
                    return Ok(buffer.freeze());
                }
                Err(error) if is_interruption(&error) && self.reopened_at != Some(self.offset) => {
                    self.reopened_at = Some(self.offset);
                    self.reader = self.files.told(self.files.system.read(self.path, self.offset).await)?;
                }
                Err(error) => {
                    let error = Error::from_io(format_args!("read {}", show(self.path)), error);
                    return Err(self.files.in_context(error));
                }
            }
        }
    }
}

/// Whether the connection, and not the file, is the reason.
fn is_interruption(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
    )
}
