//! Anything that can be run: a command, a pipeline, or one after the other.

use super::{Command, Pipeline};
use std::fmt;

/// What [`Executor::run`](crate::Executor::run) takes.
///
/// ```
/// use rexec::{Command, Job};
///
/// let job = Job::from(Command::new("make")).then(Command::new("make").arg("install"));
/// assert_eq!(job.to_string(), "make && make install");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Job {
    /// One command.
    Command(Command),
    /// Commands joined by pipes.
    Pipeline(Pipeline),
    /// The second if the first succeeded, as a shell's `&&`.
    Then(Box<Job>, Box<Job>),
    /// The second if the first failed, as a shell's `||`.
    OrElse(Box<Job>, Box<Job>),
}

impl Job {
    /// Runs `next` if this succeeded.
    pub fn then(self, next: impl Into<Job>) -> Job {
        Job::Then(Box::new(self), Box::new(next.into()))
    }

    /// Runs `next` if this failed.
    pub fn or_else(self, next: impl Into<Job>) -> Job {
        Job::OrElse(Box::new(self), Box::new(next.into()))
    }

    /// The same with each of its commands changed.
    pub fn map(self, change: &mut dyn FnMut(Command) -> Command) -> Job {
        match self {
            Job::Command(command) => Job::Command(change(command)),
            Job::Pipeline(pipeline) => Job::Pipeline(pipeline.map(change)),
            Job::Then(first, second) => Job::Then(Box::new(first.map(change)), Box::new(second.map(change))),
            Job::OrElse(first, second) => {
                Job::OrElse(Box::new(first.map(change)), Box::new(second.map(change)))
            }
        }
    }

    /// Its commands, in the order in which they stand.
    pub fn commands(&self) -> Vec<&Command> {
        match self {
            Job::Command(command) => vec![command],
            Job::Pipeline(pipeline) => pipeline.stages.iter().collect(),
            Job::Then(first, second) | Job::OrElse(first, second) => {
                first.commands().into_iter().chain(second.commands()).collect()
            }
        }
    }
}

impl From<Command> for Job {
    fn from(command: Command) -> Self {
        Job::Command(command)
    }
}

impl From<Pipeline> for Job {
    fn from(pipeline: Pipeline) -> Self {
        Job::Pipeline(pipeline)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::Command(command) => command.fmt(f),
            Job::Pipeline(pipeline) => pipeline.fmt(f),
            Job::Then(first, second) => write!(f, "{first} && {second}"),
            Job::OrElse(first, second) => write!(f, "{first} || {second}"),
        }
    }
}
