//! Commands joined by pipes.

use super::Command;
use crate::event::{ExitStatus, Signal};
use std::fmt;

/// Commands whose output goes to the next one's input.
///
/// It fails as a shell's `pipefail` has it: the rightmost failure counts. An end by `SIGPIPE` of a
/// stage before the last is no failure, since that is how `head` ends what it no longer reads.
///
/// ```
/// use rexec::Command;
///
/// let pipeline = Command::new("sort").pipe(Command::new("uniq").arg("-c"));
/// assert_eq!(pipeline.to_string(), "sort | uniq -c");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    pub(crate) stages: Vec<Command>,
}

impl Pipeline {
    /// Sends the output of the last stage to another command or pipeline.
    pub fn pipe(mut self, next: impl Into<Pipeline>) -> Self {
        self.stages.extend(next.into().stages);
        self
    }

    /// Its commands; at least one.
    pub fn stages(&self) -> &[Command] {
        &self.stages
    }

    /// What the statuses of its stages, in their order, come to as a whole: that of the rightmost
    /// stage whose command does not accept it, else success.
    ///
    /// ```
    /// use rexec::{Command, ExitStatus, Signal};
    ///
    /// let pipeline = Command::new("yes").pipe(Command::new("head"));
    /// let ends = [ExitStatus::Signaled(Signal::Pipe), ExitStatus::Exited(0)];
    /// assert!(pipeline.status(&ends).success());
    /// ```
    pub fn status(&self, stages: &[ExitStatus]) -> ExitStatus {
        let last = self.stages.len() - 1;
        let failure = self.stages.iter().zip(stages).enumerate().rev().find(|&(index, (command, status))| {
            let by_reader = index < last && *status == ExitStatus::Signaled(Signal::Pipe);
            !by_reader && !status.code().is_some_and(|code| command.accepts(code))
        });
        failure.map_or(ExitStatus::Exited(0), |(_, (_, &status))| status)
    }

    /// The same with each stage changed.
    pub fn map(self, change: impl FnMut(Command) -> Command) -> Self {
        Self { stages: self.stages.into_iter().map(change).collect() }
    }

    pub(crate) fn first(&self) -> &Command {
        self.stages.first().expect("a pipeline is made from a command and only grows")
    }
}

impl From<Command> for Pipeline {
    fn from(command: Command) -> Self {
        Self { stages: vec![command] }
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stage) in self.stages.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            stage.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rightmost_failure_counts() {
        let pipeline = Command::new("a").pipe(Command::new("b").ok_codes([0, 1])).pipe(Command::new("c"));
        let status = |codes: [i32; 3]| pipeline.status(&codes.map(ExitStatus::Exited));
        assert_eq!(status([0, 0, 0]), ExitStatus::Exited(0));
        assert_eq!(status([2, 3, 0]), ExitStatus::Exited(3));
        assert_eq!(status([2, 1, 0]), ExitStatus::Exited(2), "b accepts 1");
    }

    #[test]
    fn sigpipe_is_a_failure_of_the_last_stage_only() {
        let pipeline = Command::new("a").pipe(Command::new("b"));
        let (pipe, done) = (ExitStatus::Signaled(Signal::Pipe), ExitStatus::Exited(0));
        assert_eq!(pipeline.status(&[pipe, done]), done);
        assert_eq!(pipeline.status(&[done, pipe]), pipe);
    }
}
