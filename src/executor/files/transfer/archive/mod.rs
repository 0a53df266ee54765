//! Many small files in one stream, for hosts that take or give a tar archive.

mod header;
mod read;
mod write;

use super::{Item, LARGE, Transfer, Way, source::Source};
use crate::{
    Error, ErrorKind, Result,
    backend::{BoxFuture, WriteOptions, check_arrived, show},
};
use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{FuturesOrdered, FuturesUnordered},
};
use read::ArchiveReader;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};
use write::ArchiveWriter;

/// Fewer files than this are sent one by one: an archive takes a command or two itself.
const WORTH_AN_ARCHIVE: usize = 8;

/// So many files, or so many bytes, are one archive: what has arrived stays when the next breaks.
const FILES_IN_ONE: usize = 1000;
const BYTES_IN_ONE: u64 = 64 << 20;

/// How many files are read or written at once for an archive; each is held in memory.
const FILES_AT_ONCE: usize = 16;

/// The folder that files are transferred from, and the one to.
#[derive(Clone, Copy)]
pub(super) struct Roots<'a> {
    pub(super) from: &'a Path,
    pub(super) to: &'a Path,
}

impl Transfer<'_> {
    /// Sends those of these files that can go in an archive, if one of the hosts knows how, and
    /// gives the others back.
    pub(super) async fn by_archive(&self, roots: Roots<'_>, items: Vec<Item>) -> Result<Vec<Item>> {
        let (fitting, mut others): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| self.fits_in_archive(item));
        if fitting.len() < WORTH_AN_ARCHIVE || self.way == Way::OnHost {
            others.extend(fitting);
            return Ok(others);
        }
        let mut batches = batches(fitting).into_iter();
        while let Some(batch) = batches.next() {
            match self.one_archive(roots, batch).await? {
                Outcome::Done(left) => others.extend(left),
                Outcome::NotHere(batch) => {
                    others.extend(batch);
                    others.extend(batches.by_ref().flatten());
                }
            }
        }
        Ok(others)
    }

    /// A file that is there keeps its owner, and a link stays a link: what unpacks an archive
    /// knows of neither.
    fn fits_in_archive(&self, item: &Item) -> bool {
        item.metadata.size < LARGE && !item.is_taken && self.options.owner.is_none()
    }

    async fn one_archive(&self, roots: Roots<'_>, batch: Vec<Item>) -> Result<Outcome> {
        if let Some(archive) = self.packed(roots, &batch).await? {
            return self.receive(archive, roots, batch).await.map(Outcome::Done);
        }
        if let Some(unpacking) = self.to.system.unpack(roots.to) {
            let writer = ArchiveWriter::new(self.to.told(unpacking.await)?);
            self.deliver(writer, roots.to, batch).await?;
            return Ok(Outcome::Done(Vec::new()));
        }
        Ok(Outcome::NotHere(batch))
    }

    /// An archive of these files, if their host gives one.
    async fn packed(&self, roots: Roots<'_>, batch: &[Item]) -> Result<Option<ArchiveReader>> {
        let paths: Vec<_> = batch.iter().map(|item| below(roots.from, &item.from)).collect();
        let Some(packing) = self.from.system.pack(roots.from, &paths) else { return Ok(None) };
        let reader = self.from.told(packing.await)?;
        Ok(Some(ArchiveReader::new(reader)))
    }

    /// Writes an archive of these files for the destination to unpack.
    async fn deliver(&self, mut writer: ArchiveWriter, root: &Path, batch: Vec<Item>) -> Result<()> {
        let written = |error| self.to.in_context(Error::from_io(format_args!("write {}", show(root)), error));
        let mut waiting = batch.into_iter();
        let mut reading = FuturesOrdered::new();
        let mut sent = Vec::new();
        loop {
            while reading.len() < FILES_AT_ONCE
                && let Some(item) = waiting.next()
            {
                reading.push_back(self.read_whole_boxed(item));
            }
            let Some((item, bytes)) = reading.next().await.transpose()? else { break };
            let path = below(root, &item.to);
            writer.add(&path, self.mode_of(&item), item.metadata.modified, &bytes).await.map_err(written)?;
            self.tally.sent(&item.to, bytes.len() as u64);
            sent.push(item.to);
        }
        let (writer, checksum) = writer.finish().await.map_err(written)?;
        let expected = (self.options.verify && self.way.goes_afar()).then_some(checksum);
        self.to.told(writer.commit(expected).await)?;
        sent.iter().for_each(|path| self.tally.file_done(path));
        Ok(())
    }

    fn read_whole_boxed(&self, item: Item) -> BoxFuture<'_, Result<(Item, Bytes)>> {
        Box::pin(async move {
            let bytes = self.read_whole(&item).await?;
            Ok((item, bytes))
        })
    }

    async fn read_whole(&self, item: &Item) -> Result<Bytes> {
        let mut source = Source::open(self.from, &item.from, item.metadata.size).await?;
        let mut bytes = source.next().await?;
        loop {
            let next = source.next().await?;
            if next.is_empty() {
                break;
            }
            bytes = [bytes, next].concat().into();
            if bytes.len() as u64 > 2 * LARGE {
                let message = format!("read {}: it grows while it is read", show(&item.from));
                return Err(self.from.in_context(Error::new(ErrorKind::Io, message)));
            }
        }
        self.verify(item, &bytes)?;
        Ok(bytes)
    }

    /// Reads an archive of these files and writes each. Gives back those that were not in it as
    /// files: a second hard link to a file, say, which `tar` stores as a link.
    async fn receive(
        &self,
        mut archive: ArchiveReader,
        roots: Roots<'_>,
        batch: Vec<Item>,
    ) -> Result<Vec<Item>> {
        let mut missing: HashMap<PathBuf, Item> =
            batch.into_iter().map(|item| (below(roots.from, &item.from), item)).collect();
        let mut writing = FuturesUnordered::new();
        while let Some((path, bytes)) = self.from.told(archive.next().await)? {
            let Some(item) = missing.remove(&path) else { continue };
            if writing.len() >= FILES_AT_ONCE {
                writing.next().await.transpose()?;
            }
            writing.push(self.write_whole_boxed(item, bytes));
        }
        while writing.next().await.transpose()?.is_some() {}
        Ok(missing.into_values().collect())
    }

    fn write_whole_boxed(&self, item: Item, bytes: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.write_whole(&item, &bytes).await })
    }

    async fn write_whole(&self, item: &Item, bytes: &[u8]) -> Result<()> {
        self.verify(item, bytes)?;
        let options = WriteOptions { mode: Some(self.mode_of(item)), ..WriteOptions::default() };
        let mut writer = self.to.told(self.to.system.write(&item.to, &options).await)?;
        self.write(&mut *writer, bytes, &item.to).await?;
        let expected = item.checksum.clone().filter(|_| self.options.verify && self.way.goes_afar());
        self.to.told(writer.commit(expected).await)?;
        self.tally.sent(&item.to, bytes.len() as u64);
        self.tally.file_done(&item.to);
        Ok(())
    }

    /// Compares what was read with what its host says that it should be.
    fn verify(&self, item: &Item, bytes: &[u8]) -> Result<()> {
        match &item.checksum {
            Some(checksum) if self.options.verify && self.way.comes_from_afar() => {
                let found = format!("{:x}", Sha256::digest(bytes));
                self.from.told(check_arrived(&item.from, checksum, &found))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a batch.
enum Outcome {
    /// It was sent, but for these.
    Done(Vec<Item>),
    /// Neither host knows how.
    NotHere(Vec<Item>),
}

/// A path from the folder on that is transferred.
fn below(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).expect("the files are below the folder").to_owned()
}

fn batches(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut batches: Vec<Vec<Item>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let size = item.metadata.size;
        match batches.last_mut() {
            Some(batch) if batch.len() < FILES_IN_ONE && bytes + size <= BYTES_IN_ONE => {
                bytes += size;
                batch.push(item);
            }
            _ => {
                bytes = size;
                batches.push(vec![item]);
            }
        }
    }
    batches
}
