//! How a file is written, and what it is written through.

use super::{BoxFuture, Checksum};
use crate::{Error, ErrorKind, Result};
use std::path::Path;
use tokio::io::AsyncWrite;

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Its permission bits, exactly; without this an existing file keeps its own, and a new one
    /// gets what the host's umask leaves of `0o666`.
    pub mode: Option<u32>,
    /// `user` or `user:group` to own it; without this an existing file keeps its owner.
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
    ///
    /// With `expected`, the bytes that arrived are first read back, or were hashed on the host as
    /// they came, and nothing changes unless this is their SHA-256: see [`check_arrived`].
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>>;
}

/// Compares the checksum of what was sent with that of what arrived on the host.
///
/// # Errors
///
/// [`Io`](ErrorKind::Io), which names the file and both checksums.
pub fn check_arrived(path: &Path, expected: &str, found: &str) -> Result<()> {
    if expected.eq_ignore_ascii_case(found) {
        return Ok(());
    }
    let message = format!(
        "verify {}: it was damaged on the way, or changed meanwhile: its SHA-256 is {found} instead of {expected}",
        super::show(path)
    );
    Err(Error::new(ErrorKind::Io, message))
}
