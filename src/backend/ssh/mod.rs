//! Hosts over SSH.

mod address;
mod builder;
mod diagnosis;
mod master;
mod options;
mod pool;

pub use address::SshAddress;
pub use builder::SshBuilder;
pub use options::KnownHosts;

use super::{Backend, Capabilities, CommandFiles, FileSystem, HostProcess, remote::Startable};
use crate::{
    Result,
    command::{Command, Pipeline},
};
use options::Options;
use pool::Pool;
use std::{fmt, path::Path, sync::Arc, time::Duration};

/// Runs commands on a host over SSH.
///
/// It uses the `ssh` program of this machine (OpenSSH), so that the user's configuration, agent and
/// known hosts hold. Nothing needs to be installed on the host: a POSIX shell is enough, and the
/// user's own shell may be any.
///
/// Connections are shared by all backends with the same settings, opened when they are first
/// needed, opened again when they were lost, and closed with the last clone and the last command. A
/// server allows a number of commands at once on one connection (`MaxSessions`, 10 unless set); for
/// more, more connections are opened.
///
/// # Ends
///
/// A command's status is exact: its exit code, also 255; or the signal that ended it; or
/// [`Disconnected`](crate::ExitStatus::Disconnected) where the connection was lost. Two readings
/// remain open to every shell, the exit codes 130 and 141: they are taken for the signals `INT` and
/// `PIPE` only where it is plain where those came from.
///
/// When a command's owner is gone, however it went (dropped, cancelled, killed, cut off without a
/// word), the host ends what it started: the process group, and by the mark `REXEC_COMMAND_ID` in
/// their environment also processes that have left it, where there is a `/proc`. A connection
/// that fell silent is given up after [`keepalive`](SshBuilder::keepalive), on both sides.
#[derive(Clone)]
pub struct SshBackend {
    name: Arc<str>,
    pool: Arc<Pool>,
}

impl SshBackend {
    /// Says how a host is reached; `host` is a name, an address, or a `Host` of the OpenSSH
    /// configuration.
    pub fn builder(host: impl Into<String>) -> SshBuilder {
        SshBuilder::new(host)
    }

    /// Connects to a host as this user with this key.
    ///
    /// # Errors
    ///
    /// As [`SshBuilder::connect`].
    pub async fn connect(
        host: impl Into<String>,
        user: impl Into<String>,
        key: impl AsRef<Path>,
    ) -> Result<Self> {
        Self::builder(host).user(user).key(key).connect().await
    }

    /// The command on this machine that opens an interactive shell on the host, over a connection of
    /// its own.
    pub fn shell(&self) -> Command {
        let options = self.pool.options();
        Command::new("ssh").args(options.arguments()).args(["-t", "--", &options.host])
    }

    fn new(options: Options) -> Self {
        let name = options.to_string().into();
        Self { name, pool: Pool::shared(options) }
    }

    /// Starts a process on a connection that has room for one more.
    async fn start(&self, what: Startable<'_>) -> Result<HostProcess> {
        loop {
            let lease = self.pool.lease().await?;
            for pause in [1, 4, 0] {
                if let Some(process) = lease.link().spawn(&lease, what).await? {
                    return Ok(process);
                }
                // The host may still count a session that has just ended.
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            lease.was_refused()?;
        }
    }

    /// Makes sure that there is a connection.
    ///
    /// # Errors
    ///
    /// As [`SshBuilder::connect`].
    pub async fn reach(&self) -> Result<()> {
        self.pool.lease().await.map(drop)
    }
}

impl fmt::Debug for SshBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SshBackend").field(&self.name).finish()
    }
}

impl Backend for SshBackend {
    type Process = HostProcess;

    fn host(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn spawn(&self, command: &Command) -> Result<HostProcess> {
        self.start(Startable::Command(command)).await
    }

    async fn spawn_pipeline(&self, pipeline: &Pipeline) -> Result<HostProcess> {
        self.start(Startable::Pipeline(pipeline)).await
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(CommandFiles::new(self.clone()))
    }
}
