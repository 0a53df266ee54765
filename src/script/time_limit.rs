//! Time limits on what a script does: a narrower scope that its own timer cancels.

use super::{
    caught,
    scope::{self, Scope, ScriptResult},
};
use crate::{Error, ErrorKind};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Cancels a token when a time has passed, unless it is dropped before.
pub(crate) struct Timer {
    fired: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Timer {
    /// Begins to wait.
    pub(crate) fn start(runtime: &tokio::runtime::Handle, limit: Duration, token: CancellationToken) -> Self {
        let fired = Arc::new(AtomicBool::new(false));
        let sets = fired.clone();
        let task = runtime.spawn(async move {
            tokio::time::sleep(limit).await;
            sets.store(true, Ordering::SeqCst);
            token.cancel();
        });
        Self { fired, task }
    }

    /// Whether it was this timer that cancelled the token.
    pub(crate) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Does something within a time limit: what it waits for, the commands that it runs included, is
/// given up when the time has passed.
///
/// # Errors
///
/// Those of `work`; and a timeout, which scripts can catch, if this limit was it that ended it. A
/// cancellation from outside stays one.
pub(crate) fn within<T>(limit: Duration, work: impl FnOnce() -> ScriptResult<T>) -> ScriptResult<T> {
    let outer = scope::current()?;
    let cancellation = outer.cancellation.child_token();
    let timer = Timer::start(&outer.run.runtime, limit, cancellation.clone());
    let result = {
        let _entered = Scope { cancellation, ..outer.clone() }.enter();
        work()
    };
    match result {
        Err(problem) if outer.cancellation.is_cancelled() => Err(problem),
        Err(problem) if timer.has_fired() && caught::is_terminated(&problem) => Err(timed_out(limit)),
        result => result,
    }
}

/// The error of a limit that has passed.
pub(crate) fn timed_out(limit: Duration) -> Box<rhai::EvalAltResult> {
    super::error::thrown(Error::new(ErrorKind::Timeout, format!("timed out after {limit:?}")))
}
