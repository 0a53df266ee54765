//! What scripts need around their commands: settings, questions, formats, tables, time.

mod control;
pub(crate) mod table;
pub(crate) mod time;

pub(crate) use time::Time;

use rhai::Engine;

/// Registers all of them.
pub(super) fn register(engine: &mut Engine) {
    control::register(engine);
    table::register(engine);
    time::register(engine);
}
