//! Looks at files and directories, and makes, moves and removes them.

use super::{Files, TempDir};
use crate::{
    Error, ErrorKind, Result,
    backend::{DirEntry, FileMetadata, show},
};
use std::path::{Component, Path};

impl Files {
    /// Whether there is such a file or directory. A symbolic link that points to nothing is none.
    ///
    /// # Errors
    ///
    /// As the file system's: where it may not be looked at, it is not known.
    pub async fn exists(&self, path: impl AsRef<Path>) -> Result<bool> {
        let path = self.resolve(path.as_ref())?;
        Ok(self.told(self.system.metadata(&path).await)?.is_some())
    }

    /// What is known of a file or directory, symbolic links followed.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is none.
    pub async fn stat(&self, path: impl AsRef<Path>) -> Result<FileMetadata> {
        let path = self.resolve(path.as_ref())?;
        let found = self.told(self.system.metadata(&path).await)?;
        found.ok_or_else(|| self.in_context(missing(&path)))
    }

    /// What is in a directory, sorted by name.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn list(&self, path: impl AsRef<Path>) -> Result<Vec<DirEntry>> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.list(&path).await)
    }

    /// Makes a directory and those above it; one that is there is fine.
    ///
    /// # Errors
    ///
    /// As the file system's; a file at that path is one.
    pub async fn mkdir(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.create_dir_all(&path).await)
    }

    /// Removes a file, a symbolic link or an empty directory.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is none, and as the file system's; a full
    /// directory is one.
    pub async fn remove(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.remove(&path, false).await)
    }

    /// Removes a file or a directory with all that is in it, without following links.
    ///
    /// # Errors
    ///
    /// As [`remove`](Self::remove). [`Invalid`](ErrorKind::Invalid) for `/`, and for a path that
    /// ends in `.` or `..`, which `rm(1)` refuses too: it is hardly ever meant.
    pub async fn remove_all(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = self.resolve(path.as_ref())?;
        if !matches!(path.components().next_back(), Some(Component::Normal(_))) {
            let message = format!("remove {}: it is not removed with all that is in it", show(&path));
            return Err(self.in_context(Error::invalid(message)));
        }
        self.told(self.system.remove(&path, true).await)
    }

    /// Renames a file or directory on the same file system, over an existing file.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (self.resolve(from.as_ref())?, self.resolve(to.as_ref())?);
        self.told(self.system.rename(&from, &to).await)
    }

    /// Makes a new directory for temporary files, that only its owner can use.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn temp_dir(&self) -> Result<TempDir> {
        let path = self.told(self.system.temp_dir().await)?;
        Ok(TempDir::new(self.clone(), path))
    }
}

pub(super) fn missing(path: &Path) -> Error {
    Error::new(ErrorKind::NotFound, format!("no such file or directory: {}", show(path)))
}
