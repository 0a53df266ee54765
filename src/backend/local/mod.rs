//! This machine.

mod files;
#[cfg(unix)]
mod process;
#[cfg(not(unix))]
#[path = "elsewhere.rs"]
mod process;

pub use files::LocalFiles;
#[cfg(all(unix, feature = "ssh"))]
pub(super) use process::{DEFAULT_SIZE, own_window_size};

use super::{Backend, Capabilities, FileSystem, HostProcess};
use crate::{
    Result,
    command::{Command, Pipeline},
};
use process::Owner;
use std::sync::Arc;

/// The variable that marks, in a process's environment, that it is meant to live on: set for what a
/// [`daemon`](Command::daemon) starts, and honoured by the binary's guard.
pub const DAEMON_MARK: &str = "REXEC_DAEMON";

/// Runs commands on this machine.
///
/// Each command gets a process group of its own, and in its environment a mark,
/// `REXEC_COMMAND_ID`, by which everything that it starts can be found later, also what leaves
/// that group. A command that is ended before its time (a time limit, [`stop`](crate::Process::stop),
/// a dropped handle) leaves nothing. What a command that has ended leaves in the background lives
/// until the last clone of the backend is dropped and no command of it runs any longer; or for
/// ever, if the command is a [`daemon`](Command::daemon).
///
/// Needs a tokio runtime with its I/O and time drivers.
///
/// # What is not found
///
/// A process that has left the group, whose parents have ended, and that has cleared or
/// overwritten its environment (or had an [empty one](Command::env_clear) from the start). The
/// guard of the `rexec` binary finds those too.
#[derive(Clone, Debug, Default)]
pub struct LocalBackend {
    owner: Arc<Owner>,
}

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
        process::CAPABILITIES.iter().fold(Capabilities::none(), |all, &one| all.with(one))
    }

    async fn spawn(&self, command: &Command) -> Result<HostProcess> {
        self.owner.spawn(command).await
    }

    async fn spawn_pipeline(&self, pipeline: &Pipeline) -> Result<HostProcess> {
        self.owner.spawn_pipeline(pipeline).await
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(LocalFiles::new())
    }
}
