//! Finds out whether a process that was started is ready.

use crate::{
    Result,
    backend::{AnyBackend, Backend, FileMetadata},
    command::Command,
    executor::{Executor, accepts},
    target::{ManagedProcess, PortAddress, Readiness, is_listening},
};
use std::{net::IpAddr, path::PathBuf, time::Duration};
use tokio::{net::TcpStream, sync::Notify};

/// What is looked at, with what was known before the start.
pub(super) enum Probe {
    /// Its events show it.
    Events,
    Port(PortAddress),
    File {
        path: PathBuf,
        before: Option<FileMetadata>,
    },
    Command(Command),
}

/// How long one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// How long the first look is before the second; each further wait is longer, up to the last.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

impl Probe {
    /// Looks at what is there before the start.
    pub(super) async fn prepare(managed: &ManagedProcess, executor: &Executor<AnyBackend>) -> Result<Self> {
        Ok(match &managed.readiness {
            Readiness::Started | Readiness::Line(_) => Probe::Events,
            Readiness::Port(address) => Probe::Port(address.clone()),
            Readiness::Command(command) => Probe::Command(command.clone()),
            Readiness::File(path) => {
                let path = managed.in_dir(path);
                let before = executor.backend().files().metadata(&path).await?;
                Probe::File { path, before }
            }
        })
    }

    /// Waits until it is ready; the caller has the time limit. A look that fails is no end: what
    /// is being started may not answer yet.
    pub(super) async fn wait(&self, executor: &Executor<AnyBackend>, sign: &Notify) {
        if let Probe::Events = self {
            return sign.notified().await;
        }
        let mut wait = FIRST_WAIT;
        while !tokio::time::timeout(LOOK_LIMIT, self.look(executor)).await.unwrap_or(false) {
            tokio::time::sleep(wait).await;
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
        }
    }

    async fn look(&self, executor: &Executor<AnyBackend>) -> bool {
        match self {
            Probe::Events => false,
            Probe::Port(address) => is_open(address, executor).await,
            Probe::File { path, before } => {
                let now = executor.backend().files().metadata(path).await;
                now.is_ok_and(|now| now.is_some() && now != *before)
            }
            Probe::Command(command) => {
                let job = command.clone().into();
                executor.output(command.clone()).await.is_ok_and(|output| accepts(&job, &output))
            }
        }
    }
}

/// Whether somebody takes connections there, as seen from the host.
async fn is_open(address: &PortAddress, executor: &Executor<AnyBackend>) -> bool {
    if executor.host() == "local" {
        return TcpStream::connect((&*address.host, address.port)).await.is_ok();
    }
    match own_address(&address.host) {
        Some(own) => listens(own, address.port, executor).await,
        None => {
            let connect = Command::new("nc").arg("-z").arg(&address.host).arg(address.port.to_string());
            executor.run(connect).await.is_ok()
        }
    }
}

/// An address that is surely the host's own.
fn own_address(host: &str) -> Option<IpAddr> {
    let address = if host == "localhost" { "127.0.0.1" } else { host };
    address.parse().ok().filter(|address: &IpAddr| address.is_loopback())
}

/// Looks at the host's own list of sockets: no tool that connects is on every host.
async fn listens(address: IpAddr, port: u16, executor: &Executor<AnyBackend>) -> bool {
    // With no IPv6 the second file is missing, and `cat` fails after it has shown the first.
    let tables = Command::new("cat").args(["/proc/net/tcp", "/proc/net/tcp6"]).unchecked();
    executor.run(tables).await.is_ok_and(|output| is_listening(&output.stdout.text(), address, port))
}
