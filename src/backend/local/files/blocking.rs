//! Work that blocks a thread, and stops when nobody waits for it any longer.

use crate::{Error, ErrorKind, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Tells work on the blocking pool that its caller has gone. A thread can't be cancelled from
/// outside, so whatever may take long asks now and then.
#[derive(Clone, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    /// # Errors
    ///
    /// [`Cancelled`](ErrorKind::Cancelled), once the caller has gone.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "given up by its caller"));
        }
        Ok(())
    }
}

struct SetOnDrop(Abandoned);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Does this on the blocking pool. When the future is dropped, `work` goes on until it asks
/// [`Abandoned::check`], or to its end.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Abandoned) -> Result<T> + Send + 'static,
) -> Result<T> {
    let abandoned = Abandoned::default();
    let _set_on_drop = SetOnDrop(abandoned.clone());
    match tokio::task::spawn_blocking(move || work(&abandoned)).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::new(ErrorKind::Cancelled, "the runtime is shutting down")),
    }
}
