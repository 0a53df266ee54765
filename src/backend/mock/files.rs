//! The mock's files: a tree in memory behind the trait that every host's files have.

use super::tree::Tree;
use crate::{
    Result,
    backend::{
        BoxFuture, BoxReader, Checksum, DirEntry, FileMetadata, FileSystem, FileWriter, WriteOptions,
        check_arrived,
    },
};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;

/// Files in memory. A clone is another handle to the same files.
#[derive(Clone, Debug, Default)]
pub(super) struct MemoryFiles(Arc<Mutex<Tree>>);

impl MemoryFiles {
    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, path: &Path, options: &WriteOptions) -> Result<MemoryWriter> {
        let mut tree = self.tree();
        // An atomic write shows nothing before its end, but is refused now if it can't work.
        tree.check_write(path)?;
        let at_once = options.append || !options.atomic;
        if options.append {
            tree.append(path, b"")?;
        } else if at_once {
            tree.write(path, Vec::new(), None)?;
        }
        let pending = (!at_once).then(Vec::new);
        Ok(MemoryWriter { files: self.clone(), path: path.to_owned(), options: options.clone(), pending })
    }
}

fn ready<T: Send + 'static>(result: Result<T>) -> BoxFuture<'static, Result<T>> {
    Box::pin(std::future::ready(result))
}

impl FileSystem for MemoryFiles {
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>> {
        let contents = self.tree().read(path);
        ready(contents.map(|mut bytes| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            Box::pin(io::Cursor::new(bytes.split_off(start))) as BoxReader
        }))
    }

    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        ready(self.open(path, options).map(|writer| Box::new(writer) as Box<dyn FileWriter>))
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<FileMetadata>>> {
        ready(self.tree().metadata(path))
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Vec<DirEntry>>> {
        ready(self.tree().list(path))
    }

    fn create_dir_all<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().create_dir_all(path))
    }

    fn remove<'a>(&'a self, path: &'a Path, recursive: bool) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().remove(path, recursive))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().rename(from, to))
    }

    fn set_mode<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().set_mode(path, mode))
    }

    fn set_owner<'a>(&'a self, path: &'a Path, owner: &'a str) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().set_owner(path, owner))
    }

    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().copy(from, to))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<PathBuf>> {
        ready(self.tree().read_link(path))
    }

    fn symlink<'a>(&'a self, target: &'a Path, link: &'a Path) -> BoxFuture<'a, Result<()>> {
        ready(self.tree().symlink(target, link))
    }

    fn checksum<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Checksum>> {
        ready(self.tree().read(path).map(|bytes| hex(&Sha256::digest(&bytes))))
    }

    fn temp_dir(&self) -> BoxFuture<'_, Result<PathBuf>> {
        ready(Ok(self.tree().temp_dir()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file that is being written.
struct MemoryWriter {
    files: MemoryFiles,
    path: PathBuf,
    options: WriteOptions,
    /// What an atomic write has so far; the others go into the file at once.
    pending: Option<Vec<u8>>,
}

impl MemoryWriter {
    fn finish(self, expected: Option<Checksum>) -> Result<()> {
        let mut tree = self.files.tree();
        if let Some(expected) = expected {
            let found = match &self.pending {
                Some(contents) => hex(&Sha256::digest(contents)),
                None => hex(&Sha256::digest(tree.read(&self.path)?)),
            };
            check_arrived(&self.path, &expected, &found)?;
        }
        match self.pending {
            Some(contents) => tree.write(&self.path, contents, self.options.mode)?,
            None => self.options.mode.map_or(Ok(()), |mode| tree.set_mode(&self.path, mode))?,
        }
        self.options.owner.map_or(Ok(()), |owner| tree.set_owner(&self.path, &owner))
    }
}

impl FileWriter for MemoryWriter {
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>> {
        ready(self.finish(expected))
    }
}

impl AsyncWrite for MemoryWriter {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.pending {
            Some(pending) => {
                pending.extend_from_slice(bytes);
                Ok(())
            }
            None => self.files.tree().append(&self.path, bytes).map_err(io::Error::other),
        };
        Poll::Ready(written.map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
