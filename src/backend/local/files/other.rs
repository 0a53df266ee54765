//! What differs between systems, for those that are not Unix: there are no modes and owners.

use crate::{Error, Result};
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    path::Path,
};

/// Nobody: an owner can't be named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {}

impl Owner {
    pub(super) fn parse(text: &str) -> Result<Self> {
        Err(Error::unsupported(format!("files can't be given to an owner on this system: {text}")))
    }

    /// What is made by the same user has the same owner.
    pub(super) fn of(_: &Metadata) -> Self {
        Self {}
    }
}

pub(super) fn user_name(_: u32) -> String {
    String::new()
}

pub(super) fn group_name(_: u32) -> String {
    String::new()
}

pub(super) fn ids(_: &Metadata) -> (u32, u32) {
    (0, 0)
}

/// The bits that come nearest to what is known: whether it may be written.
pub(super) fn mode(metadata: &Metadata) -> u32 {
    if metadata.permissions().readonly() { 0o444 } else { 0o666 }
}

/// Sets what there is: whether the owner may write.
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    fs::set_permissions(path, permissions)
}

pub(super) fn set_mode_of(file: &File, mode: u32) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    file.set_permissions(permissions)
}

pub(super) fn set_owner(_: &Path, _: Owner) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn give_to(_: &File, _: Owner) -> io::Result<()> {
    Ok(())
}

pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn create_new(path: &Path, _: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub(super) fn create_nameless(_: &Path, _: u32) -> Option<File> {
    None
}

pub(super) fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn open_existing(path: &Path, append: bool) -> io::Result<File> {
    OpenOptions::new().write(true).append(append).truncate(!append).open(path)
}

pub(super) fn open_or_create(path: &Path, _: u32, append: bool) -> io::Result<File> {
    OpenOptions::new().write(true).append(append).truncate(!append).create(true).open(path)
}

pub(super) fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

pub(super) fn waits_for_another_process(_: &Metadata) -> bool {
    false
}

pub(super) fn is_kernel_interface(_: &Path) -> bool {
    false
}

pub(super) fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn make_private_dir(path: &Path) -> io::Result<()> {
    // A user's temporary folder is that user's alone.
    fs::create_dir(path)
}
