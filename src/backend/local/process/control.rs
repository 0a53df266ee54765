//! Signals to a running command, and the end of everything that it started.

use super::{
    group::Group,
    mark::{Mark, MarkOf},
    platform::{self, Entry, Ticks},
    proc_tree::{Killed, Quarry, kill_all},
    unix::signal_number,
};
use crate::{
    Error, Result,
    backend::{BoxFuture, ProcessControl},
    event::Signal,
};
use std::{sync::Arc, time::Duration};

/// How long to wait until what was killed is gone: only something that is stuck in the kernel, or
/// that we can't signal, takes as long.
const DYING: Duration = Duration::from_millis(300);

/// The longest pause between two looks at whether a group is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How the local backend reaches a process.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) group: Arc<Group>,
    /// What all that it starts inherits, unless it has an empty environment or is a daemon.
    pub(super) mark: Mark,
    /// When it was started, or a moment before.
    pub(super) since: Ticks,
}

impl Control {
    fn kill_tree(&self) -> Killed {
        kill_all(&Quarry { groups: &[&self.group], marked: MarkOf::Command(&self.mark), since: self.since })
    }

    /// Whether nobody lives in the group. The dead are in it until their parent takes notice, which
    /// for orphans is somebody else's and may take its time.
    fn is_empty(&self) -> bool {
        let lives = |entry: &Entry| entry.group == self.group.id().raw() && !entry.is_dead();
        !self.group.is_there() || !platform::processes(self.since).iter().any(lives)
    }
}

impl ProcessControl for Control {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if signal == Signal::Kill {
                let control = self.clone();
                let killing = tokio::task::spawn_blocking(move || control.kill_tree().wait(DYING));
                return killing.await.map_err(|error| Error::from_io("kill", error.into()));
            }
            let number = signal_number(signal)
                .ok_or_else(|| Error::unsupported(format!("this system has no signal {signal}")))?;
            let sent = self.group.signal(number);
            sent.map_err(|error| Error::from_io(format!("signal {signal}"), error))
        })
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut pause = Duration::from_millis(1);
            while !self.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LOOK_AGAIN);
            }
        })
    }

    fn abandon(&self) {
        self.kill_tree();
    }
}
