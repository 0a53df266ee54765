//! Runs one fixed shell text on the host, and makes an error out of what it says.

use crate::{
    Error, ErrorKind, Result,
    backend::{AnyBackend, Backend, BatchEvent, EventStream, HostProcess, Process, files::show},
    command::{Command, StdinSource},
    event::{Capture, ExitStatus, OutputStream},
};
use bytes::Bytes;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

/// More than any answer but a listing needs; a listing of a million files fits.
const ANSWER_LIMIT: usize = 256 << 20;

/// Runs texts for one operation on one path, which its errors name.
pub(super) struct Tool<'a> {
    backend: &'a AnyBackend,
    context: Context,
}

/// What an error says was attempted.
#[derive(Clone)]
pub(super) struct Context {
    doing: &'static str,
    path: String,
}

/// A text that runs.
pub(super) struct Running {
    pub(super) process: HostProcess,
    pub(super) events: EventStream,
    pub(super) context: Context,
}

impl<'a> Tool<'a> {
    pub(super) fn new(backend: &'a AnyBackend, doing: &'static str, path: &Path) -> Result<Self> {
        check_path(path)?;
        Ok(Self { backend, context: Context { doing, path: show(path) } })
    }

    /// For another step of an operation that began earlier.
    pub(super) fn with_context(backend: &'a AnyBackend, context: Context) -> Self {
        Self { backend, context }
    }

    pub(super) fn backend(&self) -> &AnyBackend {
        self.backend
    }

    /// Starts a text that reads nothing.
    pub(super) async fn start(&self, text: &str, words: &[&OsStr]) -> Result<Running> {
        self.spawn(text, words, StdinSource::Empty).await
    }

    /// Starts a text that reads these bytes.
    pub(super) async fn start_with(&self, text: &str, words: &[&OsStr], input: Bytes) -> Result<Running> {
        self.spawn(text, words, StdinSource::Bytes(input)).await
    }

    /// Starts a text that reads what it will be given. The future is nobody's but its holder's: it may
    /// outlive this tool.
    pub(super) fn start_piped(
        &self,
        text: &str,
        words: &[&OsStr],
    ) -> impl Future<Output = Result<Running>> + Send + 'static + use<> {
        let (backend, context) = (self.backend.clone(), self.context.clone());
        let command = command(text, words).stdin(StdinSource::Piped);
        async move { start(&backend, &command, context).await }
    }

    async fn spawn(&self, text: &str, words: &[&OsStr], stdin: StdinSource) -> Result<Running> {
        start(self.backend, &command(text, words).stdin(stdin), self.context.clone()).await
    }

    /// Runs a text for what it writes.
    pub(super) async fn ask(&self, text: &str, words: &[&OsStr]) -> Result<Vec<u8>> {
        self.start(text, words).await?.answer().await
    }

    /// Runs a text that reads these bytes, for what it writes.
    pub(super) async fn feed(&self, text: &str, words: &[&OsStr], input: Bytes) -> Result<Vec<u8>> {
        self.start_with(text, words, input).await?.answer().await
    }

    /// Runs a text for what it does.
    pub(super) async fn act(&self, text: &str, words: &[&OsStr]) -> Result<()> {
        self.ask(text, words).await.map(drop)
    }
}

async fn start(backend: &AnyBackend, command: &Command, context: Context) -> Result<Running> {
    let mut process = backend.spawn(command).await?;
    let events = process.take_events().unwrap_or_default();
    Ok(Running { process, events, context })
}

fn command(text: &str, words: &[&OsStr]) -> Command {
    // Messages are read for the kind of an error, so they have to be in one language.
    Command::new("sh").arg("-c").arg(text).arg("rexec").args(words).env("LC_ALL", "C")
}

impl Running {
    /// Everything that it writes, once it has succeeded.
    pub(super) async fn answer(mut self) -> Result<Vec<u8>> {
        let mut answer = Vec::new();
        let mut complaints = Capture::new(4096);
        while let Some(event) = self.events.recv_batch().await {
            if let BatchEvent::Output(batch) = event {
                match batch.stream() {
                    OutputStream::Stdout => answer.extend_from_slice(batch.bytes()),
                    OutputStream::Stderr => complaints.push(batch.bytes()),
                }
                if answer.len() > ANSWER_LIMIT {
                    return Err(self.context.error(ErrorKind::Io, "the answer is far too long"));
                }
            }
        }
        let status = self.process.wait().await;
        if status.success() { Ok(answer) } else { Err(self.context.failure(status, &complaints)) }
    }
}

impl Context {
    /// Why a text failed, from how it ended and what it wrote to standard error.
    pub(super) fn failure(&self, status: ExitStatus, complaints: &Capture) -> Error {
        match status {
            ExitStatus::Disconnected => self.error(ErrorKind::Disconnected, &status.to_string()),
            ExitStatus::Cancelled => self.error(ErrorKind::Cancelled, &status.to_string()),
            ExitStatus::TimedOut { .. } => self.error(ErrorKind::Timeout, &status.to_string()),
            _ => self.complaint(status, &complaints.tail_lines(1)),
        }
    }

    /// `cat: can't open '/x': No such file or directory`: the reason stands behind the last colon.
    fn complaint(&self, status: ExitStatus, line: &str) -> Error {
        match line.rsplit(": ").next() {
            None | Some("") => self.error(ErrorKind::Io, &status.to_string()),
            Some(reason) => self.error(kind_of(reason), &in_lower_case(reason)),
        }
    }

    pub(super) fn error(&self, kind: ErrorKind, reason: &str) -> Error {
        Error::new(kind, format!("{} {}: {reason}", self.doing, self.path))
    }
}

/// The words are those of `strerror(3)` in the C locale, which all tools use; dash has its own for
/// redirects.
fn kind_of(reason: &str) -> ErrorKind {
    match reason {
        "No such file or directory" | "No such file" | "Directory nonexistent" => ErrorKind::NotFound,
        "Permission denied" | "Operation not permitted" | "Read-only file system" => ErrorKind::Denied,
        _ => ErrorKind::Io,
    }
}

fn in_lower_case(reason: &str) -> String {
    let mut characters = reason.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// Refuses what no path can be.
pub(super) fn check_path(path: &Path) -> Result<()> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(Error::invalid(format!("{path:?} is no path: it is empty, or has a NUL byte in it")));
    }
    Ok(())
}
