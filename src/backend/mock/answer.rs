//! What the mock answers to a command: what it writes, how long it runs, how it ends.

use crate::{
    Error,
    event::{ExitStatus, OutputStream, Signal},
};
use bytes::Bytes;
use std::time::Duration;

/// What a mocked command does: steps in the order in which they are told, then its end.
///
/// Without any step it ends at once with exit code 0. It takes signals as a program does that
/// handles none: `TERM` ends it, `STOP` and `CONT` stop and continue it.
///
/// ```
/// use rexec::{Signal, backend::mock::Answer};
/// use std::time::Duration;
///
/// let failing = Answer::new().stderr("no such unit\n").code(5);
/// let slow = Answer::new().stdout("working\n").delay(Duration::from_secs(3)).stdout("done\n");
/// let stubborn = Answer::text("listening\n").forever().ignores(Signal::Term);
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) steps: Vec<Step>,
    pub(super) end: Result<ExitStatus, Error>,
    ignored: Vec<Signal>,
}

/// One thing that a mocked command does.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(OutputStream, Bytes),
    Wait(Duration),
    RunForever,
}

/// What a signal does to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    Stop,
    Continue,
    End,
}

impl Answer {
    /// Ends at once with exit code 0.
    pub fn new() -> Self {
        Self { steps: Vec::new(), end: Ok(ExitStatus::Exited(0)), ignored: Vec::new() }
    }

    /// Writes this text to standard output, and ends with exit code 0. No newline is added.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().stdout(text.into())
    }

    /// Is never started, for this reason: the command fails with the error, as on a host that
    /// can't be reached.
    ///
    /// ```
    /// use rexec::{Error, ErrorKind, backend::mock::Answer};
    ///
    /// let dead = Answer::error(Error::new(ErrorKind::Connect, "connection refused"));
    /// ```
    pub fn error(error: Error) -> Self {
        Self { end: Err(error), ..Self::new() }
    }

    /// Writes these bytes to standard output.
    pub fn stdout(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Write(OutputStream::Stdout, bytes.into()))
    }

    /// Writes these bytes to standard error.
    pub fn stderr(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Write(OutputStream::Stderr, bytes.into()))
    }

    /// Runs on for this long before the next step or the end.
    pub fn delay(self, time: Duration) -> Self {
        self.step(Step::Wait(time))
    }

    /// Runs until a signal ends it.
    pub fn forever(self) -> Self {
        self.step(Step::RunForever)
    }

    /// Ends with this exit code.
    pub fn code(self, code: i32) -> Self {
        self.status(ExitStatus::Exited(code))
    }

    /// Ends as if this signal had been sent to it.
    pub fn signal(self, signal: Signal) -> Self {
        self.status(ExitStatus::Signaled(signal))
    }

    /// Ends like this; [`ExitStatus::Disconnected`] for a host that is lost midway.
    pub fn status(self, status: ExitStatus) -> Self {
        Self { end: Ok(status), ..self }
    }

    /// This signal does nothing to it. `KILL` and `STOP` can't be ignored.
    pub fn ignores(mut self, signal: Signal) -> Self {
        self.ignored.push(signal);
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// What this signal does: the default actions of `signal(7)`, except for what is ignored.
    pub(super) fn effect(&self, signal: Signal) -> Effect {
        match signal {
            Signal::Kill => Effect::End,
            Signal::Stop => Effect::Stop,
            // Continues a stopped process also where it is ignored.
            Signal::Cont => Effect::Continue,
            ignored if self.ignored.contains(&ignored) => Effect::Nothing,
            Signal::Chld | Signal::Urg | Signal::Winch => Effect::Nothing,
            Signal::Tstp | Signal::Ttin | Signal::Ttou => Effect::Stop,
            _ => Effect::End,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
