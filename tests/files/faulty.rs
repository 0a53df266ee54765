//! A file system on which things go wrong at the moment that a case chooses.

use rexec::{
    Result,
    backend::{BoxFuture, BoxReader, Checksum, FileSystem, FileWriter, WriteOptions},
    executor::Files,
};
use std::{
    io,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The files of a place, with faults. What is `None` or `i64::MAX` does not go wrong.
pub(crate) struct Faulty {
    inner: Arc<dyn FileSystem>,
    /// After so many bytes of one reader, its connection is lost.
    pub(crate) reads_break_after: Option<u64>,
    /// A connection that is lost stays lost: from such a reader nothing can be read.
    pub(crate) stays_broken: bool,
    /// The first byte of what is read arrives as another one.
    pub(crate) damages_reads: bool,
    /// So many files can be written.
    pub(crate) writes_left: AtomicI64,
    /// How many files are open for writing, and how many were at most.
    pub(crate) open: Arc<AtomicUsize>,
    pub(crate) most_open: Arc<AtomicUsize>,
}

impl Faulty {
    pub(crate) fn new(files: &Files) -> Self {
        Self {
            inner: files.system().clone(),
            reads_break_after: None,
            stays_broken: false,
            damages_reads: false,
            writes_left: AtomicI64::new(i64::MAX),
            open: Arc::default(),
            most_open: Arc::default(),
        }
    }

    pub(crate) fn files(self) -> Files {
        Files::new(Arc::new(self), "faulty")
    }
}

impl FileSystem for Faulty {
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>> {
        Box::pin(async move {
            let inner = self.inner.read(path, offset).await?;
            let broken = self.stays_broken && offset > 0;
            let left = if broken { 0 } else { self.reads_break_after.unwrap_or(u64::MAX) };
            Ok(Box::pin(FaultyReader { inner, left, damages: self.damages_reads && offset == 0 })
                as BoxReader)
        })
    }

    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        Box::pin(async move {
            if self.writes_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
                return Err(rexec::Error::new(rexec::ErrorKind::Disconnected, "connection lost"));
            }
            let inner = self.inner.write(path, options).await?;
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_open.fetch_max(open, Ordering::SeqCst);
            Ok(Box::new(CountedWriter { inner, _open: Open(self.open.clone()) }) as Box<dyn FileWriter>)
        })
    }

    crate::delegate::other_operations!();
}

struct FaultyReader {
    inner: BoxReader,
    left: u64,
    damages: bool,
}

impl AsyncRead for FaultyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let limit = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.remaining());
        let mut portion = ReadBuf::new(buffer.initialize_unfilled_to(limit));
        std::task::ready!(self.inner.as_mut().poll_read(context, &mut portion))?;
        let count = portion.filled().len();
        if count > 0 && std::mem::take(&mut self.damages) {
            portion.filled_mut()[0] ^= 1;
        }
        buffer.advance(count);
        self.left -= count as u64;
        Poll::Ready(Ok(()))
    }
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct CountedWriter {
    inner: Box<dyn FileWriter>,
    _open: Open,
}

impl FileWriter for CountedWriter {
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>> {
        self.inner.commit(expected)
    }
}

impl AsyncWrite for CountedWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(context)
    }
}
