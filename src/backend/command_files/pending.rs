//! What dropped writes have still to take away.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};
use tokio::task::JoinHandle;

/// Cleaning up that goes on after a drop, which can't wait for it.
#[derive(Default)]
pub(super) struct Pending(Mutex<Vec<JoinHandle<()>>>);

impl Pending {
    /// Runs a clean-up, if there still is a runtime for it.
    pub(super) fn add(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|task| !task.is_finished());
            all.push(runtime.spawn(work));
        }
    }

    /// Waits until all that was added before is done.
    pub(super) async fn settle(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for task in all {
            // One that panicked has nothing to tell.
            let _ = task.await;
        }
    }
}
