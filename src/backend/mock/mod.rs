//! Nowhere: answers as told, and remembers what it was asked.

use super::{Backend, Capabilities, FileSystem, HostProcess, NoFiles};
use crate::{
    Error, Result,
    command::{Command, Pipeline},
};
use std::sync::Arc;

/// Answers as told, and remembers what it was asked to run.
#[derive(Clone, Debug, Default)]
pub struct MockBackend {}

impl Backend for MockBackend {
    type Process = HostProcess;

    fn host(&self) -> &str {
        "mock"
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
        Arc::new(NoFiles::new(self.host()))
    }
}
