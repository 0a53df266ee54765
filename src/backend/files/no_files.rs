//! The file system of a host that has none.

use super::{BoxFuture, BoxReader, Checksum, DirEntry, FileMetadata, FileSystem, FileWriter, WriteOptions};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The file system of a host that has none: every operation is
/// [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Clone, Debug)]
pub struct NoFiles {
    host: String,
}

impl NoFiles {
    /// For the host that prints like this.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into() }
    }

    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T>> {
        let error = Error::unsupported("files are not supported here (files)").with_host(&*self.host);
        Box::pin(std::future::ready(Err(error)))
    }
}

impl FileSystem for NoFiles {
    fn read<'a>(&'a self, _: &'a Path, _: u64) -> BoxFuture<'a, Result<BoxReader>> {
        self.refuse()
    }

    fn write<'a>(&'a self, _: &'a Path, _: &'a WriteOptions) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        self.refuse()
    }

    fn metadata<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<Option<FileMetadata>>> {
        self.refuse()
    }

    fn list<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<Vec<DirEntry>>> {
        self.refuse()
    }

    fn create_dir_all<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn remove<'a>(&'a self, _: &'a Path, _: bool) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn rename<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn set_mode<'a>(&'a self, _: &'a Path, _: u32) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn set_owner<'a>(&'a self, _: &'a Path, _: &'a str) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn copy<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn read_link<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<PathBuf>> {
        self.refuse()
    }

    fn symlink<'a>(&'a self, _: &'a Path, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.refuse()
    }

    fn checksum<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<Checksum>> {
        self.refuse()
    }

    fn temp_dir(&self) -> BoxFuture<'_, Result<PathBuf>> {
        self.refuse()
    }
}
