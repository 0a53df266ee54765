//! The prompt, in a pseudo-terminal.

#[path = "../support/mod.rs"]
mod support;

mod background;
mod editing;
mod errors;
mod piped;
mod processes;
mod session;
mod shell;
mod terminal;
