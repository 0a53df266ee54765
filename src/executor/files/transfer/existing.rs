//! What a folder's destination has already of what will be sent.

use super::{Transfer, several::several};
use crate::{
    Result,
    backend::{BoxFuture, FileKind, FileMetadata, TreeEntry},
};
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// What is there, by its path below the destination.
#[derive(Debug, Default)]
pub(super) struct Existing(HashMap<PathBuf, Found>);

/// A name that is taken.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) is_link: bool,
    /// What it is, links followed; `None` for a link that points to nothing.
    pub(super) metadata: Option<FileMetadata>,
}

impl Existing {
    pub(super) fn get(&self, path: &Path) -> Option<&Found> {
        self.0.get(path)
    }

    pub(super) fn has_dir(&self, path: &Path) -> bool {
        self.get(path).is_some_and(Found::is_dir)
    }
}

impl Found {
    pub(super) fn is_dir(&self) -> bool {
        self.metadata.as_ref().is_some_and(FileMetadata::is_dir)
    }
}

impl Transfer<'_> {
    /// Looks through the destination's directories, but only those that the original has too:
    /// there may be a whole world beside them.
    pub(super) async fn existing(&self, to: &Path, tree: &[TreeEntry]) -> Result<Existing> {
        let mut existing = Existing::default();
        let Some(root) = self.to.told(self.to.system.metadata(to).await)? else { return Ok(existing) };
        let wanted: HashSet<&Path> = tree.iter().map(|entry| &*entry.path).collect();
        let mut level = if root.is_dir() { vec![PathBuf::new()] } else { Vec::new() };
        existing.0.insert(PathBuf::new(), Found { is_link: false, metadata: Some(root) });
        while !level.is_empty() {
            let listed =
                several(level, self.options.at_once, |directory| self.taken_names(to, directory, &wanted))
                    .await?;
            level = Vec::new();
            for (path, found) in listed.into_iter().flatten() {
                if found.is_dir() {
                    level.push(path.clone());
                }
                existing.0.insert(path, found);
            }
        }
        Ok(existing)
    }

    /// What one directory of the destination has of what will be sent.
    fn taken_names<'a>(
        &'a self,
        to: &'a Path,
        directory: PathBuf,
        wanted: &'a HashSet<&Path>,
    ) -> BoxFuture<'a, Result<Vec<(PathBuf, Found)>>> {
        Box::pin(async move {
            let listed = self.to.told(self.to.system.list(&to.join(&directory)).await)?;
            let mut taken = Vec::new();
            for entry in listed {
                let path = directory.join(entry.name);
                if !wanted.contains(&*path) {
                    continue;
                }
                let is_link = entry.metadata.kind == FileKind::Symlink;
                let metadata = if is_link {
                    self.to.told(self.to.system.metadata(&to.join(&path)).await)?
                } else {
                    Some(entry.metadata)
                };
                taken.push((path, Found { is_link, metadata }));
            }
            Ok(taken)
        })
    }
}
