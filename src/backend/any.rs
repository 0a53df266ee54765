//! The erased twin of [`Backend`]: one type for any backend, chosen at run time.

use super::{Backend, BoxFuture, Capabilities, FileSystem, HostProcess};
use crate::{
    Result,
    command::{Command, Pipeline},
};
use std::{any::Any, fmt, sync::Arc};

/// Any [`Backend`], behind a pointer.
///
/// Erasure costs an allocation for each command, which can't be seen beside the start of a
/// process.
#[derive(Clone)]
pub struct AnyBackend(Arc<dyn Erased>);

impl AnyBackend {
    /// Erases a backend.
    pub fn new(backend: impl Backend) -> Self {
        Self(Arc::new(backend))
    }

    /// The backend behind it, if it is of this type.
    pub fn downcast_ref<B: Backend>(&self) -> Option<&B> {
        self.0.as_any().downcast_ref()
    }
}

impl fmt::Debug for AnyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyBackend").field(&Backend::host(self)).finish()
    }
}

trait Erased: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn host(&self) -> &str;
    fn capabilities(&self) -> Capabilities;
    fn spawn<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<HostProcess>>;
    fn spawn_pipeline<'a>(&'a self, pipeline: &'a Pipeline) -> BoxFuture<'a, Result<HostProcess>>;
    fn files(&self) -> Arc<dyn FileSystem>;
}

impl<B: Backend> Erased for B {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn host(&self) -> &str {
        Backend::host(self)
    }

    fn capabilities(&self) -> Capabilities {
        Backend::capabilities(self)
    }

    fn spawn<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<HostProcess>> {
        Box::pin(async { Backend::spawn(self, command).await.map(HostProcess::erase) })
    }

    fn spawn_pipeline<'a>(&'a self, pipeline: &'a Pipeline) -> BoxFuture<'a, Result<HostProcess>> {
        Box::pin(async { Backend::spawn_pipeline(self, pipeline).await.map(HostProcess::erase) })
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        Backend::files(self)
    }
}

impl Backend for AnyBackend {
    type Process = HostProcess;

    fn host(&self) -> &str {
        self.0.host()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn spawn(&self, command: &Command) -> Result<HostProcess> {
        self.0.spawn(command).await
    }

    async fn spawn_pipeline(&self, pipeline: &Pipeline) -> Result<HostProcess> {
        self.0.spawn_pipeline(pipeline).await
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        self.0.files()
    }
}
