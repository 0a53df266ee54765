//! Writes files: whole, at their end, or as a stream.

use super::{Files, Mode};
use crate::{
    Error, Result,
    backend::{FileWriter, WriteOptions, show},
};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

impl Files {
    /// Writes a file: until it is whole, its old contents stay. It keeps its mode and owner.
    ///
    /// # Errors
    ///
    /// As the file system's; nothing has changed then.
    pub async fn write(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
        self.write_with(path, contents, &WriteOptions::default()).await
    }

    /// Writes a file, with its mode, its owner, and in the way that the options say.
    ///
    /// # Errors
    ///
    /// As the file system's; nothing has changed then, if the write is atomic.
    pub async fn write_with(
        &self,
        path: impl AsRef<Path>,
        contents: impl AsRef<[u8]>,
        options: &WriteOptions,
    ) -> Result<()> {
        let path = path.as_ref();
        let mut writer = self.create(path, options).await?;
        let written = writer.write_all(contents.as_ref()).await;
        written
            .map_err(|error| self.in_context(Error::from_io(format_args!("write {}", show(path)), error)))?;
        self.told(writer.commit(None).await)
    }

    /// Adds to the end of a file, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// As the file system's; a part may have been written then.
    pub async fn append(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
        let options = WriteOptions { append: true, ..WriteOptions::default() };
        self.write_with(path, contents, &options).await
    }

    /// Opens a file to write any amount to it. Without [`commit`](FileWriter::commit) an atomic
    /// write changes nothing.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn create(
        &self,
        path: impl AsRef<Path>,
        options: &WriteOptions,
    ) -> Result<Box<dyn FileWriter>> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.write(&path, options).await)
    }

    /// Sets the permission bits of a file or directory.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn chmod(&self, path: impl AsRef<Path>, mode: Mode) -> Result<()> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.set_mode(&path, mode.bits()).await)
    }

    /// Gives a file or directory to `user`, or to `user:group`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such user or group, too.
    pub async fn chown(&self, path: impl AsRef<Path>, owner: &str) -> Result<()> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.set_owner(&path, owner).await)
    }

    /// Makes a symbolic link at `link` that points to `target`, in one step also where there is
    /// a link or a file already: whoever looks finds the old or the new one.
    ///
    /// # Errors
    ///
    /// As the file system's; a directory at `link` is one.
    pub async fn symlink(&self, target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
        let link = self.resolve(link.as_ref())?;
        self.told(self.system.symlink(target.as_ref(), &link).await)
    }

    /// Where a symbolic link points, as it stands in the link.
    ///
    /// # Errors
    ///
    /// As the file system's; a file that is no link is one.
    pub async fn read_link(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.read_link(&path).await)
    }
}
