//! The file that names a managed process's id while it runs.

use crate::{
    Error, ErrorKind, Result,
    backend::{AnyBackend, Backend, FileSystem, WriteOptions, show},
    command::Command,
    executor::Executor,
    target::is_alive,
};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A pid file on the host of a managed process.
pub(super) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Refuses if the file names a process that runs. One that was left behind by a process that
    /// is gone is fine, and will be replaced.
    pub(super) async fn check(&self, executor: &Executor<AnyBackend>) -> Result<()> {
        let files = executor.backend().files();
        let Some(text) = read(&*files, &self.path).await? else { return Ok(()) };
        let Ok(pid) = text.trim().parse::<u32>() else {
            let message = format!("the pid file {} holds no process id", show(&self.path));
            return Err(Error::invalid(message)
                .with_host(executor.host())
                .with_hint("it may be some other file: choose another path, or remove it"));
        };
        if !runs(pid, &*files, executor).await? {
            return Ok(());
        }
        let message = format!("the pid file {} names process {pid}, which runs", show(&self.path));
        Err(Error::invalid(message)
            .with_host(executor.host())
            .with_hint("stop that process first; if it is another program, remove the file"))
    }

    pub(super) async fn write(&self, pid: Option<u32>, executor: &Executor<AnyBackend>) -> Result<()> {
        let pid = pid.ok_or_else(|| {
            Error::unsupported("a pid file needs a process id, and this host tells none")
                .with_host(executor.host())
        })?;
        let options = WriteOptions { mode: Some(0o644), ..WriteOptions::default() };
        let mut writer = executor.backend().files().write(&self.path, &options).await?;
        let context = |error| Error::from_io(format!("write {}", show(&self.path)), error);
        writer.write_all(format!("{pid}\n").as_bytes()).await.map_err(context)?;
        writer.flush().await.map_err(context)?;
        writer.commit(None).await
    }

    /// Removes the file, if it still names this process.
    pub(super) async fn remove(&self, pid: Option<u32>, executor: &Executor<AnyBackend>) -> Result<()> {
        let files = executor.backend().files();
        let named = read(&*files, &self.path).await?.and_then(|text| text.trim().parse().ok());
        if named.is_none() || named != pid {
            return Ok(());
        }
        files.remove(&self.path, false).await
    }
}

/// More than this is no file that we look into.
const MOST: u64 = 4096;

/// A small file's text, or `None` if there is no such file.
async fn read(files: &dyn FileSystem, path: &Path) -> Result<Option<String>> {
    let reader = match files.read(path, 0).await {
        Ok(reader) => reader,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let context = |error| Error::from_io(format!("read {}", show(path)), error);
    reader.take(MOST).read_to_end(&mut bytes).await.map_err(context)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Whether this process runs on the host: by its `/proc`, or where there is none by `ps`.
async fn runs(pid: u32, files: &dyn FileSystem, executor: &Executor<AnyBackend>) -> Result<bool> {
    if files.metadata(Path::new("/proc/self")).await?.is_none() {
        let found = executor.output(Command::new("ps").arg("-p").arg(pid.to_string())).await?;
        return Ok(found.success());
    }
    match read(files, Path::new(&format!("/proc/{pid}/stat"))).await {
        Ok(stat) => Ok(stat.is_some_and(|stat| is_alive(&stat))),
        // It ended while it was read (`ESRCH`).
        Err(error) if error.kind() == ErrorKind::Io => Ok(false),
        Err(error) => Err(error),
    }
}
