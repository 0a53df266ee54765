//! The files of a host: the few operations that each backend brings, in streams.

mod metadata;
mod no_files;
mod tree;
mod write;

pub use metadata::{DirEntry, FileKind, FileMetadata, TreeEntry};
pub use no_files::NoFiles;
pub use write::{FileWriter, WriteOptions, check_arrived};

use crate::{Result, command::quote_display};
use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
};
use tokio::io::AsyncRead;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The contents of a file, as a stream.
pub type BoxReader = Pin<Box<dyn AsyncRead + Send>>;

/// A SHA-256 digest in lower-case hexadecimal digits.
pub type Checksum = String;

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

    /// The SHA-256 of each of these files, in their order. A host for which each question is a
    /// round trip answers them all in one.
    fn checksums<'a>(&'a self, paths: &'a [PathBuf]) -> BoxFuture<'a, Result<Vec<Checksum>>> {
        Box::pin(tree::checksums(self, paths))
    }

    /// Everything below a directory, sorted by path: a directory comes before what is in it.
    /// Symbolic links are listed, not followed. A host for which each question is a round trip
    /// answers in one.
    fn walk<'a>(&'a self, root: &'a Path) -> BoxFuture<'a, Result<Vec<TreeEntry>>> {
        Box::pin(tree::walk(self, root))
    }

    /// Takes many files in one stream, if this host can: what is written is a tar archive (ustar,
    /// with GNU long names) of ordinary files, named by their paths from `root` on. Their
    /// directories are there; the files are not.
    ///
    /// Until `commit` nothing is changed: the archive is unpacked into a temporary directory
    /// within `root`, and each file then renamed into its place. Files get the modes that stand
    /// in the archive, and belong to whoever unpacks it (`tar -xpof -`). What `commit` compares
    /// with `expected` is the SHA-256 of the archive.
    ///
    /// `None`, which is the default, means that files are sent one by one, several at a time.
    fn unpack<'a>(&'a self, root: &'a Path) -> Option<BoxFuture<'a, Result<Box<dyn FileWriter>>>> {
        let _ = root;
        None
    }

    /// Gives many files in one stream, if this host can: a tar archive (ustar, with GNU or pax
    /// extensions) of these ordinary files, in this order, named by their paths from `root` on.
    ///
    /// `None`, which is the default, means that files are fetched one by one, several at a time.
    fn pack<'a>(&'a self, root: &'a Path, paths: &'a [PathBuf]) -> Option<BoxFuture<'a, Result<BoxReader>>> {
        let _ = (root, paths);
        None
    }
}

/// A path as messages name it: quoted where it has spaces or anything else in it that would
/// mislead the reader.
pub fn show(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().any(char::is_control) { format!("{text:?}") } else { quote_display(&text).into_owned() }
}
