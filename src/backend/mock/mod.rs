//! Nowhere: answers as told, and remembers what it was asked.

mod answer;
mod files;
mod process;
mod record;
mod rules;
#[cfg(test)]
mod tests;
mod tree;

pub use answer::Answer;
pub use record::Call;

use super::{Backend, Capabilities, Capability, FileSystem, HostProcess, request};
use crate::{
    Error, ErrorKind, Result,
    command::{Command, Pipeline},
};
use files::MemoryFiles;
use process::Stage;
use record::CallRecord;
use rules::Rules;
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Answers as told, and remembers what it was asked to run: for tests of what runs commands.
///
/// A command that no answer fits fails with [`NotFound`](ErrorKind::NotFound). Everything else is
/// as on a host: events, signals, time limits and drops have their effect on a process that
/// [takes its time](Answer::delay), and [files](Backend::files) live in memory. What a command is
/// given to read it does not look at; the [`Call`] keeps it.
///
/// A clone is another handle to the same mock.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use rexec::{Command, Executor, MockBackend, backend::mock::Answer};
///
/// let mock = MockBackend::builder()
///     .answer("systemctl is-active *", "active\n")
///     .answer("df", Answer::new().stderr("df: no such device\n").code(1))
///     .answers("curl *", ["starting", "ready"])
///     .build();
/// let executor = Executor::new("web", mock.clone());
///
/// let curl = || Command::new("curl").arg("http://localhost/health");
/// assert_eq!(executor.run(curl()).await?.text(), "starting");
/// assert_eq!(executor.run(curl()).await?.text(), "ready");
/// assert_eq!(executor.output(Command::new("df")).await?.status.code(), Some(1));
/// assert_eq!(mock.calls()[2], Command::new("df"));
/// # Ok::<(), rexec::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct MockBackend(Arc<Inner>);

struct Inner {
    host: String,
    capabilities: Capabilities,
    files: MemoryFiles,
    state: Mutex<State>,
}

struct State {
    rules: Rules,
    calls: Vec<CallRecord>,
    last_pid: u32,
}

impl MockBackend {
    /// A mock that is told its answers.
    pub fn builder() -> MockBuilder {
        MockBuilder::default()
    }

    /// The commands that it was asked to run, in order: those that nothing fitted too, and each
    /// stage of a pipeline.
    pub fn calls(&self) -> Vec<Command> {
        self.history().into_iter().map(|call| call.command).collect()
    }

    /// The same with what each command was given to read, and the signals that it was sent.
    pub fn history(&self) -> Vec<Call> {
        self.state().calls.iter().map(CallRecord::snapshot).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is asked for and looks up what each stage does: by the text of them all, else
    /// by the text of each.
    fn stages(&self, pipeline: &Pipeline) -> Result<(u32, Vec<Stage>)> {
        let state = &mut *self.state();
        let records: Vec<_> = pipeline.stages().iter().cloned().map(CallRecord::new).collect();
        state.calls.extend_from_slice(&records);
        let whole = match pipeline.stages() {
            [_] => None,
            _ => state.rules.answer_to_pipeline(&pipeline.to_string()),
        };
        let answers = match whole {
            Some(answer) => for_the_last(answer, records.len()),
            None => (pipeline.stages().iter())
                .map(|stage| self.answer(&mut state.rules, stage))
                .collect::<Result<_>>()?,
        };
        let stages = (pipeline.stages().iter().zip(records).zip(answers))
            .map(|((command, record), answer)| self.stage(command, record, answer))
            .collect::<Result<_>>()?;
        state.last_pid += 1;
        Ok((state.last_pid, stages))
    }

    fn answer(&self, rules: &mut Rules, command: &Command) -> Result<Answer> {
        rules.answer(&command.to_string()).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the mock has no answer that fits")
                .with_command(command.to_string())
                .with_host(&*self.0.host)
                .with_hint(format!("the keys of its answers are: {}", rules.keys()))
        })
    }

    fn stage(&self, command: &Command, record: CallRecord, answer: Answer) -> Result<Stage> {
        let in_context = |error: Error| error.with_command(command.to_string()).with_host(&*self.0.host);
        let status = answer.end.clone().map_err(in_context)?;
        Ok(Stage { command: command.clone(), answer, status, record })
    }
}

/// One answer for a whole pipeline is its last stage's; the others do nothing.
fn for_the_last(answer: Answer, stages: usize) -> Vec<Answer> {
    let mut answers = vec![Answer::new(); stages - 1];
    answers.push(answer);
    answers
}

impl Backend for MockBackend {
    type Process = HostProcess;

    fn host(&self) -> &str {
        &self.0.host
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    async fn spawn(&self, command: &Command) -> Result<HostProcess> {
        self.spawn_pipeline(&Pipeline::from(command.clone())).await
    }

    async fn spawn_pipeline(&self, pipeline: &Pipeline) -> Result<HostProcess> {
        request::check(pipeline.stages())?;
        let (pid, stages) = self.stages(pipeline)?;
        process::start(pid, stages, pipeline.clone(), self.0.files.clone())
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.0.files.clone())
    }
}

impl Default for MockBackend {
    /// A mock with no answers.
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for MockBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBackend").field("host", &self.0.host).finish_non_exhaustive()
    }
}

/// What a [`MockBackend`] is told before it is asked.
#[derive(Debug)]
pub struct MockBuilder {
    host: String,
    capabilities: Capabilities,
    rules: Rules,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Default for MockBuilder {
    fn default() -> Self {
        Self {
            host: "mock".to_owned(),
            capabilities: Capabilities::all().without(Capability::Detach),
            rules: Rules::default(),
            files: Vec::new(),
        }
    }
}

impl MockBuilder {
    /// Answers this way to each command that prints as `key`, a glob whose `*` fits spaces and
    /// slashes too.
    ///
    /// Where several keys fit, the most specific one counts: the command itself, then the key
    /// with the most plain characters, then the one that was told first. A key that is no valid
    /// glob fits what prints exactly like it. A key with ` | ` in it answers to a whole pipeline;
    /// if none fits, each of its stages is looked up on its own.
    pub fn answer(self, key: impl Into<String>, answer: impl Into<Answer>) -> Self {
        self.answers(key, [answer])
    }

    /// Answers in turn to each command that `key` fits, and after the last answer with that one
    /// again.
    pub fn answers<I>(mut self, key: impl Into<String>, answers: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Answer>,
    {
        self.rules.add(key.into(), answers.into_iter().map(Into::into).collect());
        self
    }

    /// Has this file, and the directories above it.
    ///
    /// # Panics
    ///
    /// In [`build`](Self::build), where one of the files stands in the way of another.
    pub fn file(mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), contents.into()));
        self
    }

    /// Prints as `mock://name`, to be told apart from other mocks.
    pub fn named(mut self, name: impl fmt::Display) -> Self {
        self.host = format!("mock://{name}");
        self
    }

    /// Can do only this, instead of everything that a host can do.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The mock.
    pub fn build(self) -> MockBackend {
        let files = MemoryFiles::default();
        for (path, contents) in self.files {
            let mut tree = files.tree();
            let parent = path.parent().unwrap_or(&path);
            let made = tree.create_dir_all(parent).and_then(|()| tree.write(&path, contents, None));
            made.expect("no file of a mock stands in the way of another");
        }
        let state = State { rules: self.rules, calls: Vec::new(), last_pid: FIRST_PID };
        MockBackend(Arc::new(Inner {
            host: self.host,
            capabilities: self.capabilities,
            files,
            state: Mutex::new(state),
        }))
    }
}

/// Process ids count from here: they look like process ids, and belong to no real process that
/// one could reach with them.
const FIRST_PID: u32 = 5_000_000;
