//! A directory for temporary files, and its end.

use super::Files;
use crate::Result;
use std::path::{Path, PathBuf};

/// A directory for temporary files on a host, removed with all that is in it.
///
/// [`remove`](Self::remove) does so and tells whether it worked. Dropping it starts the removal
/// on the runtime without waiting, which is too late where the runtime is ending.
#[derive(Debug)]
pub struct TempDir {
    files: Files,
    path: Option<PathBuf>,
}

impl TempDir {
    pub(super) fn new(files: Files, path: PathBuf) -> Self {
        Self { files, path: Some(path) }
    }

    /// Where it is on its host.
    pub fn path(&self) -> &Path {
        self.path.as_deref().expect("the path is taken only by what consumes the directory")
    }

    /// Leaves it there, for its new owner to remove.
    pub fn keep(mut self) -> PathBuf {
        self.path.take().expect("the path is taken only by what consumes the directory")
    }

    /// Removes it now.
    ///
    /// # Errors
    ///
    /// As [`Files::remove_all`].
    pub async fn remove(mut self) -> Result<()> {
        match self.path.take() {
            Some(path) => self.files.remove_all(path).await,
            None => Ok(()),
        }
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let files = self.files.clone();
            // Nobody is left to be told.
            runtime.spawn(async move { files.remove_all(path).await.ok() });
        }
    }
}
