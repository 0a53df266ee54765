//! One connection to a far side, and what bears its mark there.

use super::{Channels, Warden, records::random_word, spawn};
use crate::{
    Result,
    backend::{HostProcess, Terms},
    command::{Command, Pipeline},
    event::ExitStatus,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A connection to a far side whose [`Warden`] is there.
///
/// While it lives, its commands do; when it goes (closed, dropped, lost, or with the whole of
/// rexec), the warden ends what is left of them, but for what daemons left.
#[derive(Debug)]
pub struct Link {
    pub(super) warden: Warden,
    id: LinkId,
    marks: AtomicU64,
}

/// What becomes one process.
#[derive(Clone, Copy, Debug)]
pub enum Startable<'a> {
    /// A command.
    Command(&'a Command),
    /// A pipeline.
    Pipeline(&'a Pipeline),
}

/// What all marks of one link begin with: random, since a mark is proof enough to kill for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkId(String);

impl LinkId {
    /// One that no other link has.
    pub fn random() -> Self {
        Self(format!("{}{}", random_word(), random_word()))
    }

    /// As the warden is given it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Link {
    /// A link whose warden was started with this id.
    pub fn new(warden: Warden, id: LinkId) -> Self {
        Self { warden, id, marks: AtomicU64::new(0) }
    }

    /// Its warden.
    pub fn warden(&self) -> &Warden {
        &self.warden
    }

    /// Starts a command, or all stages of a pipeline, on a channel of its own; `None` where the host
    /// allows no further channel.
    ///
    /// # Errors
    ///
    /// As [`Backend::spawn`](crate::Backend::spawn).
    pub async fn spawn(
        self: &Arc<Self>,
        channels: &dyn Channels,
        what: Startable<'_>,
    ) -> Result<Option<HostProcess>> {
        match what {
            Startable::Command(command) => {
                let overall = Box::new(|stages: &[ExitStatus]| stages[0]);
                let stages = std::slice::from_ref(command);
                spawn::spawn(self, channels, stages, Terms::from(command), overall).await
            }
            Startable::Pipeline(pipeline) => {
                let judge = pipeline.clone();
                let overall = Box::new(move |stages: &[ExitStatus]| judge.status(stages));
                spawn::spawn(self, channels, pipeline.stages(), Terms::from(pipeline), overall).await
            }
        }
    }

    /// A mark that no other command has.
    pub(super) fn next_mark(&self) -> String {
        let LinkId(id) = &self.id;
        format!("{id}-{}", self.marks.fetch_add(1, Ordering::Relaxed))
    }
}
