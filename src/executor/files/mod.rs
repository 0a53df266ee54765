//! What is made out of a file system's few operations: whole texts, globs, folders, transfers.

mod glob;
mod mode;
mod read;
mod real_path;
mod temp_dir;
mod template;
mod transfer;
mod tree;
mod write;

pub use mode::Mode;
pub use read::DEFAULT_READ_LIMIT;
pub use temp_dir::TempDir;
pub use template::render_template;
pub use transfer::{ProgressCallback, TransferOptions, TransferProgress, TransferReport};

use crate::{
    Error, Result,
    backend::{FileSystem, show},
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The files of a host.
///
/// A relative path is taken from the directory in which the host's commands start, or from the
/// one that was set with [`in_dir`](Self::in_dir). A slash at the end of a path means nothing: a
/// destination is always the new file's or folder's own path.
///
/// Every method fails with [`NotFound`](crate::ErrorKind::NotFound) or
/// [`Denied`](crate::ErrorKind::Denied) where that is the reason, and names the path and the host.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use rexec::Executor;
///
/// let files = Executor::local("doc").files();
/// let folder = files.temp_dir().await?;
/// let path = folder.path().join("app.conf");
/// files.write(&path, "port = 80\n").await?;
/// assert_eq!(files.read_to_string(&path).await?, "port = 80\n");
/// folder.remove().await?;
/// # Ok::<(), rexec::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Files {
    system: Arc<dyn FileSystem>,
    host: Arc<str>,
    service: Option<Arc<str>>,
    base: Option<PathBuf>,
    read_limit: u64,
}

impl Files {
    /// The files behind this file system, on the host that prints like this.
    pub fn new(system: Arc<dyn FileSystem>, host: impl Into<Arc<str>>) -> Self {
        Self { system, host: host.into(), service: None, base: None, read_limit: DEFAULT_READ_LIMIT }
    }

    /// The files of this machine.
    pub fn local() -> Self {
        Self::new(Arc::new(crate::backend::local::LocalFiles::new()), "local")
    }

    /// With the name of the service for which they are used, for errors.
    pub(super) fn for_service(mut self, service: Arc<str>) -> Self {
        self.service = Some(service);
        self
    }

    /// The same files, with relative paths taken from this directory.
    pub fn in_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.base = Some(match self.base {
            Some(base) => base.join(path),
            None => path.as_ref().to_owned(),
        });
        self
    }

    /// The host as it prints.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The operations that the backend brings.
    pub fn system(&self) -> &Arc<dyn FileSystem> {
        &self.system
    }

    /// The path as the file system gets it: from the base, with no slash at its end.
    fn resolve(&self, path: &Path) -> Result<PathBuf> {
        let text = path.as_os_str().as_encoded_bytes();
        if text.is_empty() {
            return Err(self.in_context(Error::invalid("an empty path names no file")));
        }
        if text.contains(&0) {
            let message = format!("a path can't have a NUL byte in it: {}", show(path));
            return Err(self.in_context(Error::invalid(message)));
        }
        let path: PathBuf = path.components().collect();
        Ok(match &self.base {
            Some(base) => base.join(path),
            None => path,
        })
    }

    fn in_context(&self, error: Error) -> Error {
        let error = error.with_host(&*self.host);
        match &self.service {
            Some(service) => error.with_service(&**service),
            None => error,
        }
    }

    /// A result of the file system, with the host added to its error.
    fn told<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| self.in_context(error))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("host", &self.host).field("base", &self.base).finish_non_exhaustive()
    }
}
