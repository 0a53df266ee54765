//! A file system that takes and gives many files in one stream, by the `tar` of this machine.

use crate::{Place, place::defaults};
use rexec::{
    Error, ErrorKind, Result,
    backend::{BoxFuture, BoxReader, Checksum, FileSystem, FileWriter, WriteOptions, check_arrived},
    executor::Files,
};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    process::{Child, ChildStdin, Command},
};

/// This machine's files, with archives.
pub(crate) struct WithArchives {
    inner: Arc<dyn FileSystem>,
    archives: Arc<AtomicUsize>,
    single_files: Arc<AtomicUsize>,
}

impl WithArchives {
    pub(crate) fn new(files: &Files) -> Self {
        Self { inner: files.system().clone(), archives: Arc::default(), single_files: Arc::default() }
    }
}

impl FileSystem for WithArchives {
    fn read<'a>(&'a self, path: &'a Path, offset: u64) -> BoxFuture<'a, Result<BoxReader>> {
        self.single_files.fetch_add(1, Ordering::SeqCst);
        self.inner.read(path, offset)
    }

    fn write<'a>(
        &'a self,
        path: &'a Path,
        options: &'a WriteOptions,
    ) -> BoxFuture<'a, Result<Box<dyn FileWriter>>> {
        self.single_files.fetch_add(1, Ordering::SeqCst);
        self.inner.write(path, options)
    }

    fn pack<'a>(&'a self, root: &'a Path, paths: &'a [PathBuf]) -> Option<BoxFuture<'a, Result<BoxReader>>> {
        self.archives.fetch_add(1, Ordering::SeqCst);
        Some(Box::pin(async move {
            let mut tar = Command::new("tar")
                .args(["--create", "--file=-", "--null", "--verbatim-files-from", "--files-from=-"])
                .current_dir(root)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut list = Vec::new();
            for path in paths {
                list.extend_from_slice(path.as_os_str().as_encoded_bytes());
                list.push(0);
            }
            let mut stdin = tar.stdin.take().unwrap();
            tokio::spawn(async move { stdin.write_all(&list).await.unwrap() });
            let stdout = tar.stdout.take().unwrap();
            tokio::spawn(async move { assert!(tar.wait().await.unwrap().success()) });
            Ok(Box::pin(stdout) as BoxReader)
        }))
    }

    fn unpack<'a>(&'a self, root: &'a Path) -> Option<BoxFuture<'a, Result<Box<dyn FileWriter>>>> {
        self.archives.fetch_add(1, Ordering::SeqCst);
        Some(Box::pin(async move {
            let temporary = tempfile::Builder::new().prefix(".archive-").tempdir_in(root).unwrap();
            let mut tar = Command::new("tar")
                .args(["-xpof", "-"])
                .current_dir(temporary.path())
                .stdin(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let stdin = tar.stdin.take().unwrap();
            let (root, hasher) = (root.to_owned(), Sha256::new());
            Ok(Box::new(Unpacking { root, temporary, tar, stdin, hasher }) as Box<dyn FileWriter>)
        }))
    }

    crate::delegate::other_operations!();
}

#[tokio::test]
async fn many_small_files_go_in_one_stream() {
    let on = Place::local().await;
    for number in 0..100 {
        on.file_here(&format!("folder/{number}"), "x");
    }
    on.file_here("folder/large", vec![1; 2 << 20]);
    let system = WithArchives::new(&on.files);
    let (archives, single_files) = (system.archives.clone(), system.single_files.clone());
    let files = Files::new(Arc::new(system), "archives");
    let report = files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!(
        (report.files, archives.load(Ordering::SeqCst), single_files.load(Ordering::SeqCst)),
        (101, 1, 1)
    );
    let report = files.download(on.at("there"), on.here("back"), &defaults()).await.unwrap();
    assert_eq!(
        (report.files, archives.load(Ordering::SeqCst), single_files.load(Ordering::SeqCst)),
        (101, 2, 2)
    );
}

struct Unpacking {
    root: PathBuf,
    temporary: tempfile::TempDir,
    tar: Child,
    stdin: ChildStdin,
    hasher: Sha256,
}

impl FileWriter for Unpacking {
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let Self { root, temporary, mut tar, stdin, hasher } = *self;
            drop(stdin);
            if !tar.wait().await.unwrap().success() {
                return Err(Error::new(ErrorKind::Io, "tar has failed"));
            }
            let expected = expected.expect("an upload is verified");
            check_arrived(&root, &expected, &format!("{:x}", hasher.finalize()))?;
            let moved = move_files(temporary.path(), &root);
            moved.map_err(|error| Error::from_io("rename", error))
        })
    }
}

fn move_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.metadata()?.is_dir() {
            move_files(&entry.path(), &to)?;
        } else {
            assert!(!to.exists(), "only new files go into an archive");
            std::fs::rename(entry.path(), to)?;
        }
    }
    Ok(())
}

impl AsyncWrite for Unpacking {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = std::task::ready!(Pin::new(&mut self.stdin).poll_write(context, bytes))?;
        self.hasher.update(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(context)
    }
}
