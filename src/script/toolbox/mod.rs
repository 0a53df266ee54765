//! What scripts need around their commands: settings, questions, formats, tables, time.

pub(crate) mod args;
mod cli;
mod control;
pub(crate) mod environment;
pub(crate) mod formats;
mod log;
mod progress;
pub(crate) mod prompt;
pub(crate) mod table;
mod text;
pub(crate) mod time;
mod usage;

pub(crate) use time::Time;

use rhai::Engine;

/// Registers all of them.
pub(super) fn register(engine: &mut Engine) {
    cli::register(engine);
    control::register(engine);
    environment::register(engine);
    formats::register(engine);
    log::register(engine);
    progress::register(engine);
    prompt::register(engine);
    table::register(engine);
    text::register(engine);
    time::register(engine);
}
