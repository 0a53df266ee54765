#![doc = include_str!("ARCHITECTURE.md")]

pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod command;
mod error;
pub mod event;
pub mod executor;
#[cfg(feature = "cli")]
pub mod guard;
#[cfg(feature = "script")]
pub mod inventory;
#[cfg(feature = "script")]
pub mod script;
pub mod target;

#[cfg(feature = "cli")]
pub mod repl;

#[cfg(all(unix, feature = "ssh"))]
pub use backend::ssh::{KnownHosts, SshBackend, SshBuilder};
pub use backend::{
    AnyBackend, Backend, BatchEvent, Capabilities, Capability, EventStream, Execution, HostProcess, Process,
    ProcessStdin, Stopped, local::LocalBackend, mock::MockBackend,
};
pub use command::{Command, Job, OutputTarget, Pipeline, StdinSource};
pub use error::{Error, ErrorKind, Result};
pub use event::{
    Batch, ExitStatus, Line, LineEnding, LogFilter, Output, OutputStream, ParseSignalError, ProcessEvent,
    Signal,
};
pub use executor::{Executor, ManagedEvent, ManagedHandle, ManagedState, ManagedStatus};
#[cfg(feature = "script")]
pub use script::{Console, ScriptEnd, ScriptError, ScriptHost, ScriptHostBuilder};

/// The Rust code in the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
