//! The files of this machine.

mod blocking;
mod draft;
mod names;
mod writer;

#[cfg(not(unix))]
#[path = "other.rs"]
mod system;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;

use crate::{
    Error, ErrorKind, Result,
    backend::{
        BoxFuture, BoxReader, Checksum, DirEntry, FileKind, FileMetadata, FileSystem, FileWriter,
        WriteOptions, show,
    },
};
use blocking::{Abandoned, blocking};
use draft::Draft;
use names::Names;
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};
use writer::LocalWriter;

/// How much is read or written at once.
const CHUNK: usize = 256 << 10;

/// The files of this machine.
///
/// Everything happens on the blocking pool, so no async worker waits for a disk.
///
/// # What a write keeps
///
/// An atomic write makes a new file beside the old one, under a hidden name that nobody else has,
/// and renames it over the old one. Where the system allows it (`O_TMPFILE`, `open(2)`), it has
/// that name only at the last moment, so that not even a killed process leaves it behind. The new file has the old one's mode and owner; where the
/// owner can't be kept, the write is refused before anything is changed. It is never readable for
/// more people than the finished file. Hard links, access control lists and other extended
/// attributes stay with the old file; `atomic: false` writes into it and so keeps them.
///
/// A symbolic link stays a link: what it points to is written. Devices, and files of `/proc` and
/// `/sys`, are always written in place.
///
/// Nothing is forced to the disk (`fsync(2)`): other processes see the old contents or the new,
/// never a part, but after a power failure some file systems (XFS, ext4 without
/// `auto_da_alloc`) may have neither. Forcing each of a thousand small files would take minutes.
#[derive(Clone, Debug, Default)]
pub struct LocalFiles {}

impl LocalFiles {
    /// The files of this machine.
    pub fn new() -> Self {
        Self::default()
    }
}

impl FileSystem for LocalFiles {
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>> {
        let path = path.to_owned();
        Box::pin(async move {
            let file = blocking(move |_| open(&path, offset)).await?;
            let mut file = tokio::fs::File::from_std(file);
            file.set_max_buf_size(CHUNK);
            Ok(Box::pin(file) as BoxReader)
        })
    }

    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        let (path, options) = (path.to_owned(), options.clone());
        Box::pin(async move {
            let (draft, file) = blocking(move |_| Draft::begin(&path, &options)).await?;
            Ok(Box::new(LocalWriter::new(draft, file)) as Box<dyn FileWriter>)
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<FileMetadata>>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| metadata(&path)))
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Vec<DirEntry>>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| list(&path)))
    }

    fn create_dir_all<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<()>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| {
            fs::create_dir_all(&path).map_err(|error| failed("create directory", &path, error))
        }))
    }

    fn remove<'a>(&'a self, path: &'a Path, recursive: bool) -> BoxFuture<'a, Result<()>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| remove(&path, recursive).map_err(|error| failed("remove", &path, error))))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        let (from, to) = (from.to_owned(), to.to_owned());
        Box::pin(blocking(move |_| rename(&from, &to)))
    }

    fn set_mode<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, Result<()>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| {
            let doing = format!("set mode {mode:04o} of");
            system::set_mode(&path, mode).map_err(|error| failed(&doing, &path, error))
        }))
    }

    fn set_owner<'a>(&'a self, path: &'a Path, owner: &'a str) -> BoxFuture<'a, Result<()>> {
        let (path, owner) = (path.to_owned(), owner.to_owned());
        Box::pin(blocking(move |_| {
            let doing = format!("set owner {owner} of");
            system::set_owner(&path, system::Owner::parse(&owner)?)
                .map_err(|error| failed(&doing, &path, error))
        }))
    }

    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        let (from, to) = (from.to_owned(), to.to_owned());
        Box::pin(blocking(move |abandoned| copy(&from, &to, abandoned)))
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<PathBuf>> {
        let path = path.to_owned();
        Box::pin(blocking(move |_| fs::read_link(&path).map_err(|error| failed("read link", &path, error))))
    }

    fn symlink<'a>(&'a self, target: &'a Path, link: &'a Path) -> BoxFuture<'a, Result<()>> {
        let (target, link) = (target.to_owned(), link.to_owned());
        Box::pin(blocking(move |_| {
            symlink(&target, &link).map_err(|error| failed("make link", &link, error))
        }))
    }

    fn checksum<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Checksum>> {
        let path = path.to_owned();
        Box::pin(blocking(move |abandoned| {
            let mut file = open(&path, 0)?;
            checksum(&mut file, abandoned)?.map_err(|error| failed("read", &path, error))
        }))
    }

    fn temp_dir(&self) -> BoxFuture<'_, Result<PathBuf>> {
        Box::pin(blocking(|_| {
            let path = names::unused(&std::env::temp_dir(), "rexec-", "");
            system::make_private_dir(&path).map_err(|error| failed("create directory", &path, error))?;
            Ok(path)
        }))
    }
}

/// A failed system call on a file.
fn failed(doing: &str, path: &Path, error: io::Error) -> Error {
    Error::from_io(format_args!("{doing} {}", show(path)), error)
}

fn refused(doing: &str, path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Io, format!("{doing} {}: {why}", show(path)))
}

/// Opens something that has contents to be read.
fn open(path: &Path, offset: u64) -> Result<fs::File> {
    let open = || {
        let mut file = system::open_to_read(path)?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        let metadata = file.metadata()?;
        Ok((file, metadata))
    };
    let (file, metadata) = open().map_err(|error| failed("read", path, error))?;
    if metadata.is_dir() {
        return Err(refused("read", path, "it is a directory"));
    }
    if system::waits_for_another_process(&metadata) {
        return Err(refused("read", path, "it is a pipe or a socket")
            .with_hint("run a command that reads it, such as `cat`, with a time limit"));
    }
    Ok(file)
}

fn metadata(path: &Path) -> Result<Option<FileMetadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(describe(&metadata, &mut Names::default()))),
        // `NotADirectory`: what should hold it is a file.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(failed("look at", path, error)),
    }
}

fn describe(metadata: &fs::Metadata, names: &mut Names) -> FileMetadata {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => FileKind::File,
        kind if kind.is_dir() => FileKind::Directory,
        kind if kind.is_symlink() => FileKind::Symlink,
        _ => FileKind::Other,
    };
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let (owner, group) = names.of(metadata);
    FileMetadata::new(kind, metadata.len(), system::mode(metadata), modified).owned_by(owner, group)
}

fn list(path: &Path) -> Result<Vec<DirEntry>> {
    let mut names = Names::default();
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| failed("list", path, error))? {
        let entry = entry.map_err(|error| failed("list", path, error))?;
        match entry.metadata() {
            Ok(metadata) => {
                entries.push(DirEntry { name: entry.file_name(), metadata: describe(&metadata, &mut names) });
            }
            // Somebody removed it since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("look at", &entry.path(), error)),
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn remove(path: &Path, recursive: bool) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(path)?.is_dir();
    match (is_dir, recursive) {
        (true, true) => fs::remove_dir_all(path),
        (true, false) => fs::remove_dir(path),
        (false, _) => fs::remove_file(path),
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| {
        let elsewhere = error.kind() == io::ErrorKind::CrossesDevices;
        let error = Error::from_io(format_args!("rename {} to {}", show(from), show(to)), error);
        if elsewhere { error.with_hint("copy it, and remove the original") } else { error }
    })
}

fn copy(from: &Path, to: &Path, abandoned: &Abandoned) -> Result<()> {
    /// Between two looks at whether to go on.
    const PORTION: u64 = 64 << 20;
    let source = open(from, 0)?;
    let mode = source.metadata().map(|metadata| system::mode(&metadata));
    let mode = mode.map_err(|error| failed("read", from, error))?;
    let options = WriteOptions { mode: Some(mode), ..WriteOptions::default() };
    let (draft, mut file) = Draft::begin(to, &options)?;
    loop {
        abandoned.check()?;
        // Between two files the kernel copies, without the bytes coming through here.
        let copied = io::copy(&mut (&source).take(PORTION), &mut file)
            .map_err(|error| Error::from_io(format_args!("copy {} to {}", show(from), show(to)), error))?;
        if copied < PORTION {
            return draft.finish(file, None, abandoned);
        }
    }
}

fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    match system::symlink(target, link) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let unused = names::unused(names::directory_of(link), ".rexec-", ".tmp");
            system::symlink(target, &unused)?;
            fs::rename(&unused, link).inspect_err(|_| {
                // The first failure is the one to tell.
                let _ = fs::remove_file(&unused);
            })
        }
        result => result,
    }
}

/// The SHA-256 of what is left to read of a file.
fn checksum(file: &mut fs::File, abandoned: &Abandoned) -> Result<io::Result<Checksum>> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        abandoned.check()?;
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Ok(format!("{:x}", hasher.finalize()))),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}
