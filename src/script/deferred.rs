//! `defer`: what runs at the end of the script, whatever happened.

// Calling a closure after the call that it was given to has ended needs an interface that the
// engine marks as deprecated, by which it means "volatile"; the version is pinned.
#![allow(deprecated)]

use super::{
    caught,
    scope::Scope,
    time_limit::{Timer, timed_out},
};
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, NativeCallContextStore};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long all of them have together once the script was cancelled.
const LIMIT_AFTER_CANCELLATION: Duration = Duration::from_secs(10);

/// What a run has put off until its end.
#[derive(Default)]
pub(crate) struct Deferred(Mutex<Vec<Call>>);

struct Call {
    closure: FnPtr,
    context: NativeCallContextStore,
}

impl Deferred {
    /// Puts a call off until the end.
    pub(crate) fn push(&self, context: &NativeCallContext, closure: FnPtr) {
        let call = Call { closure, context: context.store_data() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn pop(&self) -> Option<Call> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Makes the calls, the last one first, and gives what went wrong in them; to be called on the
    /// script's thread when its last statement has run. A failure keeps none of the others from
    /// running.
    ///
    /// They run in the script's own scope, so Ctrl-C ends the one that it meets; where the script
    /// was cancelled, those that are left have a limited time.
    pub(crate) fn run_all(&self, engine: &Engine, scope: &Scope) -> Vec<Box<EvalAltResult>> {
        let mut grace: Option<Grace> = None;
        let mut problems = Vec::new();
        while let Some(call) = self.pop() {
            let result = if scope.cancellation.is_cancelled() {
                grace.get_or_insert_with(|| Grace::begin(scope)).make(engine, scope, &call)
            } else {
                call.make(engine, scope.clone())
            };
            match result {
                // An `exit` in there ends that call: the script is ending already.
                Ok(_) => {}
                Err(problem) if matches!(problem.unwrap_inner(), EvalAltResult::Exit(..)) => {}
                Err(problem) => problems.push(problem),
            }
        }
        problems
    }
}

impl Call {
    fn make(&self, engine: &Engine, scope: Scope) -> Result<Dynamic, Box<EvalAltResult>> {
        let _entered = scope.enter();
        self.closure.call_within_context(&self.context.create_context(engine), ())
    }
}

/// A scope that the script's own cancellation does not reach, for a limited time.
struct Grace {
    cancellation: CancellationToken,
    timer: Timer,
}

impl Grace {
    fn begin(scope: &Scope) -> Self {
        let cancellation = CancellationToken::new();
        let timer = Timer::start(&scope.run.runtime, LIMIT_AFTER_CANCELLATION, cancellation.clone());
        Self { cancellation, timer }
    }

    fn make(&self, engine: &Engine, scope: &Scope, call: &Call) -> Result<Dynamic, Box<EvalAltResult>> {
        if self.timer.has_fired() {
            return Err(timed_out(LIMIT_AFTER_CANCELLATION));
        }
        let result = call.make(engine, Scope { cancellation: self.cancellation.clone(), ..scope.clone() });
        result.map_err(|problem| {
            let out_of_time = self.timer.has_fired() && caught::is_terminated(&problem);
            if out_of_time { timed_out(LIMIT_AFTER_CANCELLATION) } else { problem }
        })
    }
}
