//! A command that is kept running: how it is started, watched, started again and stopped.

use super::{Backoff, Readiness, RestartBudget, RestartPolicy};
use crate::{command::Command, event::Signal};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A command that is to be kept running under a name.
///
/// This is the plan; [`start_on`](Self::start_on) starts it on a host and gives the
/// [`ManagedHandle`](crate::executor::ManagedHandle) to it.
///
/// ```
/// use rexec::{Command, target::{ManagedProcess, Readiness, RestartPolicy}};
/// use std::time::Duration;
///
/// let web = ManagedProcess::new("web", Command::new("python3").args(["-m", "http.server", "8080"]))
///     .restart(RestartPolicy::Always)
///     .ready(Readiness::Port(8080.into()))
///     .ready_timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct ManagedProcess {
    pub(crate) name: String,
    pub(crate) command: Command,
    pub(crate) restart: RestartPolicy,
    pub(crate) max_restarts: u32,
    pub(crate) restart_window: Duration,
    pub(crate) stable_after: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) readiness: Readiness,
    pub(crate) ready_timeout: Duration,
    pub(crate) stop_signal: Signal,
    pub(crate) reload_signal: Signal,
    pub(crate) grace: Duration,
    pub(crate) pid_file: Option<PathBuf>,
    pub(crate) watch: Vec<PathBuf>,
    pub(crate) kept_output: usize,
}

impl ManagedProcess {
    /// Keeps this command running, unless told otherwise: restarted after a failure, at most 5
    /// times in a minute; ready as soon as it has started.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self {
            name: name.into(),
            command,
            restart: RestartPolicy::default(),
            max_restarts: 5,
            restart_window: Duration::from_secs(60),
            stable_after: Duration::from_secs(10),
            backoff: Backoff::default(),
            readiness: Readiness::default(),
            ready_timeout: Duration::from_secs(30),
            stop_signal: Signal::Term,
            reload_signal: Signal::Hup,
            grace: Duration::from_secs(10),
            pid_file: None,
            watch: Vec::new(),
            kept_output: 256 << 10,
        }
    }

    /// When it is started again after it ended by itself.
    ///
    /// That is for what was up: a first start that fails, or ends before it is
    /// [ready](Self::ready), has failed, whatever the policy.
    pub fn restart(mut self, policy: RestartPolicy) -> Self {
        self.restart = policy;
        self
    }

    /// How many restarts it gets within the [window](Self::restart_window) before it is given up;
    /// 5 unless set.
    pub fn max_restarts(mut self, most: u32) -> Self {
        self.max_restarts = most;
        self
    }

    /// For how long a restart counts; a minute unless set.
    pub fn restart_window(mut self, window: Duration) -> Self {
        self.restart_window = window;
        self
    }

    /// How long a restart waits.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long it must have run for the [backoff](Self::backoff) to begin anew; 10 seconds unless
    /// set.
    pub fn stable_after(mut self, time: Duration) -> Self {
        self.stable_after = time;
        self
    }

    /// What makes it ready.
    pub fn ready(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// How long it may take to become ready before its start has failed and it is stopped; 30
    /// seconds unless set.
    pub fn ready_timeout(mut self, limit: Duration) -> Self {
        self.ready_timeout = limit;
        self
    }

    /// The signal that asks it to end; `TERM` unless set.
    pub fn stop_signal(mut self, signal: Signal) -> Self {
        self.stop_signal = signal;
        self
    }

    /// The signal that makes it read its configuration again; `HUP` unless set.
    pub fn reload_signal(mut self, signal: Signal) -> Self {
        self.reload_signal = signal;
        self
    }

    /// How long it may take to end after it was asked to, before it is killed with all that it
    /// started; 10 seconds unless set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Keeps its process id in this file of its host while it runs, and refuses to start it where
    /// the file names another process that runs.
    pub fn pid_file(mut self, path: impl AsRef<Path>) -> Self {
        self.pid_file = Some(path.as_ref().to_owned());
        self
    }

    /// Restarts it when one of these files, or a file in one of these directories, changes on its
    /// host. That does not count as a failure.
    pub fn watch<I>(mut self, paths: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<Path>,
    {
        self.watch.extend(paths.into_iter().map(|path| path.as_ref().to_owned()));
        self
    }

    /// How many bytes of its newest output are kept for whoever begins to follow it, or is slow to;
    /// 256 KiB unless set.
    pub fn kept_output(mut self, bytes: usize) -> Self {
        self.kept_output = bytes;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it runs.
    pub fn command(&self) -> &Command {
        &self.command
    }

    pub(crate) fn restart_budget(&self) -> RestartBudget {
        RestartBudget::new(self.backoff, self.max_restarts, self.restart_window, self.stable_after)
    }

    /// A path as its command means it.
    pub(crate) fn in_dir(&self, path: &Path) -> PathBuf {
        self.command.get_current_dir().map_or_else(|| path.to_owned(), |directory| directory.join(path))
    }
}
