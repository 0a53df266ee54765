//! The hosts that the cases run on.

use rexec::{AnyBackend, Backend, Executor, LocalBackend};
use std::{future::Future, time::Duration};
use tempfile::TempDir;

/// A host for tests: one instance for each case.
pub trait TestHost: Sync + Sized {
    /// Its backend; cases know nothing of it but the traits.
    type Backend: Backend;

    /// Cases that make no sense on it, by topic and name, each with the reason.
    const LEFT_OUT: &[(&str, &str)] = &[];

    /// Sets it up.
    fn start() -> impl Future<Output = Self> + Send;

    /// Runs commands on it.
    fn executor(&self) -> Executor<Self::Backend>;

    /// A new directory that exists on it, and is removed at the end of the case.
    fn temp_dir(&self) -> TempDir {
        tempfile::tempdir().unwrap()
    }
}

/// This machine, with static dispatch.
pub struct LocalHost(Executor<LocalBackend>);

impl TestHost for LocalHost {
    type Backend = LocalBackend;

    async fn start() -> Self {
        Self(Executor::local("conformance"))
    }

    fn executor(&self) -> Executor<LocalBackend> {
        self.0.clone()
    }
}

/// This machine, with its backend's type erased.
pub struct ErasedHost(Executor<AnyBackend>);

impl TestHost for ErasedHost {
    type Backend = AnyBackend;

    async fn start() -> Self {
        Self(Executor::local("conformance").erased())
    }

    fn executor(&self) -> Executor<AnyBackend> {
        self.0.clone()
    }
}

/// A host over SSH: a server of our own on loopback.
#[cfg(feature = "ssh")]
pub struct SshHost {
    executor: Executor<rexec::SshBackend>,
    _sshd: crate::support::sshd::Sshd,
}

#[cfg(feature = "ssh")]
impl TestHost for SshHost {
    type Backend = rexec::SshBackend;

    async fn start() -> Self {
        let sshd = crate::support::sshd::Sshd::start();
        let backend = sshd.builder().connect().await.unwrap();
        Self { executor: Executor::new("conformance", backend), _sshd: sshd }
    }

    fn executor(&self) -> Executor<rexec::SshBackend> {
        self.executor.clone()
    }
}

/// A case that takes longer than this hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs one case on a host of its own, unless the host leaves it out.
pub async fn run_case<H: TestHost>(name: &str, case: impl AsyncFnOnce(&H)) {
    if let Some((_, reason)) = H::LEFT_OUT.iter().find(|(left_out, _)| *left_out == name) {
        eprintln!("left out: {name}: {reason}");
        return;
    }
    let host = H::start().await;
    tokio::time::timeout(LIMIT, case(&host)).await.unwrap_or_else(|_| panic!("{name} hangs"));
}
