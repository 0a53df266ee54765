//! How far a transfer is, and what it did in the end.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Is told how far a transfer is: when a file begins, with each portion of it (up to 256 KiB),
/// and when it ends. It is called by the task that transfers, and must return soon.
pub type ProgressCallback = Arc<dyn Fn(&TransferProgress) + Send + Sync>;

/// How far a transfer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferProgress {
    /// The file that was just written to, at its destination.
    pub path: PathBuf,
    /// How many bytes were sent of all files together.
    pub bytes: u64,
    /// How many there will be; more if a file grows meanwhile.
    pub total_bytes: u64,
    /// How many files are there whole.
    pub files: u64,
    /// How many there will be, without those that are skipped.
    pub total_files: u64,
}

/// What a transfer did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferReport {
    /// How many files were sent. Directories and symbolic links are not counted.
    pub files: u64,
    /// How many were there already with the same contents.
    pub skipped: u64,
    /// How many bytes were sent.
    pub bytes: u64,
    /// How long it all took.
    pub duration: Duration,
    /// What is neither file, folder nor link, and was left out: the paths of the originals.
    pub left_out: Vec<PathBuf>,
}

/// Counts, and tells the callback.
pub(super) struct Tally<'a> {
    callback: Option<&'a ProgressCallback>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    progress: TransferProgress,
    skipped: u64,
    left_out: Vec<PathBuf>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(callback: Option<&'a ProgressCallback>) -> Self {
        Self { callback, counts: Mutex::default() }
    }

    /// So much will be sent.
    pub(super) fn expect(&self, files: u64, bytes: u64) {
        let mut counts = self.lock();
        counts.progress.total_files += files;
        counts.progress.total_bytes += bytes;
    }

    /// A file begins, or so many bytes more of it were sent.
    pub(super) fn sent(&self, path: &Path, bytes: u64) {
        self.tell(path, |progress| progress.bytes += bytes);
    }

    /// A file is there, whole.
    pub(super) fn file_done(&self, path: &Path) {
        self.tell(path, |progress| progress.files += 1);
    }

    pub(super) fn skipped(&self) {
        self.lock().skipped += 1;
    }

    pub(super) fn left_out(&self, path: PathBuf) {
        self.lock().left_out.push(path);
    }

    pub(super) fn into_report(self, duration: Duration) -> TransferReport {
        let counts = self.counts.into_inner().unwrap_or_else(PoisonError::into_inner);
        TransferReport {
            files: counts.progress.files,
            skipped: counts.skipped,
            bytes: counts.progress.bytes,
            duration,
            left_out: counts.left_out,
        }
    }

    fn tell(&self, path: &Path, change: impl FnOnce(&mut TransferProgress)) {
        let mut counts = self.lock();
        change(&mut counts.progress);
        if let Some(callback) = self.callback {
            counts.progress.path = path.to_owned();
            let progress = counts.progress.clone();
            // Not under the lock: the callback is somebody else's code.
            drop(counts);
            callback(&progress);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
