//! What a host knows of a file.

use std::{ffi::OsString, path::PathBuf, time::SystemTime};

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

impl FileKind {
    /// Its name in scripts and messages.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::File => "file",
            FileKind::Directory => "directory",
            FileKind::Symlink => "symlink",
            FileKind::Other => "other",
        }
    }
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

    /// Whether it is an ordinary file.
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name, without the directory. It need not be UTF-8.
    pub name: OsString,
    /// What is known of it; a symbolic link is not followed.
    pub metadata: FileMetadata,
}

/// One file, directory or link somewhere below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path from that directory on, such as `etc/app.conf`.
    pub path: PathBuf,
    /// What is known of it; a symbolic link is not followed.
    pub metadata: FileMetadata,
}
