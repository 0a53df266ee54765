//! Transfers a folder: its directories, its files, its links, and at last the directories' modes.

use super::{Item, Transfer, archive::Roots, existing::Existing, several::several};
use crate::{
    Result,
    backend::{FileKind, FileMetadata, TreeEntry},
};
use std::path::{Path, PathBuf};

/// What has to be done, after a look at both sides.
#[derive(Debug, Default)]
struct Plan {
    /// Directories that are not there, with their modes; those above come first.
    directories: Vec<(PathBuf, u32)>,
    files: Vec<Item>,
    links: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    from: PathBuf,
    to: PathBuf,
    /// Whether there is a link already, which may be the same.
    exists: bool,
}

impl Transfer<'_> {
    pub(super) async fn folder(&self, from: &Path, to: &Path, root: FileMetadata) -> Result<()> {
        if self.way == super::Way::OnHost && to.starts_with(from) {
            let message = format!("copy {0}: it can't be copied into itself", crate::backend::show(from));
            return Err(self.to.in_context(crate::Error::invalid(message)));
        }
        let mut tree = self.from.told(self.from.system.walk(from).await)?;
        tree.insert(0, TreeEntry { path: PathBuf::new(), metadata: root });
        let existing = self.existing(to, &tree).await?;
        let plan = self.plan(from, to, tree, &existing)?;

        self.make_directories(&plan.directories).await?;
        self.files(plan.files, Some(Roots { from, to })).await?;
        self.make_links(plan.links).await?;
        self.set_modes(plan.directories).await
    }

    /// Nothing is changed yet: what can be seen to go wrong does so before the first change.
    fn plan(&self, from: &Path, to: &Path, tree: Vec<TreeEntry>, existing: &Existing) -> Result<Plan> {
        let mut plan = Plan::default();
        for TreeEntry { path, metadata } in tree {
            let (from, to) = (below(from, &path), below(to, &path));
            let found = existing.get(&path);
            let is_link = found.is_some_and(|found| found.is_link);
            match metadata.kind {
                FileKind::Directory | FileKind::File if is_link && !self.options.follow_links => {
                    return Err(self.in_the_way(&to, "a link", metadata.kind.name()));
                }
                FileKind::Directory if existing.has_dir(&path) => {}
                FileKind::Directory if found.is_some() => {
                    return Err(self.in_the_way(&to, "a file", "directory"));
                }
                FileKind::Directory => plan.directories.push((to, metadata.mode)),
                FileKind::File if existing.has_dir(&path) => {
                    return Err(self.in_the_way(&to, "a directory", "file"));
                }
                FileKind::File => {
                    let existing = found.and_then(|found| found.metadata.clone());
                    let is_taken = found.is_some();
                    plan.files.push(Item { from, to, metadata, existing, is_taken, checksum: None });
                }
                FileKind::Symlink if found.is_some_and(|found| found.is_dir() && !is_link) => {
                    return Err(self.in_the_way(&to, "a directory", "link"));
                }
                FileKind::Symlink => {
                    plan.links.push(Link { from, to, exists: is_link });
                }
                FileKind::Other => self.tally.left_out(from),
            }
        }
        Ok(plan)
    }

    async fn make_directories(&self, directories: &[(PathBuf, u32)]) -> Result<()> {
        // Making a directory makes those above it: only the deepest have to be asked for. In this
        // order what is below a directory comes right after it.
        let next = directories.iter().skip(1).map(Some).chain([None]);
        let deepest: Vec<PathBuf> = directories
            .iter()
            .zip(next)
            .filter(|((path, _), next)| next.is_none_or(|(next, _)| !next.starts_with(path)))
            .map(|((path, _), _)| path.clone())
            .collect();
        several(deepest, self.options.at_once, |path| {
            Box::pin(async move { self.to.told(self.to.system.create_dir_all(&path).await) })
        })
        .await?;
        Ok(())
    }

    async fn make_links(&self, links: Vec<Link>) -> Result<()> {
        several(links, self.options.at_once, |link| Box::pin(self.make_link(link))).await?;
        Ok(())
    }

    async fn make_link(&self, link: Link) -> Result<()> {
        let target = self.from.told(self.from.system.read_link(&link.from).await)?;
        let is_there = link.exists && self.to.told(self.to.system.read_link(&link.to).await)? == target;
        if is_there {
            return Ok(());
        }
        self.to.told(self.to.system.symlink(&target, &link.to).await)
    }

    /// At last, since a directory's mode may forbid to write in it; and the deepest first, since
    /// it may forbid to enter it.
    async fn set_modes(&self, directories: Vec<(PathBuf, u32)>) -> Result<()> {
        let mut by_depth = std::collections::BTreeMap::<_, Vec<_>>::new();
        for (path, mode) in directories {
            by_depth.entry(path.components().count()).or_default().push((path, mode));
        }
        for level in by_depth.into_values().rev() {
            several(level, self.options.at_once, |(path, mode)| {
                Box::pin(async move { self.to.told(self.to.system.set_mode(&path, mode).await) })
            })
            .await?;
        }
        Ok(())
    }
}

/// Joins, without the slash at the end that joining with nothing gives.
fn below(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}
