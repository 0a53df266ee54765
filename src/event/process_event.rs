//! What a process tells while it runs.

use super::{ExitStatus, Line, OutputStream};

/// One thing that happened to a process.
///
/// In this order: `Started` once, the output in the order in which it was read, `Exited` once,
/// then the stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessEvent {
    /// It runs.
    Started {
        /// Its process id on its host, where the host tells it. For a pipeline that of the
        /// first stage, which is also the process group of all.
        pid: Option<u32>,
    },
    /// It wrote a line to its standard output.
    Stdout(Line),
    /// It wrote a line to its standard error.
    Stderr(Line),
    /// It ended, and everything that it wrote has been told before.
    Exited(ExitStatus),
}

impl ProcessEvent {
    /// The line, if this is one of output.
    pub fn line(&self) -> Option<&Line> {
        match self {
            ProcessEvent::Stdout(line) | ProcessEvent::Stderr(line) => Some(line),
            _ => None,
        }
    }

    pub(crate) fn output(stream: OutputStream, line: Line) -> Self {
        match stream {
            OutputStream::Stdout => ProcessEvent::Stdout(line),
            OutputStream::Stderr => ProcessEvent::Stderr(line),
        }
    }
}
