//! Moves files and folders between two hosts, or copies them on one.

mod archive;
mod existing;
mod folder;
mod progress;
mod send;
mod several;
mod source;

pub use progress::{ProgressCallback, TransferProgress, TransferReport};

use super::{Files, Mode, tree::missing};
use crate::{
    Error, ErrorKind, Result,
    backend::{FileKind, FileMetadata, show},
};
use progress::Tally;
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Instant,
};

/// How files are transferred.
#[derive(Clone)]
#[non_exhaustive]
pub struct TransferOptions {
    /// The mode of every file that is written; without this they keep that of the original.
    pub mode: Option<Mode>,
    /// `user` or `user:group` to own every file that is written; without this, a file that is
    /// there keeps its owner.
    pub owner: Option<String>,
    /// Whether the SHA-256 of what was sent is compared with what is there in the end, before it
    /// takes the old file's place. On by default.
    pub verify: bool,
    /// Whether a file that is there with the same size and SHA-256 is left alone. On by default.
    /// This is also what makes an interrupted transfer of a folder go on where it was.
    pub skip_unchanged: bool,
    /// Whether links that are at the destination are followed: a link to a directory is used as
    /// one, and what a link to a file points to is written. On by default. Off, such a link is in
    /// the way, so that nothing is written outside of the destination.
    pub follow_links: bool,
    /// How many files are on their way at once: 32 unless set. Of files over 1 MiB it is 4.
    pub at_once: usize,
    /// Is told how far it is.
    pub progress: Option<ProgressCallback>,
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            mode: None,
            owner: None,
            verify: true,
            skip_unchanged: true,
            follow_links: true,
            at_once: 32,
            progress: None,
        }
    }
}

impl fmt::Debug for TransferOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferOptions")
            .field("mode", &self.mode)
            .field("owner", &self.owner)
            .field("verify", &self.verify)
            .field("skip_unchanged", &self.skip_unchanged)
            .field("follow_links", &self.follow_links)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// Sends a file or folder of this machine to this host.
    ///
    /// `remote` is the path of the new file or folder itself, whether there is a directory of
    /// that name or not: a folder is merged into one that is there, and what else is in it stays.
    /// The directories above it are made.
    ///
    /// Each file appears whole or not at all. It has the mode of the original. A symbolic link
    /// within a folder is sent as a link; `local` itself is followed, and so are links that are
    /// on the host already. Directories that are made get the original's mode; one that was there
    /// keeps its own. Sockets, pipes and devices are left out, and named in the report.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # use rexec::{Executor, executor::TransferOptions};
    /// # let files = Executor::local("doc").files();
    /// # let folder = files.temp_dir().await?;
    /// # let (local, remote) = (folder.path().join("a"), folder.path().join("b"));
    /// # files.write(&local, "x").await?;
    /// let report = files.upload(&local, &remote, &TransferOptions::default()).await?;
    /// assert_eq!((report.files, report.skipped), (1, 0));
    /// let again = files.upload(&local, &remote, &TransferOptions::default()).await?;
    /// assert_eq!((again.files, again.skipped), (0, 1));
    /// # folder.remove().await
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As the two file systems', with the host on which it failed; and [`Io`](ErrorKind::Io)
    /// where a checksum is not what it should be. What was sent before stays.
    pub async fn upload(
        &self,
        local: impl AsRef<Path>,
        remote: impl AsRef<Path>,
        options: &TransferOptions,
    ) -> Result<TransferReport> {
        let here = Files::local();
        Transfer::new(&here, self, Way::Up, options).run(local.as_ref(), remote.as_ref()).await
    }

    /// Fetches a file or folder of this host to this machine, as [`upload`](Self::upload) sends.
    ///
    /// # Errors
    ///
    /// As [`upload`](Self::upload). A file that changes while it is read is one, unless
    /// [`verify`](TransferOptions::verify) is off.
    pub async fn download(
        &self,
        remote: impl AsRef<Path>,
        local: impl AsRef<Path>,
        options: &TransferOptions,
    ) -> Result<TransferReport> {
        let here = Files::local();
        Transfer::new(self, &here, Way::Down, options).run(remote.as_ref(), local.as_ref()).await
    }

    /// Sends a file or folder of this host to another host, through this machine, as
    /// [`upload`](Self::upload) does.
    ///
    /// # Errors
    ///
    /// As [`upload`](Self::upload).
    pub async fn send_to(
        &self,
        path: impl AsRef<Path>,
        other: &Files,
        other_path: impl AsRef<Path>,
        options: &TransferOptions,
    ) -> Result<TransferReport> {
        Transfer::new(self, other, Way::Across, options).run(path.as_ref(), other_path.as_ref()).await
    }

    /// Copies a file or folder on the host itself, with its modes, by the rules of
    /// [`upload`](Self::upload).
    ///
    /// # Errors
    ///
    /// As the file system's; [`Invalid`](ErrorKind::Invalid) for a copy into itself.
    pub async fn copy(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<TransferReport> {
        let options = TransferOptions { verify: false, skip_unchanged: false, ..TransferOptions::default() };
        Transfer::new(self, self, Way::OnHost, &options).run(from.as_ref(), to.as_ref()).await
    }
}

/// From this size on a file fills the line by itself.
const LARGE: u64 = 1 << 20;

/// Which of the two ends is another machine: that is where a checksum is worth asking for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    Across,
    OnHost,
}

impl Way {
    fn comes_from_afar(self) -> bool {
        matches!(self, Way::Down | Way::Across)
    }

    fn goes_afar(self) -> bool {
        matches!(self, Way::Up | Way::Across)
    }
}

/// One transfer, from its start to its report.
struct Transfer<'a> {
    from: &'a Files,
    to: &'a Files,
    way: Way,
    options: &'a TransferOptions,
    tally: Tally<'a>,
}

/// One file that may have to be sent.
#[derive(Debug)]
struct Item {
    from: PathBuf,
    to: PathBuf,
    /// The original's.
    metadata: FileMetadata,
    /// What is there already, links followed.
    existing: Option<FileMetadata>,
    /// Whether there is anything at all, be it a link that points to nothing.
    is_taken: bool,
    /// The original's checksum, once it is known.
    checksum: Option<String>,
}

impl<'a> Transfer<'a> {
    fn new(from: &'a Files, to: &'a Files, way: Way, options: &'a TransferOptions) -> Self {
        Self { from, to, way, options, tally: Tally::new(options.progress.as_ref()) }
    }

    async fn run(self, from: &Path, to: &Path) -> Result<TransferReport> {
        let started = Instant::now();
        let (from, to) = (self.from.resolve(from)?, self.to.resolve(to)?);
        let metadata = self.from.told(self.from.system.metadata(&from).await)?;
        match metadata {
            None => return Err(self.from.in_context(missing(&from))),
            Some(metadata) if metadata.is_dir() => self.folder(&from, &to, metadata).await?,
            Some(metadata) if metadata.kind == FileKind::Other => {
                let message = format!("{} is neither a file nor a folder", show(&from));
                return Err(self.from.in_context(Error::unsupported(message)));
            }
            Some(metadata) => self.single(from, to, metadata).await?,
        }
        Ok(self.tally.into_report(started.elapsed()))
    }

    async fn single(&self, from: PathBuf, to: PathBuf, metadata: FileMetadata) -> Result<()> {
        let existing = self.to.told(self.to.system.metadata(&to).await)?;
        match &existing {
            Some(existing) if existing.is_dir() => return Err(self.in_the_way(&to, "a directory", "file")),
            Some(_) => {}
            None => self.make_directory_above(&to).await?,
        }
        let is_taken = existing.is_some();
        let item = Item { from, to, metadata, existing, is_taken, checksum: None };
        self.files(vec![item], None).await
    }

    async fn make_directory_above(&self, path: &Path) -> Result<()> {
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => {
                self.to.told(self.to.system.create_dir_all(parent).await)
            }
            _ => Ok(()),
        }
    }

    /// The error for a name that stands for something else already.
    fn in_the_way(&self, path: &Path, is: &str, wanted: &str) -> Error {
        let message = format!("write {}: it is {is}, where a {wanted} should go", show(path));
        self.to.in_context(Error::new(ErrorKind::Io, message))
    }
}
