//! The engine: Rhai with our limits, words and functions.

use super::scope;
use rhai::{Dynamic, Engine, Position};

/// Deep enough for any script that a person writes; a call takes 5 to 15 KB of the thread's 16 MiB
/// of stack in release builds, 40 KB in debug builds.
const MAX_CALL_LEVELS: usize = 256;
const MAX_EXPRESSION_DEPTH: usize = 128;

/// An engine with everything registered.
pub(super) fn build() -> Engine {
    let mut engine = Engine::new();
    engine.set_max_call_levels(MAX_CALL_LEVELS);
    engine.set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH);
    // Interning costs a lock for each interpolated text.
    engine.set_max_strings_interned(0);
    engine.on_progress(|_| scope::is_cancelled().then_some(Dynamic::UNIT));
    engine.on_print(print);
    engine.on_debug(debug);
    super::error::register(&mut engine);
    super::modules::register(&mut engine);
    super::command::register(&mut engine);
    super::hosts::register(&mut engine);
    super::output::register(&mut engine);
    super::execute::register(&mut engine);
    super::parallel::register(&mut engine);
    super::results::register(&mut engine);
    super::fan_out::register(&mut engine);
    super::toolbox::register(&mut engine);
    engine
}

/// What the script prints. Where nobody reads it any more, the script ends.
fn print(text: &str) {
    let Ok(scope) = scope::current() else { return println!("{text}") };
    if scope.run.print(text).is_err() {
        scope.cancellation.cancel();
    }
}

/// What the script prints for whoever looks for a fault.
fn debug(text: &str, source: Option<&str>, position: Position) {
    let line = format!("{}:{position}: {text}", source.unwrap_or_default());
    match scope::current() {
        Ok(scope) => scope.run.eprint(&line),
        Err(_) => eprintln!("{line}"),
    }
}
