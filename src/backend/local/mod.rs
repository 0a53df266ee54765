//! This machine.

mod files;

pub use files::LocalFiles;

use super::{Backend, Capabilities, FileSystem, HostProcess};
use crate::{
    Error, Result,
    command::{Command, Pipeline},
};
use std::sync::Arc;

/// Runs commands on this machine.
#[derive(Clone, Debug, Default)]
pub struct LocalBackend {}

impl LocalBackend {
    /// This machine.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Backend for LocalBackend {
    type Process = HostProcess;

    fn host(&self) -> &str {
        "local"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn spawn(&self, _: &Command) -> Result<HostProcess> {
        Err(Error::unsupported("not there yet"))
    }

    async fn spawn_pipeline(&self, _: &Pipeline) -> Result<HostProcess> {
        Err(Error::unsupported("not there yet"))
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(LocalFiles::new())
    }
}
