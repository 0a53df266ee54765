//! Ctrl-C: it ends what runs right now, and not the session.

use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What Ctrl-C cancels at the moment.
#[derive(Clone, Default)]
pub(super) struct Interrupt(Arc<Mutex<Option<CancellationToken>>>);

impl Interrupt {
    /// From now on this is what runs.
    pub(super) fn set(&self, running: CancellationToken) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }

    /// Cancels what runs.
    pub(super) fn now(&self) {
        if let Some(running) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            running.cancel();
        }
    }
}
