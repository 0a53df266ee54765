//! Reads whole files, up to a limit, or as a stream.

use super::Files;
use crate::{
    Error, ErrorKind, Result,
    backend::{BoxReader, Checksum, show},
};
use std::path::Path;
use tokio::io::AsyncReadExt;

/// How large a file may be that is read whole, unless another limit is set: 64 MiB.
pub const DEFAULT_READ_LIMIT: u64 = 64 << 20;

impl Files {
    /// The same files, where one of up to this many bytes may be read whole
    /// ([`DEFAULT_READ_LIMIT`] unless set). A larger one is an error, and not out of memory.
    pub fn read_limit(mut self, bytes: u64) -> Self {
        self.read_limit = bytes;
        self
    }

    /// The text of a file.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) where it is not UTF-8, or larger than the
    /// [limit](Self::read_limit).
    pub async fn read_to_string(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = path.as_ref();
        let bytes = self.read_bytes(path).await?;
        String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let message = format!("read {}: it is not UTF-8 at byte {offset}", show(path));
            self.in_context(Error::invalid(message).with_hint("`read_bytes` gives its bytes"))
        })
    }

    /// The contents of a file.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) where it is larger than the [limit](Self::read_limit).
    pub async fn read_bytes(&self, path: impl AsRef<Path>) -> Result<Vec<u8>> {
        let path = path.as_ref();
        let reader = self.open(path).await?;
        let mut bytes = Vec::new();
        // One more, to see that there is more. Its size is not asked for: `/proc` says 0.
        let mut limited = reader.take(self.read_limit.saturating_add(1));
        let read = limited.read_to_end(&mut bytes).await;
        read.map_err(|error| self.in_context(Error::from_io(format_args!("read {}", show(path)), error)))?;
        if bytes.len() as u64 > self.read_limit {
            let limit = self.read_limit;
            let message =
                format!("read {}: it is larger than the {limit} bytes that are read whole", show(path));
            let hint = "raise the limit, or stream it: download it, or run a command on it";
            return Err(self.in_context(Error::new(ErrorKind::Invalid, message).with_hint(hint)));
        }
        Ok(bytes)
    }

    /// The contents of a file of any size, as a stream.
    ///
    /// # Errors
    ///
    /// As the file system's. What fails later is told by the stream.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<BoxReader> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.read(&path, 0).await)
    }

    /// The SHA-256 of a file's contents in hexadecimal digits, computed on its host.
    ///
    /// # Errors
    ///
    /// As the file system's.
    pub async fn checksum(&self, path: impl AsRef<Path>) -> Result<Checksum> {
        let path = self.resolve(path.as_ref())?;
        self.told(self.system.checksum(&path).await)
    }
}
