//! Where a script's thread stands: which run it belongs to, and what can cancel it.

use super::run::Run;
use rhai::{EvalAltResult, Position};
use std::{cell::RefCell, future::Future, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What the script functions give.
pub(crate) type ScriptResult<T> = std::result::Result<T, Box<EvalAltResult>>;

/// The run and the cancellation that hold on this thread.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) run: Arc<Run>,
    pub(crate) cancellation: CancellationToken,
}

thread_local! {
    /// Innermost last: `timeout` and `parallel` put a narrower one on top.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// Takes the scope off again when it is dropped.
pub(crate) struct Entered(());

impl Scope {
    /// Makes this the scope of the thread for as long as the guard lives.
    pub(crate) fn enter(self) -> Entered {
        SCOPES.with_borrow_mut(|scopes| scopes.push(self));
        Entered(())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(Vec::pop);
    }
}

/// The scope of this thread; an error where a function of ours is called outside of a run.
pub(crate) fn current() -> ScriptResult<Scope> {
    SCOPES
        .with_borrow(|scopes| scopes.last().cloned())
        .ok_or_else(|| "this function works only in a script that a `ScriptHost` runs".into())
}

/// Whether the script was cancelled: asked by the engine between operations.
pub(crate) fn is_cancelled() -> bool {
    SCOPES.with_borrow(|scopes| scopes.last().is_some_and(|scope| scope.cancellation.is_cancelled()))
}

/// Waits for a future on the script's thread; a cancellation wakes it.
///
/// # Errors
///
/// What the future gives, and Rhai's `ErrorTerminated`, which scripts can't catch, when the script
/// is cancelled.
pub(crate) fn wait<T>(future: impl Future<Output = crate::Result<T>>) -> ScriptResult<T> {
    let scope = current()?;
    scope.run.runtime.block_on(async {
        tokio::select! {
            biased;
            () = scope.cancellation.cancelled() => Err(terminated()),
            result = future => result.map_err(super::error::thrown),
        }
    })
}

/// The end of a cancelled script.
pub(crate) fn terminated() -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated("cancelled".into(), Position::NONE).into()
}
