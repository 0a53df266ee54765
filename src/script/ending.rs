//! The end of a script: what was deferred runs, and what failed unseen is shown.

use super::{
    caught,
    console::LogLevel,
    process,
    scope::{self, Scope, ScriptResult},
    timers,
    unseen::Failure,
};
use rhai::{Dynamic, Engine, EvalAltResult};

/// The exit code of a script that left failures of some items unseen.
pub(crate) const SOME_FAILED: i32 = 3;

/// How a script ended.
pub(crate) struct Ending {
    /// Its value, or its first error.
    pub(crate) result: ScriptResult<Dynamic>,
    /// The code that it asked for; [`SOME_FAILED`] where it would be 0 and something had failed.
    pub(crate) exit_code: i32,
    /// What failed in parallel, and was never looked at.
    pub(crate) unseen: Vec<Failure>,
}

/// Runs a script, on its thread and in its scope, to the end of what it deferred.
pub(crate) fn run_to_its_end(
    engine: &Engine,
    scope: &Scope,
    script: impl FnOnce() -> ScriptResult<Dynamic>,
) -> Ending {
    let result = script();
    let result = result.map_err(|problem| scope::take_failure().unwrap_or(problem));
    let problems = scope.run.deferred.run_all(engine, scope);
    let result = first_problem(scope, result, problems);
    end_processes(scope);
    scope.run.temp_dirs.remove_all(&scope.run);
    let (unseen, more) = scope.run.unseen.take();
    for failure in &unseen {
        scope.run.log(LogLevel::Error, &format!("nobody looked at this failure: {failure}"));
    }
    if more > 0 {
        scope.run.log(LogLevel::Error, &format!("and at {more} more"));
    }
    let exit_code = scope.run.exit_code().unwrap_or(0);
    let exit_code = if exit_code == 0 && !unseen.is_empty() { SOME_FAILED } else { exit_code };
    end_record(scope, &result, exit_code);
    Ending { result, exit_code, unseen }
}

/// Nothing that a script started outlives it.
fn end_processes(scope: &Scope) {
    process::forget_all();
    timers::forget_all();
    let (managed, processes) = (scope.run.managed.end_all(), scope.run.processes.end_all());
    scope.run.runtime.block_on(async { tokio::join!(managed, processes) });
}

fn end_record(scope: &Scope, result: &ScriptResult<Dynamic>, exit_code: i32) {
    let Some(recorder) = scope.run.recorder() else { return };
    scope.run.runtime.block_on(recorder.settle());
    match result {
        Ok(_) => recorder.end(Some(exit_code), None),
        Err(problem) => recorder.end(None, Some(&caught::told(problem))),
    }
    if let Some(problem) = recorder.take_failure() {
        scope.run.log(LogLevel::Error, &problem.to_string());
    }
}

/// The script's own error, or else the first one of what it deferred; the others are told here, so
/// that none hides another.
fn first_problem(
    scope: &Scope,
    result: ScriptResult<Dynamic>,
    problems: Vec<Box<EvalAltResult>>,
) -> ScriptResult<Dynamic> {
    problems.into_iter().fold(result, |result, problem| match result {
        Ok(_) => Err(problem),
        Err(first) => {
            let message = caught::message(&caught::as_value(problem));
            scope.run.log(LogLevel::Error, &format!("in what was deferred: {message}"));
            Err(first)
        }
    })
}
