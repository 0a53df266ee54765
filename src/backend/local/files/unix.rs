//! What differs between systems, for Unix: modes, owners, special files.

use crate::{Error, ErrorKind, Result};
use nix::unistd::{Gid, Group, Uid, User};
use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Who shall own a file; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    user: Option<u32>,
    group: Option<u32>,
}

impl Owner {
    /// Reads `user`, `user:group` or `:group`, where each is a name or a number.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (user, group) = text.split_once(':').unwrap_or((text, ""));
        if user.is_empty() && group.is_empty() {
            return Err(Error::invalid(format!("`{text}` is no owner: write `user` or `user:group`")));
        }
        Ok(Self { user: user_id(user)?, group: group_id(group)? })
    }

    /// The owner of this file.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { user: Some(metadata.uid()), group: Some(metadata.gid()) }
    }
}

fn user_id(name: &str) -> Result<Option<u32>> {
    id("user", name, |name| Ok(User::from_name(name)?.map(|user| user.uid.as_raw())))
}

fn group_id(name: &str) -> Result<Option<u32>> {
    id("group", name, |name| Ok(Group::from_name(name)?.map(|group| group.gid.as_raw())))
}

/// The number that a name stands for; a name that looks like a number is one, as for `chown(1)`,
/// unless somebody has it.
fn id(what: &str, name: &str, look_up: impl FnOnce(&str) -> nix::Result<Option<u32>>) -> Result<Option<u32>> {
    if name.is_empty() {
        return Ok(None);
    }
    let found =
        look_up(name).map_err(|error| Error::from_io(format_args!("look up {what} {name}"), error.into()))?;
    match found.or_else(|| name.parse().ok()) {
        Some(id) => Ok(Some(id)),
        None => Err(Error::new(ErrorKind::NotFound, format!("no such {what}: {name}"))),
    }
}

pub(super) fn user_name(id: u32) -> String {
    let user = User::from_uid(Uid::from_raw(id)).ok().flatten();
    user.map_or_else(|| id.to_string(), |user| user.name)
}

pub(super) fn group_name(id: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(id)).ok().flatten();
    group.map_or_else(|| id.to_string(), |group| group.name)
}

/// The numbers of a file's owner and group.
pub(super) fn ids(metadata: &Metadata) -> (u32, u32) {
    (metadata.uid(), metadata.gid())
}

pub(super) fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(super) fn set_mode_of(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

pub(super) fn set_owner(path: &Path, owner: Owner) -> io::Result<()> {
    std::os::unix::fs::chown(path, owner.user, owner.group)
}

/// Gives a file to this owner, unless it has it already: that is no question of permission.
pub(super) fn give_to(file: &File, owner: Owner) -> io::Result<()> {
    let metadata = file.metadata()?;
    let change = |wanted: Option<u32>, is: u32| wanted.filter(|&id| id != is);
    let (user, group) = (change(owner.user, metadata.uid()), change(owner.group, metadata.gid()));
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, user, group)
}

/// Opens without waiting for a writer, which a named pipe would.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

/// A new file to write to and to read back. Nothing may be there, not even a dangling link.
pub(super) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// A new file that is in no directory yet, and goes when it is closed. `None` where the file
/// system has no such files: not all have, and then one with a name has to do.
#[cfg(target_os = "linux")]
pub(super) fn create_nameless(directory: &Path, mode: u32) -> Option<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .mode(mode)
        .custom_flags(nix::libc::O_TMPFILE)
        .open(directory)
        .ok()?;
    // Its name will be given through this.
    fs::symlink_metadata(path_of_descriptor(&file)).ok()?;
    Some(file)
}

/// Gives a nameless file its name, which nothing else may have (`open(2)`, under `O_TMPFILE`).
#[cfg(target_os = "linux")]
pub(super) fn give_name(file: &File, path: &Path) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, AtFlags};
    let from = path_of_descriptor(file);
    Ok(nix::unistd::linkat(AT_FDCWD, from.as_str(), AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW)?)
}

#[cfg(target_os = "linux")]
fn path_of_descriptor(file: &File) -> String {
    format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file))
}

/// A new file that is in no directory yet: only Linux has such files.
#[cfg(not(target_os = "linux"))]
pub(super) fn create_nameless(_: &Path, _: u32) -> Option<File> {
    None
}

/// Gives a nameless file its name.
#[cfg(not(target_os = "linux"))]
pub(super) fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Opens a file to write it anew or to add to it.
pub(super) fn open_existing(path: &Path, append: bool) -> io::Result<File> {
    OpenOptions::new().write(true).append(append).truncate(!append).open(path)
}

/// The same, and makes it with this mode if there is none.
pub(super) fn open_or_create(path: &Path, mode: u32, append: bool) -> io::Result<File> {
    OpenOptions::new().write(true).append(append).truncate(!append).create(true).mode(mode).open(path)
}

/// Closes a file, and says so if that fails, which dropping does not.
pub(super) fn close(file: File) -> io::Result<()> {
    Ok(nix::unistd::close(file)?)
}

/// Whether reading or writing it may wait for ever, for what another process does.
pub(super) fn waits_for_another_process(metadata: &Metadata) -> bool {
    metadata.file_type().is_fifo() || metadata.file_type().is_socket()
}

/// Whether a file is made up by the kernel: it looks like one that can be replaced, but is not.
#[cfg(target_os = "linux")]
pub(super) fn is_kernel_interface(path: &Path) -> bool {
    use nix::sys::statfs;
    let made_up = [
        statfs::PROC_SUPER_MAGIC,
        statfs::SYSFS_MAGIC,
        statfs::CGROUP_SUPER_MAGIC,
        statfs::CGROUP2_SUPER_MAGIC,
        statfs::DEBUGFS_MAGIC,
        statfs::TRACEFS_MAGIC,
        statfs::SECURITYFS_MAGIC,
    ];
    statfs::statfs(path).is_ok_and(|found| made_up.contains(&found.filesystem_type()))
}

/// Whether a file is made up by the kernel. Elsewhere than on Linux nothing is known of such files.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_kernel_interface(_: &Path) -> bool {
    false
}

pub(super) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Makes a directory that only its owner can use; one that is there is an error.
pub(super) fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}
