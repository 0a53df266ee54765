//! The files of a host that can do no more than run commands: by POSIX tools.
//!
//! What is needed there is a POSIX shell and, beyond POSIX, `stat -c`, `find -print0`, `xargs -0`,
//! `readlink -f`, `mktemp`, `sha256sum` and `tar`, as GNU and busybox have them. Words (paths,
//! modes, owners) always go as arguments to a fixed text ([`texts`]), never into it.

mod answers;
mod pending;
mod reader;
mod run;
mod texts;
mod writer;

use super::{
    AnyBackend, Backend, BoxFuture, BoxReader, Checksum, DirEntry, FileMetadata, FileSystem, FileWriter,
    TreeEntry, WriteOptions,
};
use crate::Result;
use pending::Pending;
use run::Tool;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use writer::Plan;

/// The files of any host, by commands on it.
///
/// Each operation is one command, or two for a write: one takes the contents into a file beside
/// the target, the other puts it in place. Many files go in one command where that can be
/// ([`unpack`](FileSystem::unpack), [`checksums`](FileSystem::checksums), [`walk`](FileSystem::walk)).
#[derive(Clone)]
pub struct CommandFiles {
    backend: AnyBackend,
    /// What dropped writes have still to take away; whoever comes next waits for it.
    pending: Arc<Pending>,
}

impl CommandFiles {
    /// The files of this backend's host.
    pub fn new(backend: impl Backend) -> Self {
        Self { backend: AnyBackend::new(backend), pending: Arc::default() }
    }

    /// A tool for one operation, once all that was dropped before is cleaned up.
    async fn tool(&self, doing: &'static str, path: &Path) -> Result<Tool<'_>> {
        self.pending.settle().await;
        Tool::new(&self.backend, doing, path)
    }
}

impl FileSystem for CommandFiles {
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>> {
        Box::pin(async move {
            let from = offset + 1;
            let tool = self.tool("read", path).await?;
            reader::open(tool.start(texts::READ, &[path.as_os_str(), from.to_string().as_ref()]).await?).await
        })
    }

    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        Box::pin(async move {
            let tool = self.tool("write", path).await?;
            let in_place = options.append || !options.atomic;
            let plan = if in_place { Plan::InPlace } else { Plan::Replace };
            writer::open(&tool, self.pending.clone(), path, plan(options.clone())).await
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<FileMetadata>>> {
        Box::pin(async move {
            let answer = self.tool("look at", path).await?.ask(texts::METADATA, &[path.as_os_str()]).await?;
            answers::metadata(&answer).transpose()
        })
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Vec<DirEntry>>> {
        Box::pin(async move {
            let answer =
                self.tool("list", path).await?.ask(texts::LIST, &[path.as_os_str(), "1".as_ref()]).await?;
            let entries = answers::tree(&answer)?;
            let entry = |entry: TreeEntry| DirEntry { name: entry.path.into(), metadata: entry.metadata };
            let mut entries: Vec<_> = entries.into_iter().map(entry).collect();
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
    }

    fn create_dir_all<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.tool("create directory", path).await?.act(texts::MAKE_DIRECTORY, &[path.as_os_str()]).await
        })
    }

    fn remove<'a>(&'a self, path: &'a Path, recursive: bool) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let text = if recursive { texts::REMOVE_ALL } else { texts::REMOVE };
            self.tool("remove", path).await?.act(text, &[path.as_os_str()]).await
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            run::check_path(to)?;
            self.tool("rename", from).await?.act(texts::RENAME, &[from.as_os_str(), to.as_os_str()]).await
        })
    }

    fn set_mode<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mode = format!("{mode:04o}");
            self.tool("set mode of", path)
                .await?
                .act(texts::SET_MODE, &[path.as_os_str(), mode.as_ref()])
                .await
        })
    }

    fn set_owner<'a>(&'a self, path: &'a Path, owner: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.tool("set owner of", path)
                .await?
                .act(texts::SET_OWNER, &[path.as_os_str(), owner.as_ref()])
                .await
        })
    }

    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            run::check_path(to)?;
            self.tool("copy", from).await?.act(texts::COPY, &[from.as_os_str(), to.as_os_str()]).await
        })
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<PathBuf>> {
        Box::pin(async move {
            let answer =
                self.tool("read link", path).await?.ask(texts::READ_LINK, &[path.as_os_str()]).await?;
            Ok(answers::path(&answer))
        })
    }

    fn symlink<'a>(&'a self, target: &'a Path, link: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.tool("make link", link)
                .await?
                .act(texts::LINK, &[link.as_os_str(), target.as_os_str()])
                .await
        })
    }

    fn checksum<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Checksum>> {
        Box::pin(async move {
            let answer = self.tool("read", path).await?.ask(texts::CHECKSUM, &[path.as_os_str()]).await?;
            Ok(answers::text(&answer))
        })
    }

    fn temp_dir(&self) -> BoxFuture<'_, Result<PathBuf>> {
        Box::pin(async {
            let tool = self.tool("create a directory in", Path::new("/tmp")).await?;
            Ok(answers::path(&tool.ask(texts::TEMPORARY_DIRECTORY, &[]).await?))
        })
    }

    fn checksums<'a>(&'a self, paths: &'a [PathBuf]) -> BoxFuture<'a, Result<Vec<Checksum>>> {
        Box::pin(async move {
            let Some(first) = paths.first() else { return Ok(Vec::new()) };
            let tool = self.tool("read", first).await?;
            let answer = tool.feed(texts::CHECKSUMS, &[], answers::nul_separated(paths)?).await?;
            answers::sums(&answer, paths.len())
        })
    }

    fn walk<'a>(&'a self, root: &'a Path) -> BoxFuture<'a, Result<Vec<TreeEntry>>> {
        Box::pin(async move {
            let tool = self.tool("list", root).await?;
            let answer = tool.ask(texts::LIST, &[root.as_os_str(), "999999".as_ref()]).await?;
            let mut entries = answers::tree(&answer)?;
            entries.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(entries)
        })
    }

    fn unpack<'a>(&'a self, root: &'a Path) -> Option<BoxFuture<'a, Result<Box<dyn FileWriter>>>> {
        Some(Box::pin(async move {
            let tool = self.tool("unpack into", root).await?;
            writer::open(&tool, self.pending.clone(), root, Plan::Spread).await
        }))
    }

    fn pack<'a>(&'a self, root: &'a Path, paths: &'a [PathBuf]) -> Option<BoxFuture<'a, Result<BoxReader>>> {
        Some(Box::pin(async move {
            let tool = self.tool("pack", root).await?;
            let names = answers::nul_separated(paths)?;
            reader::open(tool.start_with(texts::PACK, &[root.as_os_str()], names).await?).await
        }))
    }
}
