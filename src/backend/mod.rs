//! Where commands run: the traits that every backend implements, and the backends.

mod any;
mod capabilities;
#[cfg(unix)]
mod command_files;
mod files;
mod host_process;
pub mod local;
pub mod mock;
#[cfg(all(unix, feature = "ssh"))]
pub mod remote;
pub(crate) mod request;
#[cfg(all(unix, feature = "ssh"))]
pub mod ssh;
mod stdin;
mod stream;
#[cfg(unix)]
mod typing;

pub use any::AnyBackend;
pub use capabilities::{Capabilities, Capability};
#[cfg(unix)]
pub use command_files::CommandFiles;
pub use files::{
    BoxFuture, BoxReader, Checksum, DirEntry, FileKind, FileMetadata, FileSystem, FileWriter, NoFiles,
    TreeEntry, WriteOptions, check_arrived, show,
};
pub use host_process::{
    DEFAULT_GRACE, HostProcess, ProcessControl, ProcessParts, StatusSetter, Stopped, Terms,
};
pub use stdin::ProcessStdin;
pub use stream::{BatchEvent, EventSender, EventStream};

use crate::{
    Result,
    command::{Command, Pipeline},
    event::{ExitStatus, Signal},
};
use std::{future::Future, sync::Arc};

/// A place that runs commands.
///
/// Implemented with static dispatch, so that a Rust program that knows its backend pays for no
/// more than it uses; [`AnyBackend`] is its erased twin, for programs (and scripts) that learn
/// the place at run time.
///
/// A clone is another handle to the same place.
///
/// # Ends
///
/// Whoever starts a process owns its end. A backend sees to it that a process whose handle is
/// dropped is ended with everything that it started, unless the command was
/// [detached](Command::detach) or a [daemon](Command::daemon).
pub trait Backend: Clone + Send + Sync + 'static {
    /// What it hands out for what it runs.
    type Process: Process;

    /// The host as it prints, such as `local` or `ssh://deploy@web1`.
    fn host(&self) -> &str;

    /// What it can do. [`Executor`](crate::Executor) compares each command with this before it
    /// gets here, and refuses what is not there.
    fn capabilities(&self) -> Capabilities;

    /// Starts a command.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) or [`Denied`](crate::ErrorKind::Denied) where the
    /// program or the directory is missing or may not be used,
    /// [`Connect`](crate::ErrorKind::Connect) where the host can't be reached.
    fn spawn(&self, command: &Command) -> impl Future<Output = Result<Self::Process>> + Send;

    /// Starts all stages of a pipeline, joined by pipes on the host.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn); if one stage can't be started, none is left running.
    fn spawn_pipeline(&self, pipeline: &Pipeline) -> impl Future<Output = Result<Self::Process>> + Send;

    /// The files of this host.
    fn files(&self) -> Arc<dyn FileSystem>;

    /// Starts a command and hands over its events and its process.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    fn execute(&self, command: &Command) -> impl Future<Output = Result<Execution<Self::Process>>> + Send {
        async {
            let mut process = self.spawn(command).await?;
            let events = process.take_events().unwrap_or_default();
            Ok(Execution { events, process })
        }
    }
}

/// A command that runs: its events, and the process itself.
#[derive(Debug)]
pub struct Execution<P> {
    /// What happens to it.
    pub events: EventStream,
    /// The process: signals, input, its end.
    pub process: P,
}

/// A process on some host.
///
/// Signals go to its whole process group. Dropping it ends it and what it started.
pub trait Process: Send + Sync + 'static {
    /// Its process id on its host, where the host tells it.
    fn pid(&self) -> Option<u32>;

    /// Its events. They can be taken once: ownership moves.
    fn take_events(&mut self) -> Option<EventStream>;

    /// Its standard input, if it was asked for with
    /// [`StdinSource::Piped`](crate::StdinSource::Piped). It can be taken once.
    fn take_stdin(&mut self) -> Option<ProcessStdin>;

    /// Sends a signal to its process group. A process that has ended takes any signal without
    /// effect.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a signal that the host does not have,
    /// [`Denied`](crate::ErrorKind::Denied) where the process belongs to somebody else.
    fn signal(&self, signal: Signal) -> impl Future<Output = Result<()>> + Send;

    /// Waits until it has ended and its output has been read. Any number of callers may wait, any
    /// number of times.
    ///
    /// Output that nobody takes from the event stream holds the process up; to discard it, drop
    /// the stream.
    fn wait(&self) -> impl Future<Output = ExitStatus> + Send;

    /// How it ended, if it has.
    fn try_wait(&self) -> Option<ExitStatus>;

    /// The statuses of a pipeline's stages, once it has ended; of a command, its own.
    fn stage_statuses(&self) -> Vec<ExitStatus>;

    /// Ends it, as [`stop`](Self::stop) does, and marks it as given up by its owner: its status
    /// is [`ExitStatus::Cancelled`].
    fn cancel(&self) -> impl Future<Output = ExitStatus> + Send;

    /// Asks it to end (`TERM`), waits for `grace`, then kills it with everything that it started.
    /// Says which it took.
    fn stop(&self, grace: std::time::Duration) -> impl Future<Output = Result<Stopped>> + Send;

    /// Asks it to end: `TERM`.
    ///
    /// # Errors
    ///
    /// As [`signal`](Self::signal).
    fn terminate(&self) -> impl Future<Output = Result<()>> + Send {
        self.signal(Signal::Term)
    }

    /// Kills it: `KILL`, which reaches also what it started in sessions of their own, where the
    /// backend can.
    ///
    /// # Errors
    ///
    /// As [`signal`](Self::signal).
    fn kill(&self) -> impl Future<Output = Result<()>> + Send {
        self.signal(Signal::Kill)
    }

    /// As Ctrl-C does: `INT`.
    ///
    /// # Errors
    ///
    /// As [`signal`](Self::signal).
    fn interrupt(&self) -> impl Future<Output = Result<()>> + Send {
        self.signal(Signal::Int)
    }

    /// Asks it to read its configuration again: `HUP`.
    ///
    /// # Errors
    ///
    /// As [`signal`](Self::signal).
    fn reload(&self) -> impl Future<Output = Result<()>> + Send {
        self.signal(Signal::Hup)
    }
}
