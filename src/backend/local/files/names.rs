//! Names: of users and groups, and of files that nobody has yet.

use super::system;
use std::{
    collections::HashMap,
    fs,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The names of users and groups. They are looked up once for each listing, since a look-up
/// reads a file or may even ask a directory server.
#[derive(Default)]
pub(super) struct Names {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Names {
    /// The owner and the group of a file.
    pub(super) fn of(&mut self, metadata: &fs::Metadata) -> (String, String) {
        let (user, group) = system::ids(metadata);
        let user = self.users.entry(user).or_insert_with(|| system::user_name(user));
        let group = self.groups.entry(group).or_insert_with(|| system::group_name(group));
        (user.clone(), group.clone())
    }
}

/// A path in this directory that nothing has: whoever makes the file lets it fail if it does
/// exist, so this has to be unlikely, and not to be guessed.
pub(super) fn unused(directory: &Path, prefix: &str, suffix: &str) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // `RandomState` is seeded from the system's randomness.
    let random = RandomState::new().hash_one(COUNTER.fetch_add(1, Ordering::Relaxed));
    directory.join(format!("{prefix}{random:016x}{suffix}"))
}

/// The directory that a path's last name is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
