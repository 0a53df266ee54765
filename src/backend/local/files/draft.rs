//! A file that is being written: where its bytes go until it is finished, and how it then becomes
//! the file that was asked for.

use super::{blocking::Abandoned, checksum, failed, names, refused, system};
use crate::{
    Error, Result,
    backend::{Checksum, WriteOptions, check_arrived},
};
use std::{
    fs, io,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Dropped before [`finish`](Self::finish), it leaves an atomic write undone.
pub(super) struct Draft {
    /// What will have been written, links followed.
    target: PathBuf,
    /// The file beside it, for an atomic write.
    beside: Option<Beside>,
    /// The permission bits to set when everything is there.
    mode: Option<u32>,
    /// Where in the file the new bytes begin.
    start: u64,
}

/// A temporary file, removed when dropped.
struct Beside {
    path: PathBuf,
    /// Whether it has its name already. One that has none goes with the process, even if that is
    /// killed.
    has_name: bool,
}

impl Beside {
    fn create(target: &Path, mode: u32) -> io::Result<(Self, fs::File)> {
        match system::create_nameless(names::directory_of(target), mode) {
            Some(file) => Ok((Self { path: Self::name(target), has_name: false }, file)),
            None => Self::create_named(target, mode),
        }
    }

    fn create_named(target: &Path, mode: u32) -> io::Result<(Self, fs::File)> {
        let path = Self::name(target);
        system::create_new(&path, mode).map(|file| (Self { path, has_name: true }, file))
    }

    fn name(target: &Path) -> PathBuf {
        names::unused(names::directory_of(target), ".rexec-", ".tmp")
    }

    /// Puts it in the target's place.
    fn rename(mut self, file: fs::File, target: &Path) -> io::Result<()> {
        if !self.has_name {
            system::give_name(&file, &self.path)?;
            self.has_name = true;
        }
        // Network file systems tell only now that the disk is full.
        system::close(file)?;
        fs::rename(&self.path, target)?;
        self.has_name = false;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if self.has_name {
            // Where it can't be removed, nobody is left to be told.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Draft {
    /// Opens the file to write to. What can be refused is refused here, before the first byte.
    pub(super) fn begin(path: &Path, options: &WriteOptions) -> Result<(Self, fs::File)> {
        let target = follow_links(path)?;
        let existing = match fs::symlink_metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("write", path, error)),
        };
        if let Some(existing) = &existing {
            refuse_unwritable(path, existing)?;
        }
        let owner = options.owner.as_deref().map(system::Owner::parse).transpose()?;
        let replace = options.atomic && !options.append && may_be_replaced(&target, existing.as_ref());
        if replace {
            Self::beside(target, existing.as_ref(), options.mode, owner)
        } else {
            Self::in_place(target, existing.as_ref(), options, owner)
        }
    }

    /// For an atomic write: a file beside the target.
    fn beside(
        target: PathBuf,
        existing: Option<&fs::Metadata>,
        mode: Option<u32>,
        owner: Option<system::Owner>,
    ) -> Result<(Self, fs::File)> {
        let mode = mode.or_else(|| existing.map(system::mode));
        // Nobody but the owner until it is finished; a new file without a mode gets what the
        // umask leaves, which only the kernel knows.
        let first_mode = mode.map_or(0o666, |mode| mode & 0o700);
        let (beside, file) = Beside::create(&target, first_mode).map_err(|error| {
            let error = failed("write", &target, error);
            match existing {
                Some(_) => error.with_hint(IN_PLACE_HINT),
                None => error,
            }
        })?;
        let owner = owner.or_else(|| existing.map(system::Owner::of));
        if let Some(owner) = owner {
            system::give_to(&file, owner).map_err(|error| {
                let error = failed("keep or set the owner of", &target, error);
                if existing.is_some() { error.with_hint(IN_PLACE_HINT) } else { error }
            })?;
        }
        Ok((Self { target, beside: Some(beside), mode, start: 0 }, file))
    }

    /// For a write into the target itself.
    fn in_place(
        target: PathBuf,
        existing: Option<&fs::Metadata>,
        options: &WriteOptions,
        owner: Option<system::Owner>,
    ) -> Result<(Self, fs::File)> {
        let doing = if options.append { "append to" } else { "write" };
        let open = || {
            let first_mode = options.mode.map_or(0o666, |mode| mode & 0o700);
            let file = match existing {
                // Not with `O_CREAT`, with which the kernel refuses somebody else's file in a
                // directory like `/tmp` (`fs.protected_regular`, `proc_sys_fs(5)`).
                Some(_) => system::open_existing(&target, options.append)?,
                None => system::open_or_create(&target, first_mode, options.append)?,
            };
            if let (Some(existing), Some(mode)) = (existing, options.mode) {
                // Who may not read the new contents must not see them on the way either.
                system::set_mode_of(&file, system::mode(existing) & mode)?;
            }
            if let Some(owner) = owner {
                system::give_to(&file, owner)?;
            }
            let start = if options.append { file.metadata()?.len() } else { 0 };
            Ok((file, start))
        };
        let (file, start) = open().map_err(|error| failed(doing, &target, error))?;
        Ok((Self { target, beside: None, mode: options.mode, start }, file))
    }

    /// Everything is written to the file: makes it the target's contents.
    pub(super) fn finish(
        self,
        mut file: fs::File,
        expected: Option<Checksum>,
        abandoned: &Abandoned,
    ) -> Result<()> {
        if let Some(expected) = expected {
            self.verify(&mut file, &expected, abandoned)?;
        }
        let Self { target, beside, mode, .. } = self;
        put_in_place(file, mode, beside, &target).map_err(|error| {
            let busy = error.kind() == io::ErrorKind::ResourceBusy;
            let error = failed("write", &target, error);
            // A file that is a mount point, as `/etc/hosts` is in a container.
            if busy { error.with_hint(IN_PLACE_HINT) } else { error }
        })
    }

    /// What to tell when writing to the file has failed.
    pub(super) fn failed(&self, error: io::Error) -> Error {
        failed("write", &self.target, error)
    }

    fn verify(&self, file: &mut fs::File, expected: &str, abandoned: &Abandoned) -> Result<()> {
        let read_back = || -> Result<io::Result<Checksum>> {
            let file = match &self.beside {
                Some(_) => file,
                // It was opened for writing only: one that may be written need not be readable.
                None => &mut match system::open_to_read(&self.target) {
                    Ok(file) => file,
                    Err(error) => return Ok(Err(error)),
                },
            };
            match file.seek(SeekFrom::Start(self.start)) {
                Ok(_) => checksum(file, abandoned),
                Err(error) => Ok(Err(error)),
            }
        };
        let found = read_back()?.map_err(|error| failed("read back", &self.target, error))?;
        check_arrived(&self.target, expected, &found)
    }
}

fn put_in_place(file: fs::File, mode: Option<u32>, beside: Option<Beside>, target: &Path) -> io::Result<()> {
    if let Some(mode) = mode {
        system::set_mode_of(&file, mode)?;
    }
    match beside {
        Some(beside) => beside.rename(file, target),
        None => system::close(file),
    }
}

const IN_PLACE_HINT: &str = "`atomic: false` writes into the file as it is";

/// Where a path leads to, also where the last link of a chain points to nothing yet: that is
/// then made.
fn follow_links(path: &Path) -> Result<PathBuf> {
    /// As the kernel's limit (`path_resolution(7)`).
    const MOST_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            // Joining with an absolute path gives that path.
            Ok(next) => target = names::directory_of(&target).join(next),
            // No link, or nothing at all.
            Err(_) => return Ok(target),
        }
    }
    Err(refused("write", path, "too many levels of symbolic links"))
}

fn refuse_unwritable(path: &Path, existing: &fs::Metadata) -> Result<()> {
    if existing.is_dir() {
        return Err(refused("write", path, "it is a directory"));
    }
    if system::waits_for_another_process(existing) {
        let error = refused("write", path, "it is a pipe or a socket");
        return Err(error.with_hint("run a command that writes to it, with a time limit"));
    }
    Ok(())
}

/// A device must stay a device, and files that the kernel makes up can't be replaced.
fn may_be_replaced(target: &Path, existing: Option<&fs::Metadata>) -> bool {
    existing.is_none_or(|existing| existing.is_file() && !system::is_kernel_interface(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Where the file system knows no nameless files; most tests never see one.
    #[test]
    fn a_draft_with_a_name_is_renamed_or_removed() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a");
        fs::write(&target, "old").unwrap();
        let names = || fs::read_dir(directory.path()).unwrap().count();

        let (beside, mut file) = Beside::create_named(&target, 0o600).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(names(), 2);
        drop(beside);
        assert_eq!((names(), fs::read(&target).unwrap()), (1, b"old".to_vec()));

        let (beside, mut file) = Beside::create_named(&target, 0o600).unwrap();
        file.write_all(b"new").unwrap();
        put_in_place(file, Some(0o640), Some(beside), &target).unwrap();
        assert_eq!((names(), fs::read(&target).unwrap()), (1, b"new".to_vec()));
    }
}
