//! How a managed process is at the moment.

use crate::{Error, event::ExitStatus};
use std::time::{Duration, SystemTime};

/// Where in its life a managed process is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ManagedState {
    /// It does not run, and is not to.
    Stopped,
    /// It is being started, and is not ready yet.
    Starting {
        /// Its process id, once it has one.
        pid: Option<u32>,
    },
    /// It runs and is ready.
    Running {
        /// Its process id, where the host tells it.
        pid: Option<u32>,
    },
    /// It ended by itself, and will be started again.
    BackingOff {
        /// How long that waits, from the time of its end on.
        delay: Duration,
    },
    /// It was asked to end.
    Stopping {
        /// Its process id, where the host tells it.
        pid: Option<u32>,
    },
    /// It was given up, and does not run.
    Failed(Error),
}

impl ManagedState {
    /// The name that scripts see.
    pub fn name(&self) -> &'static str {
        match self {
            ManagedState::Stopped => "stopped",
            ManagedState::Starting { .. } => "starting",
            ManagedState::Running { .. } => "running",
            ManagedState::BackingOff { .. } => "backing_off",
            ManagedState::Stopping { .. } => "stopping",
            ManagedState::Failed(_) => "failed",
        }
    }
}

/// How a managed process is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManagedStatus {
    /// Where in its life it is.
    pub state: ManagedState,
    /// Since when.
    pub since: SystemTime,
    /// How often it was restarted after it ended by itself, since it was last started by somebody.
    pub restarts: u32,
    /// How it last ended.
    pub last_exit: Option<ExitStatus>,
}

impl ManagedStatus {
    pub(super) fn new() -> Self {
        Self { state: ManagedState::Stopped, since: SystemTime::now(), restarts: 0, last_exit: None }
    }

    /// Its process id, while it runs and where the host tells it.
    pub fn pid(&self) -> Option<u32> {
        match self.state {
            ManagedState::Starting { pid }
            | ManagedState::Running { pid }
            | ManagedState::Stopping { pid } => pid,
            ManagedState::Stopped | ManagedState::BackingOff { .. } | ManagedState::Failed(_) => None,
        }
    }

    /// Whether it runs and is ready.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, ManagedState::Running { .. })
    }

    /// Why it was given up, if it was.
    pub fn error(&self) -> Option<&Error> {
        match &self.state {
            ManagedState::Failed(error) => Some(error),
            _ => None,
        }
    }
}
