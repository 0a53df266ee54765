//! rexec in a program that has a Rhai engine already.

use super::{
    ScriptHost, ending, engine,
    scope::{Entered, Scope, ScriptResult},
};
use rhai::{Dynamic, Engine};
use std::sync::Arc;

/// Adds rexec's types and functions to an engine.
///
/// The engine gets the `$` templates, the functions of the language, and what they need of it: its
/// `on_progress` (cancellation), `on_var` (handles in closures) and `on_parse_token` callbacks,
/// which therefore can't be the program's own, and the words that Rhai reserves as names. Its
/// limits, its module resolver, `print` and all else stay as they are.
///
/// The functions work within a run: let a [`ScriptHost`] that was built
/// [on the engine](crate::ScriptHostBuilder::engine) run the scripts, or [enter](ScriptHost::enter)
/// one on the thread that calls the engine.
///
/// ```
/// use rexec::{ScriptHost, script::RexecPackage};
///
/// let mut engine = rhai::Engine::new();
/// engine.register_fn("greeting", || "hello");
/// RexecPackage::new().register_into_engine(&mut engine);
///
/// let host = ScriptHost::builder().engine(engine).build();
/// let runtime = tokio::runtime::Runtime::new().unwrap();
/// let run = host.enter(runtime.handle());
/// let text = run.engine().eval::<String>("local().text($`echo ${greeting()}`)").unwrap();
/// assert_eq!(text, "hello");
/// run.finish(Ok(rhai::Dynamic::UNIT)).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RexecPackage(());

impl RexecPackage {
    /// The package.
    pub fn new() -> Self {
        Self(())
    }

    /// Adds everything to an engine.
    pub fn register_into_engine(&self, engine: &mut Engine) {
        engine::add_functions(engine);
    }
}

/// A run that the program drives itself: until it is dropped the functions of rexec work on this
/// thread, for as many calls of the engine as it likes. In the end everything is ended that was
/// started meanwhile.
///
/// It belongs to its thread, which must be one that may block: none that runs async tasks.
pub struct EnteredRun {
    scope: Scope,
    entered: Option<Entered>,
}

impl ScriptHost {
    /// Begins a run on this thread, for a program that calls the engine itself.
    pub fn enter(&self, runtime: &tokio::runtime::Handle) -> EnteredRun {
        let run = Arc::new(self.new_run(runtime.clone(), "embedded"));
        let scope = Scope { run, cancellation: self.cancellation().clone() };
        EnteredRun { entered: Some(scope.clone().enter()), scope }
    }
}

impl EnteredRun {
    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.scope.run.engine
    }

    /// Ends the run, with what came of it: what it deferred runs, and what it started is ended.
    ///
    /// # Errors
    ///
    /// The error that it was given, or else the first one of what was deferred.
    pub fn finish(mut self, result: ScriptResult<Dynamic>) -> ScriptResult<Dynamic> {
        self.end(result)
    }

    fn end(&mut self, result: ScriptResult<Dynamic>) -> ScriptResult<Dynamic> {
        let Some(entered) = self.entered.take() else { return result };
        let engine = self.scope.run.engine.clone();
        let ending = ending::run_to_its_end(&engine, &self.scope, || result);
        drop(entered);
        ending.result
    }
}

impl Drop for EnteredRun {
    fn drop(&mut self) {
        // Whoever wants to know calls `finish`.
        let _ = self.end(Ok(Dynamic::UNIT));
    }
}

impl std::fmt::Debug for EnteredRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnteredRun")
    }
}
