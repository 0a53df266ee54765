//! The files of a host: the few operations that each backend brings, in streams.

use crate::{Error, Result};
use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    time::SystemTime,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The contents of a file, as a stream.
pub type BoxReader = Pin<Box<dyn AsyncRead + Send>>;

/// A SHA-256 digest in lower-case hexadecimal digits.
pub type Checksum = String;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// An ordinary file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, where it was not followed.
    Symlink,
    /// A device, a socket, a named pipe.
    Other,
}

/// What a host knows of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileMetadata {
    /// What it is.
    pub kind: FileKind,
    /// Its size in bytes.
    pub size: u64,
    /// Its permission bits, such as `0o644` (and set-user-id, set-group-id, sticky).
    pub mode: u32,
    /// The user who owns it: the name where the host knows it, else the number.
    pub owner: String,
    /// Its group, likewise.
    pub group: String,
    /// When its contents last changed.
    pub modified: SystemTime,
}

impl FileMetadata {
    /// What a host says of a file.
    pub fn new(kind: FileKind, size: u64, mode: u32, modified: SystemTime) -> Self {
        Self { kind, size, mode, owner: String::new(), group: String::new(), modified }
    }

    /// With its owner and group.
    pub fn owned_by(mut self, owner: impl Into<String>, group: impl Into<String>) -> Self {
        self.owner = owner.into();
        self.group = group.into();
        self
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name, without the directory.
    pub name: String,
    /// What is known of it; a symbolic link is not followed.
    pub metadata: FileMetadata,
}

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Its permission bits; without this an existing file keeps its own, and a new one gets what
    /// the host's umask leaves of `0o666`.
    pub mode: Option<u32>,
    /// `user` or `user:group` to own it.
    pub owner: Option<String>,
    /// Whether the old contents stay until the new ones are whole: they are written beside it and
    /// renamed over it (`rename(2)`). On by default.
    pub atomic: bool,
    /// Whether to add to the end instead. Never atomic.
    pub append: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { mode: None, owner: None, atomic: true, append: false }
    }
}

/// A file that is being written. Dropping it without [`commit`](Self::commit) leaves an atomic
/// write undone: the old contents stay, and nothing is left beside them.
pub trait FileWriter: AsyncWrite + Send + Unpin {
    /// Everything is written: makes it the file's contents.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// The files of a host.
///
/// These are the operations that backends bring; what can be made out of them (whole texts,
/// folders, globs, verified transfers) is in [`Executor`](crate::Executor). A relative path is
/// taken from the directory in which the host's commands start.
///
/// Each fails with [`NotFound`](crate::ErrorKind::NotFound) or
/// [`Denied`](crate::ErrorKind::Denied) where that is the reason, and names the path.
pub trait FileSystem: Send + Sync {
    /// Opens a file for reading, from this offset on.
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>>;

    /// Opens a file for writing.
    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>>;

    /// What is known of a file, symbolic links followed; `None` if there is none.
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<FileMetadata>>>;

    /// What is in a directory, sorted by name.
    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Vec<DirEntry>>>;

    /// Makes a directory and those above it; one that is there is fine.
    fn create_dir_all<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Removes a file, a symbolic link, or an empty directory; with `recursive` also a full one,
    /// without following links.
    fn remove<'a>(&'a self, path: &'a Path, recursive: bool) -> BoxFuture<'a, Result<()>>;

    /// Renames a file or directory on the same file system, over an existing file.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Sets permission bits.
    fn set_mode<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, Result<()>>;

    /// Sets `user` or `user:group`.
    fn set_owner<'a>(&'a self, path: &'a Path, owner: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Copies a file on the host itself, with its mode.
    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Where a symbolic link points.
    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<PathBuf>>;

    /// Makes a symbolic link, over an existing one.
    fn symlink<'a>(&'a self, target: &'a Path, link: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// The SHA-256 of a file's contents, computed on the host.
    fn checksum<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Checksum>>;

    /// Makes a new directory that only its owner can use, for temporary files.
    fn temp_dir(&self) -> BoxFuture<'_, Result<PathBuf>>;
}

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
