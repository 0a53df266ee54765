//! A host for the cases: its files, and a directory that is theirs.

use crate::archives::WithArchives;
use rexec::{
    AnyBackend, Backend, Executor, LocalBackend, MockBackend,
    backend::CommandFiles,
    executor::{Files, TransferOptions},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) struct Place {
    pub(crate) files: Files,
    /// An empty directory on the host.
    root: PathBuf,
    /// A directory on this machine, removed in the end.
    here: tempfile::TempDir,
    #[cfg(feature = "ssh")]
    _sshd: Option<crate::support::sshd::Sshd>,
}

impl Place {
    /// This machine.
    pub(crate) async fn local() -> Self {
        let here = tempfile::tempdir().unwrap();
        let root = here.path().join("host");
        Self::new(LocalBackend::new(), here, root).await
    }

    /// This machine, in a directory that is there.
    pub(crate) async fn in_dir(root: &Path) -> Self {
        Self::new(LocalBackend::new(), tempfile::tempdir().unwrap(), root.to_owned()).await
    }

    /// A host in memory.
    pub(crate) async fn mock() -> Self {
        Self::new(MockBackend::default(), tempfile::tempdir().unwrap(), "/srv/case".into()).await
    }

    /// This machine, as a host that takes and gives many files in one stream.
    pub(crate) async fn with_archives() -> Self {
        let local = Self::local().await;
        let files = Files::new(Arc::new(WithArchives::new(&local.files)), "archives");
        Self { files, ..local }
    }

    /// This machine, as a host that can do no more than run commands.
    pub(crate) async fn by_commands() -> Self {
        let local = Self::local().await;
        let files = Files::new(Arc::new(CommandFiles::new(LocalBackend::new())), "commands");
        Self { files, ..local }
    }

    /// A host over SSH.
    #[cfg(feature = "ssh")]
    pub(crate) async fn ssh() -> Self {
        let sshd = crate::support::sshd::Sshd::start();
        let here = tempfile::tempdir().unwrap();
        let root = here.path().join("host");
        let place = Self::new(sshd.builder().connect().await.unwrap(), here, root).await;
        Self { _sshd: Some(sshd), ..place }
    }

    async fn new(backend: impl Backend, here: tempfile::TempDir, root: PathBuf) -> Self {
        let files = Executor::new("test", AnyBackend::new(backend)).files();
        files.mkdir(&root).await.unwrap();
        Self {
            files,
            root,
            here,
            #[cfg(feature = "ssh")]
            _sshd: None,
        }
    }

    /// A path on the host.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// A path on this machine.
    pub(crate) fn here(&self, path: impl AsRef<Path>) -> PathBuf {
        self.here.path().join(path)
    }

    /// A file on this machine with these contents, and its path.
    pub(crate) fn file_here(&self, path: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.here(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// The names in a directory of the host.
    pub(crate) async fn names(&self, path: &str) -> Vec<String> {
        let entries = self.files.list(self.at(path)).await.unwrap();
        entries.into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        self.files.read_to_string(self.at(path)).await.unwrap()
    }

    pub(crate) async fn mode(&self, path: &str) -> u32 {
        self.files.stat(self.at(path)).await.unwrap().mode
    }
}

pub(crate) fn defaults() -> TransferOptions {
    TransferOptions::default()
}
