//! What happens to a managed process, over all of its runs.

use crate::{Error, event::ProcessEvent};
use std::{path::PathBuf, time::Duration};

/// One thing that happened to a managed process.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ManagedEvent {
    /// What the process that runs at the time told: its start, its output, its end.
    Process(ProcessEvent),
    /// It is ready.
    Ready,
    /// It is about to be started again after it ended by itself.
    Restarted {
        /// Which restart since it was last started by somebody, counted from 1.
        count: u32,
        /// How long the restart had waited.
        after: Duration,
    },
    /// A file that it watches has changed, and it is about to be stopped and started again.
    Changed {
        /// The file or directory.
        path: PathBuf,
    },
    /// It was stopped, or ended in a way that is no reason to start it again.
    Stopped,
    /// It was given up.
    Failed(Error),
    /// This follower was too slow: so many lines were dropped before it took them.
    Missed {
        /// How many.
        lines: u64,
    },
}
