//! Sends files: which ones, how many at once, and each of them.

use super::{Item, LARGE, Transfer, archive::Roots, several::several, source::Source};
use crate::{
    Error, ErrorKind, Result,
    backend::{Checksum, FileWriter, WriteOptions, check_arrived, show},
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::path::Path;
use tokio::io::AsyncWriteExt;

/// How many large files are on their way at once. Each takes about 1 MiB of memory.
const LARGE_AT_ONCE: usize = 4;

impl Transfer<'_> {
    /// Sends those of these files that are not there yet; those of a folder in archives, where a
    /// host knows how.
    pub(super) async fn files(&self, items: Vec<Item>, folder: Option<Roots<'_>>) -> Result<()> {
        let items = self.without_unchanged(items).await?;
        self.tally.expect(items.len() as u64, items.iter().map(|item| item.metadata.size).sum());
        let (large, mut small): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.metadata.size >= LARGE);
        self.ask_for_originals(&mut small).await?;
        if let Some(roots) = folder {
            small = self.by_archive(roots, small).await?;
        }
        let at_once = self.options.at_once;
        several(small, at_once, |item| Box::pin(self.send(item))).await?;
        several(large, at_once.min(LARGE_AT_ONCE), |item| Box::pin(self.send(item))).await?;
        Ok(())
    }

    /// Asks the files' host for their checksums, all at once: of large ones it computes them while
    /// they are on their way.
    async fn ask_for_originals(&self, items: &mut [Item]) -> Result<()> {
        if !self.options.verify || !self.way.comes_from_afar() {
            return Ok(());
        }
        let (unknown, paths): (Vec<_>, Vec<_>) = items
            .iter_mut()
            .filter(|item| item.checksum.is_none())
            .map(|item| {
                let path = item.from.clone();
                (item, path)
            })
            .unzip();
        let checksums = self.from.told(self.from.system.checksums(&paths).await)?;
        for (item, checksum) in unknown.into_iter().zip(checksums) {
            item.checksum = Some(checksum);
        }
        Ok(())
    }

    /// Leaves out the files whose contents are there, and gives those the right mode and owner.
    async fn without_unchanged(&self, items: Vec<Item>) -> Result<Vec<Item>> {
        if !self.options.skip_unchanged {
            return Ok(items);
        }
        let (mut candidates, mut to_send): (Vec<_>, Vec<_>) = items.into_iter().partition(Item::may_be_there);
        let from: Vec<_> = candidates.iter().map(|item| item.from.clone()).collect();
        let to: Vec<_> = candidates.iter().map(|item| item.to.clone()).collect();
        let (originals, existing) =
            tokio::try_join!(async { self.from.told(self.from.system.checksums(&from).await) }, async {
                self.to.told(self.to.system.checksums(&to).await)
            },)?;
        for (item, original) in candidates.iter_mut().zip(originals) {
            item.checksum = Some(original);
        }
        for (item, existing) in candidates.into_iter().zip(existing) {
            if item.checksum.as_ref() == Some(&existing) {
                self.keep(&item).await?;
            } else {
                to_send.push(item);
            }
        }
        Ok(to_send)
    }

    /// The contents are there; the rest is made so.
    async fn keep(&self, item: &Item) -> Result<()> {
        let existing = item.existing.as_ref();
        let mode = self.mode_of(item);
        if existing.is_some_and(|existing| existing.mode != mode) {
            self.to.told(self.to.system.set_mode(&item.to, mode).await)?;
        }
        if let Some(owner) = &self.options.owner {
            self.to.told(self.to.system.set_owner(&item.to, owner).await)?;
        }
        self.tally.skipped();
        Ok(())
    }

    pub(super) fn mode_of(&self, item: &Item) -> u32 {
        self.options.mode.map_or(item.metadata.mode, u32::from)
    }

    async fn send(&self, item: Item) -> Result<()> {
        self.tally.sent(&item.to, 0);
        match self.way {
            super::Way::OnHost => {
                self.to.told(self.to.system.copy(&item.from, &item.to).await)?;
                self.tally.sent(&item.to, item.metadata.size);
            }
            _ => self.send_contents(&item).await?,
        }
        self.tally.file_done(&item.to);
        Ok(())
    }

    async fn send_contents(&self, item: &Item) -> Result<()> {
        let mut source = Source::open(self.from, &item.from, item.metadata.size).await?;
        let options = WriteOptions {
            mode: Some(self.mode_of(item)),
            owner: self.options.owner.clone(),
            ..WriteOptions::default()
        };
        let mut writer = self.to.told(self.to.system.write(&item.to, &options).await)?;
        // Both hosts compute while the file is on its way.
        let (sent, original) = tokio::try_join!(
            self.pump(&mut source, &mut *writer, &item.to),
            self.checksum_of_original(item),
        )?;
        if let (Some(sent), Some(original)) = (&sent, &original) {
            self.from.told(check_arrived(&item.from, original, sent))?;
        }
        let expected = sent.filter(|_| self.way.goes_afar());
        self.to.told(writer.commit(expected).await)
    }

    /// What the host that the file comes from says that it should be, if that is worth asking.
    async fn checksum_of_original(&self, item: &Item) -> Result<Option<Checksum>> {
        match &item.checksum {
            _ if !self.options.verify || !self.way.comes_from_afar() => Ok(None),
            Some(known) => Ok(Some(known.clone())),
            None => self.from.told(self.from.system.checksum(&item.from).await).map(Some),
        }
    }

    /// Sends all of a file, and gives the checksum of what was sent if it will be compared. While
    /// one portion is written and hashed, the next is read.
    async fn pump(
        &self,
        source: &mut Source<'_>,
        writer: &mut dyn FileWriter,
        path: &Path,
    ) -> Result<Option<Checksum>> {
        let mut hasher = self.options.verify.then(Sha256::new);
        let mut current = source.next().await?;
        while !current.is_empty() {
            let (next, updated, ()) = tokio::try_join!(
                source.next(),
                hash(hasher, current.clone()),
                self.write(writer, &current, path),
            )?;
            self.tally.sent(path, current.len() as u64);
            (current, hasher) = (next, updated);
        }
        Ok(hasher.map(|hasher| format!("{:x}", hasher.finalize())))
    }

    pub(super) async fn write(&self, writer: &mut dyn FileWriter, bytes: &[u8], path: &Path) -> Result<()> {
        writer
            .write_all(bytes)
            .await
            .map_err(|error| self.to.in_context(Error::from_io(format_args!("write {}", show(path)), error)))
    }
}

impl Item {
    /// Whether what is there has the same size, so that a look at its contents is worth it.
    fn may_be_there(&self) -> bool {
        self.existing
            .as_ref()
            .is_some_and(|existing| existing.is_file() && existing.size == self.metadata.size)
    }
}

/// Hashes a portion: a large one on another thread, so that it costs no time of its own.
async fn hash(hasher: Option<Sha256>, bytes: Bytes) -> Result<Option<Sha256>> {
    const WORTH_A_THREAD: usize = 32 << 10;
    let Some(mut hasher) = hasher else { return Ok(None) };
    if bytes.len() < WORTH_A_THREAD {
        hasher.update(&bytes);
        return Ok(Some(hasher));
    }
    let hashed = tokio::task::spawn_blocking(move || {
        hasher.update(&bytes);
        hasher
    });
    match hashed.await {
        Ok(hasher) => Ok(Some(hasher)),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::new(ErrorKind::Cancelled, "the runtime is shutting down")),
    }
}
