//! A running process's standard input.

use crate::{Error, Result};
use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What is written here a process reads from its standard input. Dropping it ends that input.
pub struct ProcessStdin {
    writer: Pin<Box<dyn AsyncWrite + Send + Sync>>,
}

impl ProcessStdin {
    /// An input that goes to this writer.
    pub fn new(writer: impl AsyncWrite + Send + Sync + 'static) -> Self {
        Self { writer: Box::pin(writer) }
    }

    /// Writes all of it, and waits while the process is slow to read.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) where the process does not read any longer: it has ended, or
    /// closed its input.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        written.await.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => {
                Error::new(crate::ErrorKind::Io, "the process does not read its input any longer")
                    .with_source(error)
            }
            _ => Error::from_io("write to the process's input", error),
        })
    }

    /// Ends the input: the process reads its end.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), for what was not written yet.
    pub async fn close(mut self) -> Result<()> {
        match self.writer.shutdown().await {
            // A process that has stopped reading needs no end of its input.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::from_io("close the process's input", error))
            }
            _ => Ok(()),
        }
    }
}

impl AsyncWrite for ProcessStdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.as_mut().poll_shutdown(context)
    }
}

impl fmt::Debug for ProcessStdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessStdin")
    }
}
