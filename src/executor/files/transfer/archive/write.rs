//! Writes a tar archive of small files, and computes its checksum on the way.

use super::header;
use crate::backend::{Checksum, FileWriter};
use sha2::{Digest, Sha256};
use std::{io, path::Path, time::SystemTime};
use tokio::io::AsyncWriteExt;

/// So much is collected before it is written: a small file is three small pieces.
const PORTION: usize = 256 << 10;

pub(super) struct ArchiveWriter {
    writer: Box<dyn FileWriter>,
    hasher: Sha256,
    buffer: Vec<u8>,
}

impl ArchiveWriter {
    pub(super) fn new(writer: Box<dyn FileWriter>) -> Self {
        Self { writer, hasher: Sha256::new(), buffer: Vec::with_capacity(PORTION) }
    }

    /// Adds a file.
    pub(super) async fn add(
        &mut self,
        path: &Path,
        mode: u32,
        modified: SystemTime,
        contents: &[u8],
    ) -> io::Result<()> {
        if !header::is_short(path) {
            let name = path.as_os_str().as_encoded_bytes();
            self.buffer.extend(header::long_name(name.len() as u64 + 1));
            self.buffer.extend(name);
            self.buffer.push(0);
            self.pad(name.len() as u64 + 1);
        }
        self.buffer.extend(header::file(path, mode, modified, contents.len() as u64));
        self.buffer.extend(contents);
        self.pad(contents.len() as u64);
        if self.buffer.len() >= PORTION {
            self.write_buffer().await?;
        }
        Ok(())
    }

    /// Ends the archive; gives its checksum, and what it was written to, to be committed.
    pub(super) async fn finish(mut self) -> io::Result<(Box<dyn FileWriter>, Checksum)> {
        self.buffer.extend([0; 2 * header::BLOCK]);
        self.write_buffer().await?;
        Ok((self.writer, format!("{:x}", self.hasher.finalize())))
    }

    fn pad(&mut self, size: u64) {
        self.buffer.resize(self.buffer.len() + header::padding(size), 0);
    }

    async fn write_buffer(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.writer.write_all(&self.buffer).await?;
        self.buffer.clear();
        Ok(())
    }
}
