//! Signals to a running command, and the end of everything that it started.

use super::{
    group::Group,
    mark::{Mark, MarkOf},
    platform::{self, Entry, Ticks},
    proc_tree::{Killed, Quarry, kill_all, look},
    unix::signal_number,
};
use crate::{
    Error, Result,
    backend::{BoxFuture, ProcessControl},
    event::Signal,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// How long to wait until what was killed is gone: only something that is stuck in the kernel, or
/// that we can't signal, takes as long.
const DYING: Duration = Duration::from_millis(300);

/// The longest pause between two looks at whether a group is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How the local backend reaches a process.
#[derive(Clone)]
pub(super) struct Control(Arc<Inner>);

struct Inner {
    group: Arc<Group>,
    mark: Mark,
    since: Ticks,
    seen: Mutex<Vec<Entry>>,
}

impl Control {
    /// For the processes in this group, started now or a moment ago, and all that carry this mark.
    pub(super) fn new(group: Arc<Group>, mark: Mark, since: Ticks) -> Self {
        Self(Arc::new(Inner { group, mark, since, seen: Mutex::default() }))
    }

    fn send(&self, signal: Signal) -> Result<()> {
        let number = signal_number(signal)
            .ok_or_else(|| Error::unsupported(format!("this system has no signal {signal}")))?;
        if may_end(signal) {
            self.remember();
        }
        let sent = self.0.group.signal(number);
        sent.map_err(|error| Error::from_io(format!("signal {signal}"), error))
    }

    /// Notes what is below the command. When it ends, its children get other parents, and those
    /// that have left the group and lost the mark (`sudo` takes it away) look like strangers.
    fn remember(&self) {
        if !self.0.group.running().is_empty() {
            let below = look(&self.quarry());
            *self.seen() = below;
        }
    }

    fn kill_tree(&self) -> Killed {
        kill_all(&self.quarry())
    }

    fn quarry(&self) -> Quarry<'_> {
        Quarry {
            groups: vec![&self.0.group],
            marked: MarkOf::Command(&self.0.mark),
            since: self.0.since,
            seen: self.seen().clone(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody lives in the group. The dead are in it until their parent takes notice, which
    /// for orphans is somebody else's and may take its time.
    fn is_empty(&self) -> bool {
        let lives = |entry: Entry| entry.group == self.0.group.id().raw() && !entry.is_dead();
        !self.0.group.is_there() || !platform::processes(self.0.since).any(lives)
    }
}

impl ProcessControl for Control {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        let control = self.clone();
        // Both look through the table of processes, which takes some milliseconds.
        let sending = spawn_blocking(move || match signal {
            Signal::Kill => {
                control.kill_tree().wait(DYING);
                Ok(())
            }
            signal => control.send(signal),
        });
        Box::pin(async {
            sending.await.unwrap_or_else(|error| Err(Error::from_io("send a signal", error.into())))
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

/// Whether a process that does nothing about this signal ends by it (`signal(7)`).
fn may_end(signal: Signal) -> bool {
    !matches!(
        signal,
        Signal::Cont
            | Signal::Stop
            | Signal::Tstp
            | Signal::Ttin
            | Signal::Ttou
            | Signal::Chld
            | Signal::Urg
            | Signal::Winch
    )
}
