//! Lends our terminal to a command that reads from it.
//!
//! A process group that is not in the foreground of its terminal is stopped when it reads
//! (`SIGTTIN`), and each command has a group of its own: without this, one that inherits our
//! standard input would wait for ever.

use super::{group::Group, unix};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How often to look whether the command was stopped by a key.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The terminal is the command's; dropped, it is ours again.
pub(super) struct Foreground {
    group: Arc<Group>,
    ours: i32,
}

impl Foreground {
    /// Makes the group the foreground of the terminal on our standard input, if that is a terminal
    /// and we are its foreground.
    pub(super) fn lend(group: &Arc<Group>) -> Option<Self> {
        let ours = unix::own_group();
        if unix::foreground() != Some(ours) || unix::set_foreground(group.id().raw()).is_err() {
            return None;
        }
        // It may have read before it was in the foreground, and was stopped for that.
        resume(group);
        Some(Self { group: group.clone(), ours })
    }

    /// Has the command go on whenever a key (Ctrl-Z) has stopped it. A shell would take its
    /// terminal back then and show a prompt; here nobody could ever continue it.
    pub(super) async fn keep_going(&self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if self.group.running().into_iter().any(unix::is_stopped_by_terminal) {
                resume(&self.group);
            }
        }
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        if unix::foreground() == Some(self.group.id().raw()) {
            // If the terminal is gone there is nothing to take back.
            let _ = unix::set_foreground(self.ours);
        }
    }
}

fn resume(group: &Group) {
    // It may have ended meanwhile.
    let _ = group.signal(libc::SIGCONT);
}
