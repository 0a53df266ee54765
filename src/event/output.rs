//! What a command that has ended left: its status and what it wrote.

use super::{Capture, ExitStatus};
use std::time::Duration;

/// How a command ended, and what it wrote.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended. For a pipeline as `pipefail` has it: the rightmost failure counts.
    pub status: ExitStatus,
    /// What was kept of its standard output.
    pub stdout: Capture,
    /// What was kept of its standard error, of all stages.
    pub stderr: Capture,
    /// From the start until the end.
    pub duration: Duration,
    /// The command as it prints, with secrets masked.
    pub command: String,
    /// Where it ran, as the host prints.
    pub host: String,
    /// For a pipeline, the output of each stage in its order: its status and its standard error
    /// (the standard output of all but the last went to the next).
    pub stages: Vec<Output>,
}

impl Output {
    /// An output with this status and nothing written.
    pub fn new(status: ExitStatus, command: String, host: String) -> Self {
        Self {
            status,
            stdout: Capture::default(),
            stderr: Capture::default(),
            duration: Duration::ZERO,
            command,
            host,
            stages: Vec::new(),
        }
    }

    /// Whether it ended with code 0.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Its standard output as text, without the newlines at its end, as a shell's `$(...)` gives it.
    pub fn text(&self) -> String {
        let mut text = self.stdout.text();
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        text
    }

    /// Whether something of its output was left out.
    pub fn is_truncated(&self) -> bool {
        self.stdout.is_truncated() || self.stderr.is_truncated()
    }
}
