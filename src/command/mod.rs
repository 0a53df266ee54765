//! What to run: commands, pipelines and sequences. Plain data, no I/O.

#[allow(clippy::module_inception, reason = "the file holds the type of that name")]
mod command;
mod job;
mod pipeline;
mod quote;
mod redirect;
pub mod shell_template;
pub mod template;
pub mod words;

pub use command::{Command, EnvChange};
pub use job::Job;
pub use pipeline::Pipeline;
pub use quote::quote;
pub use redirect::{OutputTarget, StdinSource};

pub(crate) use quote::{quote_always, quote_display};
