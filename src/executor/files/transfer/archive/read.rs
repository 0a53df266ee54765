//! Reads the files of a tar archive, one by one.

use super::{
    LARGE,
    header::{self, Header},
};
use crate::{Error, Result, backend::BoxReader};
use bytes::{Bytes, BytesMut};
use std::{io, path::PathBuf};
use tokio::io::{AsyncReadExt, BufReader};

pub(super) struct ArchiveReader(BufReader<BoxReader>);

impl ArchiveReader {
    pub(super) fn new(reader: BoxReader) -> Self {
        Self(BufReader::with_capacity(256 << 10, reader))
    }

    /// The next file with its contents.
    pub(super) async fn next(&mut self) -> Result<Option<(PathBuf, Bytes)>> {
        self.next_file().await.map_err(|error| Error::from_io("read an archive of files", error))
    }

    async fn next_file(&mut self) -> io::Result<Option<(PathBuf, Bytes)>> {
        let mut long_name = None;
        loop {
            let mut block = [0; header::BLOCK];
            self.0.read_exact(&mut block).await?;
            match header::parse(&block)? {
                Header::File { path, size } => {
                    let contents = self.contents(size).await?;
                    return Ok(Some((long_name.unwrap_or(path), contents)));
                }
                Header::LongName { size } => long_name = Some(header::path(&self.contents(size).await?)),
                Header::Records { size } => {
                    let records = self.contents(size).await?;
                    long_name = header::record(&records, "path").map(header::path).or(long_name);
                }
                Header::Other { size } => {
                    self.contents(size).await?;
                    long_name = None;
                }
                Header::End => {
                    // Up to its end, so that who sends it is not cut off.
                    tokio::io::copy(&mut self.0, &mut tokio::io::sink()).await?;
                    return Ok(None);
                }
            }
        }
    }

    /// What follows a header, and the zeros up to the next one.
    async fn contents(&mut self, size: u64) -> io::Result<Bytes> {
        // All that was asked for is small; it may have grown a little since.
        if size > 2 * LARGE {
            return Err(header::malformed("a file in it is larger than it should be"));
        }
        let size_in_memory = size as usize;
        let mut bytes = BytesMut::zeroed(size_in_memory + header::padding(size));
        self.0.read_exact(&mut bytes).await?;
        bytes.truncate(size_in_memory);
        Ok(bytes.freeze())
    }
}
