//! Rhai over all of it: one file a topic, each with one `register`.
//!
//! The engine runs on a thread of its own. Functions enter the async world by blocking that thread
//! on the runtime's handle, with the script's cancellation raced (`scope::wait`).

mod caught;
mod command;
mod compile;
pub mod console;
mod convert;
mod deferred;
mod define;
pub(crate) mod documentation;
mod ending;
mod engine;
mod error;
mod event;
mod execute;
mod fan_out;
mod files;
mod handles;
mod host;
mod hosts;
mod inventory;
mod isolate;
mod journal;
mod managed;
mod masking;
mod messages;
mod mock;
pub(crate) mod modules;
mod nearest;
mod options;
mod output;
mod package;
mod parallel;
mod pipe;
pub mod policy;
mod process;
mod record;
mod report;
mod results;
mod run;
mod scope;
#[cfg(feature = "cli")]
pub(crate) mod session;
mod shell;
#[cfg(all(unix, feature = "ssh"))]
mod ssh;
mod start;
mod stop;
mod template;
mod time_limit;
mod timers;
mod toolbox;
mod unseen;

pub use command::Command;
pub use console::Console;
pub use documentation::{Example, FunctionDoc};
pub use event::Event;
pub use host::{ScriptEnd, ScriptHost, ScriptHostBuilder};
pub use hosts::Host;
pub use managed::ManagedProcess;
#[cfg(feature = "cli")]
pub(crate) use options::parse_duration;
pub use output::Output;
pub use package::{EnteredRun, RexecPackage};
pub use process::Process;
pub use report::{CallSite, ScriptError};
pub use unseen::Failure;
/// What the interface of this module is made of, for programs that embed it.
pub use {rhai, tokio_util::sync::CancellationToken};
