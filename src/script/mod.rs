//! Rhai over all of it: one file a topic, each with one `register`.
//!
//! The engine runs on a thread of its own. Functions enter the async world by blocking that thread
//! on the runtime's handle, with the script's cancellation raced (`scope::wait`).

pub mod console;
mod engine;
mod error;
mod host;
mod isolate;
mod masking;
mod modules;
mod run;
mod scope;

pub use console::Console;
pub use error::{CallSite, ScriptError};
pub use host::{ScriptEnd, ScriptHost, ScriptHostBuilder};
