//! Says how a host is reached.

use super::{
    KnownHosts, SshBackend,
    options::{Keepalive, Options},
};
use crate::Result;
use std::{path::Path, time::Duration};

/// How a host is reached; what is not set here is as the user's OpenSSH configuration says.
///
/// ```no_run
/// # async fn example() -> rexec::Result<()> {
/// use rexec::{Executor, SshBackend};
/// use std::time::Duration;
///
/// let backend = SshBackend::builder("web1")
///     .user("deploy")
///     .jump(["bastion"])
///     .connect_timeout(Duration::from_secs(3))
///     .connect()
///     .await?;
/// let executor = Executor::new("my-service", backend);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SshBuilder {
    options: Options,
}

impl SshBuilder {
    pub(super) fn new(host: impl Into<String>) -> Self {
        Self { options: Options::new(host.into()) }
    }

    /// The user there.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.options.user = Some(user.into());
        self
    }

    /// The port.
    pub fn port(mut self, port: u16) -> Self {
        self.options.port = Some(port);
        self
    }

    /// The file of a private key. May be called several times; with this, keys that are only in the
    /// agent are not offered.
    pub fn key(mut self, path: impl AsRef<Path>) -> Self {
        self.options.keys.push(path.as_ref().to_owned());
        self
    }

    /// The hosts to go through, in this order, each as `user@host:port`.
    pub fn jump<I>(mut self, hosts: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.options.jumps = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// The OpenSSH configuration to use in place of the user's and the system's.
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Self {
        self.options.config_file = Some(path.as_ref().to_owned());
        self
    }

    /// What to do about a host key that is not known.
    pub fn known_hosts(mut self, policy: KnownHosts) -> Self {
        self.options.known_hosts = policy;
        self
    }

    /// The file of known hosts to use in place of the user's and the system's.
    pub fn known_hosts_file(mut self, path: impl AsRef<Path>) -> Self {
        self.options.known_hosts_file = Some(path.as_ref().to_owned());
        self
    }

    /// How long the host may take to take the connection and to answer; 10 seconds unless set.
    /// Counted in whole seconds.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// How often each side shows the other that it is there, and how many times in a row one may
    /// miss it before the connection is taken for lost; every second and 3 times unless set.
    ///
    /// After that time rexec says that the connection was lost, and the host ends what runs there
    /// for it. Short times find a cut quickly; long ones survive a network that stalls.
    pub fn keepalive(mut self, interval: Duration, count: u32) -> Self {
        self.options.keepalive = Keepalive { interval, count: count.max(1) };
        self
    }

    /// Compresses what goes over the connection, for slow networks.
    pub fn compression(mut self, on: bool) -> Self {
        self.options.compression = on;
        self
    }

    /// Connects, and gives the backend.
    ///
    /// # Errors
    ///
    /// [`Connect`](crate::ErrorKind::Connect) where the host can't be reached: its name is not
    /// known, it refuses, it does not answer; [`Denied`](crate::ErrorKind::Denied) where its key is
    /// not known or has changed (the error says which key it offered, and how to accept it), or
    /// where it accepts none of ours (the error says which were tried).
    pub async fn connect(self) -> Result<SshBackend> {
        let backend = self.build();
        backend.reach().await?;
        Ok(backend)
    }

    /// The backend, which connects when it is first needed.
    pub fn build(self) -> SshBackend {
        SshBackend::new(self.options)
    }
}
