//! The engine: Rhai with our limits, words and functions.

use super::{scope, template};
use rhai::{Dynamic, Engine, Position, Token};
use std::cell::Cell;

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
    engine.set_strict_variables(true);
    engine.on_print(print);
    engine.on_debug(debug);
    super::modules::register(&mut engine);
    add_functions(&mut engine);
    engine
}

/// Adds the language's own: words, templates, functions, and what cancels them.
pub(super) fn add_functions(engine: &mut Engine) {
    engine.on_progress(|_| scope::is_cancelled().then_some(Dynamic::UNIT));
    set_words(engine);
    super::handles::register(engine);
    super::error::register(engine);
    super::template::register(engine);
    super::command::register(engine);
    super::hosts::register(engine);
    #[cfg(all(unix, feature = "ssh"))]
    super::ssh::register(engine);
    super::mock::register(engine);
    super::output::register(engine);
    super::execute::register(engine);
    super::shell::register(engine);
    super::files::register(engine);
    super::pipe::register(engine);
    super::event::register(engine);
    super::process::register(engine);
    super::managed::register(engine);
    super::timers::register(engine);
    super::stop::register(engine);
    super::parallel::register(engine);
    super::results::register(engine);
    super::fan_out::register(engine);
    super::inventory::register(engine);
    super::journal::register(engine);
    super::toolbox::register(engine);
}

/// Reserved by Rhai with no meaning, and good names for functions, fields and options.
const FREED: [&str; 21] = [
    "async",
    "await",
    "case",
    "default",
    "go",
    "is",
    "match",
    "module",
    "new",
    "package",
    "protected",
    "public",
    "shared",
    "spawn",
    "static",
    "super",
    "sync",
    "thread",
    "use",
    "with",
    "yield",
];

thread_local! {
    /// Whether the token before was a `::`.
    static AFTER_COLONS: Cell<bool> = const { Cell::new(false) };
}

/// Frees the reserved words; templates need to know where the last token stands.
// The engine marks this as deprecated, by which it means "volatile": its version is pinned.
#[allow(deprecated)]
fn set_words(engine: &mut Engine) {
    engine.on_parse_token(|token, position, _| {
        template::note_token(position);
        let in_module = AFTER_COLONS.replace(token == Token::DoubleColon);
        match token {
            Token::Reserved(word) if FREED.contains(&word.as_str()) => Token::Identifier(word),
            // A module may have functions of these names: `log::debug`.
            Token::Reserved(word) if in_module && ["debug", "print"].contains(&word.as_str()) => {
                Token::Identifier(word)
            }
            other => other,
        }
    });
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
