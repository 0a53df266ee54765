//! Commands joined by pipes.

use super::Command;
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

    /// The same with each stage changed.
    pub fn map(self, change: impl FnMut(Command) -> Command) -> Self {
        Self { stages: self.stages.into_iter().map(change).collect() }
    }

    pub(crate) fn first(&self) -> &Command {
        self.stages.first().expect("a pipeline is made from a command and only grows")
    }

    pub(crate) fn last(&self) -> &Command {
        self.stages.last().expect("a pipeline is made from a command and only grows")
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
