//! Writes a file from async code.

use super::{CHUNK, blocking::blocking, draft::Draft};
use crate::{
    Result,
    backend::{BoxFuture, Checksum, FileWriter},
};
use std::{
    fs, io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncWrite, AsyncWriteExt};

pub(super) struct LocalWriter {
    // Above the draft, so that it is closed before the draft's file is removed.
    file: tokio::fs::File,
    draft: Draft,
}

impl LocalWriter {
    pub(super) fn new(draft: Draft, file: fs::File) -> Self {
        let mut file = tokio::fs::File::from_std(file);
        file.set_max_buf_size(CHUNK);
        Self { file, draft }
    }
}

impl FileWriter for LocalWriter {
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>> {
        let Self { mut file, draft } = *self;
        Box::pin(async move {
            // What was written last is still on its way to the file.
            file.flush().await.map_err(|error| draft.failed(error))?;
            let file = file.into_std().await;
            blocking(move |abandoned| draft.finish(file, expected, abandoned)).await
        })
    }
}

impl AsyncWrite for LocalWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.file).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(context)
    }
}
