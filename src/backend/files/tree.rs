//! What a host that has nothing better does for many files: asks for each, several at a time.

use super::{Checksum, FileSystem, TreeEntry};
use crate::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::path::{Path, PathBuf};

/// How many questions are open at once.
const AT_ONCE: usize = 32;

pub(super) async fn checksums<F>(files: &F, paths: &[PathBuf]) -> Result<Vec<Checksum>>
where
    F: FileSystem + ?Sized,
{
    let questions: Vec<_> = paths.iter().map(|path| files.checksum(path)).collect();
    stream::iter(questions).buffered(AT_ONCE).try_collect().await
}

/// Level by level, the directories of one level several at a time.
pub(super) async fn walk<F>(files: &F, root: &Path) -> Result<Vec<TreeEntry>>
where
    F: FileSystem + ?Sized,
{
    let mut found = Vec::new();
    let mut level = vec![PathBuf::new()];
    while !level.is_empty() {
        let listed: Vec<Vec<TreeEntry>> = stream::iter(level)
            .map(|directory| below(files, root, directory))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let entries = listed.into_iter().flatten();
        level = Vec::new();
        for entry in entries {
            if entry.metadata.is_dir() {
                level.push(entry.path.clone());
            }
            found.push(entry);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

async fn below<F>(files: &F, root: &Path, directory: PathBuf) -> Result<Vec<TreeEntry>>
where
    F: FileSystem + ?Sized,
{
    let listed = files.list(&root.join(&directory)).await?;
    let entry =
        |entry: super::DirEntry| TreeEntry { path: directory.join(entry.name), metadata: entry.metadata };
    Ok(listed.into_iter().map(entry).collect())
}
