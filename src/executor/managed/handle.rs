//! The handle to a managed process: every request goes to the one task that owns it.

use super::{
    Follower, ManagedState, ManagedStatus,
    log::Log,
    supervisor::{Reply, Request},
};
use crate::{
    Error, ErrorKind, Result,
    backend::Stopped,
    event::{Batch, Line, Signal},
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// A process that is kept running on some host.
///
/// A clone is another handle to the same one. When the last handle is dropped, the process is
/// killed with all that it started; to let it end in its own way, [`stop`](Self::stop) it first.
///
/// Any future here may be dropped: what was asked for then happens all the same.
#[derive(Clone)]
pub struct ManagedHandle {
    pub(super) name: Arc<str>,
    pub(super) command: Arc<str>,
    pub(super) host: Arc<str>,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) status: watch::Receiver<ManagedStatus>,
    pub(super) log: Arc<Log>,
}

impl ManagedHandle {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its host, as it prints.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Starts it, unless it runs. It need not be ready yet: see [`wait_ready`](Self::wait_ready).
    /// While it waits to be restarted, that is now.
    ///
    /// # Errors
    ///
    /// What [`Executor::execute`](crate::Executor::execute) gives where its command can't be
    /// started; [`Invalid`](ErrorKind::Invalid) where its
    /// [pid file](crate::target::ManagedProcess::pid_file) names another process that runs.
    pub async fn start(&self) -> Result<()> {
        self.ask(Request::Start).await
    }

    /// Asks it to end, and kills it with all that it started when its grace has passed. Says which
    /// it took.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](ErrorKind::Cancelled) where the runtime that it lives in has ended.
    pub async fn stop(&self) -> Result<Stopped> {
        self.ask(|reply| Request::Stop(None, reply)).await
    }

    /// The same with a grace other than its own.
    ///
    /// # Errors
    ///
    /// As [`stop`](Self::stop).
    pub async fn stop_within(&self, grace: Duration) -> Result<Stopped> {
        self.ask(|reply| Request::Stop(Some(grace), reply)).await
    }

    /// Stops it if it runs, and starts it.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn restart(&self) -> Result<()> {
        self.ask(Request::Restart).await
    }

    /// Makes it read its configuration again: sends `HUP`, or the
    /// [signal](crate::target::ManagedProcess::reload_signal) that it has for this.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) where it does not run, and as
    /// [`Process::signal`](crate::Process::signal).
    pub async fn reload(&self) -> Result<()> {
        self.ask(Request::Reload).await
    }

    /// Sends a signal to its process group.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub async fn signal(&self, signal: Signal) -> Result<()> {
        self.ask(|reply| Request::Signal(signal, reply)).await
    }

    /// How it is now.
    pub fn status(&self) -> ManagedStatus {
        self.status.borrow().clone()
    }

    /// Its process id, while it runs and where the host tells it.
    pub fn pid(&self) -> Option<u32> {
        self.status.borrow().pid()
    }

    /// How often it was restarted after it ended by itself, since it was last started by somebody.
    pub fn restarts(&self) -> u32 {
        self.status.borrow().restarts
    }

    /// Waits until its status is one of these, and gives it.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](ErrorKind::Cancelled) where the runtime that it lives in has ended.
    pub async fn wait_for(&self, mut is_meant: impl FnMut(&ManagedStatus) -> bool) -> Result<ManagedStatus> {
        let mut status = self.status.clone();
        let found = status.wait_for(|status| is_meant(status)).await;
        found.map(|status| status.clone()).map_err(|_| self.gone())
    }

    /// Waits until it is ready. It has a [limit](crate::target::ManagedProcess::ready_timeout) for
    /// that of its own.
    ///
    /// # Errors
    ///
    /// Why it was given up, with the tail of its output; [`Invalid`](ErrorKind::Invalid) where it
    /// was not started or has been stopped.
    pub async fn wait_ready(&self) -> Result<()> {
        let is_settled = |status: &ManagedStatus| {
            matches!(
                status.state,
                ManagedState::Running { .. } | ManagedState::Failed(_) | ManagedState::Stopped
            )
        };
        let status = self.wait_for(is_settled).await?;
        match (status.state, status.last_exit) {
            (ManagedState::Running { .. }, _) => Ok(()),
            (ManagedState::Failed(error), _) => Err(error),
            (_, Some(exit)) => Err(self.error(ErrorKind::Invalid, format!("does not run: it {exit}"))),
            (_, None) => Err(self.error(ErrorKind::Invalid, "does not run: it was not started")),
        }
    }

    /// The same, for at most this long. Unlike the limit of its own, this one leaves it running.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout), with the tail of its output, and as
    /// [`wait_ready`](Self::wait_ready).
    pub async fn wait_ready_within(&self, limit: Duration) -> Result<()> {
        tokio::time::timeout(limit, self.wait_ready()).await.unwrap_or_else(|_| {
            let error = self.error(ErrorKind::Timeout, format!("is not ready after {limit:?}"));
            Err(error.with_output(self.log.output(&self.command, &self.host)))
        })
    }

    /// The newest lines that it wrote, to either output, as far as they are kept.
    pub fn kept_lines(&self) -> Vec<Line> {
        self.log.batches().iter().flat_map(Batch::lines).collect()
    }

    /// What happens to it, beginning with what is kept of its output; see [`Follower`].
    pub fn follow(&self) -> Follower {
        Follower::new(self.log.clone())
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())?
    }

    /// Its task lives as long as a handle does, unless its runtime ended before.
    fn gone(&self) -> Error {
        self.error(ErrorKind::Cancelled, "is not managed any longer: the runtime has ended")
    }

    fn error(&self, kind: ErrorKind, what: impl fmt::Display) -> Error {
        let error = Error::new(kind, format!("`{}` {what}", self.name));
        error.with_command(&*self.command).with_host(&*self.host)
    }
}

impl fmt::Debug for ManagedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status();
        f.debug_struct("ManagedHandle")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("state", &status.state.name())
            .field("pid", &status.pid())
            .finish_non_exhaustive()
    }
}
