//! Where a script's thread stands: which run it belongs to, and what can cancel it.

use super::{process, run::Run, timers};
use rhai::{EvalAltResult, Position};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// What the script functions give.
pub(crate) type ScriptResult<T> = std::result::Result<T, Box<EvalAltResult>>;

/// The run and the cancellation that hold on this thread.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) run: Arc<Run>,
    pub(crate) cancellation: CancellationToken,
}

/// The stack of a thread that runs a script: scripts nest deeper than the usual 2 MiB allow. It is
/// address space, of which only what is used becomes memory.
pub(crate) const STACK_SIZE: usize = 16 << 20;

thread_local! {
    /// Innermost last: `timeout` and `parallel` put a narrower one on top.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
    /// Operations since the cancellation was looked at.
    static OPERATIONS: Cell<u32> = const { Cell::new(0) };
    /// An error that ends the script at its next operation.
    static FAILURE: RefCell<Option<Box<EvalAltResult>>> = const { RefCell::new(None) };
}

/// Looking for a cancellation takes a lock; so many operations take some 10 µs.
const EVERY: u32 = 128;

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
        let is_last = SCOPES.with_borrow_mut(|scopes| {
            scopes.pop();
            scopes.is_empty()
        });
        if is_last {
            // Closures that this thread was to call are not called any more.
            process::forget_all();
            timers::forget_all();
            FAILURE.take();
        }
    }
}

/// The scope of this thread; an error where a function of ours is called outside of a run.
pub(crate) fn current() -> ScriptResult<Scope> {
    SCOPES
        .with_borrow(|scopes| scopes.last().cloned())
        .ok_or_else(|| "this function works only in a script that a `ScriptHost` runs".into())
}

/// From now on the run of this thread masks this value in everything that it writes.
pub(super) fn keep_secret(value: &str) {
    SCOPES.with_borrow(|scopes| {
        if let Some(scope) = scopes.last() {
            scope.run.masks.add(value);
        }
    });
}

/// Whether the script was cancelled: asked by the engine between operations.
pub(super) fn is_cancelled() -> bool {
    let operations = OPERATIONS.get().wrapping_add(1);
    OPERATIONS.set(operations);
    operations.is_multiple_of(EVERY) && must_end()
}

fn must_end() -> bool {
    FAILURE.with_borrow(Option::is_some)
        || SCOPES.with_borrow(|scopes| scopes.last().is_some_and(|scope| scope.cancellation.is_cancelled()))
}

/// Ends the script with an error at its next operation: for where the engine would lose it.
pub(super) fn fail(problem: Box<EvalAltResult>) {
    FAILURE.set(Some(problem));
    OPERATIONS.set(EVERY - 1);
}

/// The error that ended the script, if that was so.
pub(super) fn take_failure() -> Option<Box<EvalAltResult>> {
    FAILURE.take()
}

/// Waits for a future on the script's thread; a cancellation wakes it. Meanwhile handlers run.
///
/// # Errors
///
/// What the future gives, and Rhai's `ErrorTerminated`, which scripts can't catch, when the script
/// is cancelled.
pub(crate) fn wait<T>(future: impl Future<Output = crate::Result<T>>) -> ScriptResult<T> {
    let cancellation = current()?.cancellation;
    wait_until_done(async move {
        tokio::select! {
            biased;
            () = cancellation.cancelled() => Err(terminated()),
            result = future => result.map_err(super::error::thrown),
        }
    })
}

/// Waits for a future which ends by itself when the script is cancelled.
///
/// # Errors
///
/// What the future gives.
pub(super) fn wait_until_done<T>(future: impl Future<Output = ScriptResult<T>>) -> ScriptResult<T> {
    let runtime = current()?.run.runtime.clone();
    let mut future = std::pin::pin!(future);
    while process::has_turns() {
        let turn = runtime.block_on(async {
            tokio::select! {
                biased;
                result = &mut future => Err(result),
                turn = process::next_turn() => Ok(turn),
            }
        });
        match turn {
            Ok(turn) => process::take_turn(turn)?,
            Err(result) => return result,
        }
    }
    runtime.block_on(future)
}

/// The end of a cancelled script.
pub(crate) fn terminated() -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated("cancelled".into(), Position::NONE).into()
}
