//! Processes on this machine, and who owns them: their end is exact.

mod control;
mod environment;
mod foreground;
mod group;
mod input;
mod mark;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "portable.rs"]
mod platform;
mod proc_tree;
mod program;
mod pump;
mod redirect;
mod spawn;
mod stdio;
mod supervise;
mod tty;
mod unix;

use self::{
    group::Group,
    mark::{BackendId, Mark, MarkOf},
    platform::Ticks,
    proc_tree::{Quarry, kill_all},
    spawn::spawn,
};
#[cfg(feature = "ssh")]
pub(in crate::backend) use self::{tty::DEFAULT_SIZE, unix::own_window_size};
use crate::{
    Capability, Result,
    backend::{HostProcess, Terms},
    command::{Command, Pipeline},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What this machine can do.
pub(super) const CAPABILITIES: &[Capability] = &[
    Capability::Signals,
    Capability::Tty,
    Capability::PipedStdin,
    Capability::InheritStdin,
    Capability::FileRedirects,
    Capability::Environment,
    Capability::Pipelines,
    Capability::Detach,
    Capability::Files,
];

/// Shared by the clones of a backend and by each of its commands while it runs. When the last of
/// them goes, what is left of the commands is ended.
pub(super) struct Owner {
    id: BackendId,
    since: Ticks,
    marks: AtomicU64,
    /// The groups of commands that ended and left something in them.
    left_behind: Mutex<Vec<Arc<Group>>>,
}

impl Owner {
    pub(super) async fn spawn(self: &Arc<Self>, command: &Command) -> Result<HostProcess> {
        spawn(self, std::slice::from_ref(command), Terms::from(command), Box::new(|stages| stages[0])).await
    }

    pub(super) async fn spawn_pipeline(self: &Arc<Self>, pipeline: &Pipeline) -> Result<HostProcess> {
        let judge = pipeline.clone();
        let overall = Box::new(move |stages: &[_]| judge.status(stages));
        spawn(self, pipeline.stages(), Terms::from(pipeline), overall).await
    }

    /// A mark that no other command has.
    fn next_mark(&self) -> Mark {
        self.id.mark(self.marks.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes over what a command that has ended left in its group.
    fn inherit(&self, group: Arc<Group>) {
        if group.is_there() {
            let mut groups = self.left_behind.lock().unwrap_or_else(PoisonError::into_inner);
            groups.retain(|group| group.is_there());
            groups.push(group);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if *self.marks.get_mut() == 0 {
            return;
        }
        let groups = self.left_behind.get_mut().unwrap_or_else(PoisonError::into_inner);
        kill_all(&Quarry {
            groups: groups.iter().map(|group| &**group).collect(),
            marked: MarkOf::Backend(&self.id),
            since: self.since,
            seen: Vec::new(),
        });
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self {
            id: BackendId::random(),
            since: Ticks::now(),
            marks: AtomicU64::new(0),
            left_behind: Mutex::default(),
        }
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("id", &self.id).finish_non_exhaustive()
    }
}
