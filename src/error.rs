//! The one error type: what kind of failure, where, of which command, and what it had to say.

use crate::event::{Capture, ExitStatus, Output};
use std::{error::Error as StdError, fmt, io};

/// What this crate's fallible functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A command ran and its status was not one of success.
    Command,
    /// A time limit passed.
    Timeout,
    /// A host was never reached.
    Connect,
    /// The connection to a host was lost midway.
    Disconnected,
    /// No such program, file, host, container or unit.
    NotFound,
    /// The backend cannot do this.
    Unsupported,
    /// Permission was refused, by the host or by a policy.
    Denied,
    /// Its owner gave up on it.
    Cancelled,
    /// The request makes no sense as it stands: an unknown signal, an empty command.
    Invalid,
    /// Some of several items failed, each for a reason of its own.
    Failed,
    /// Any other failure of input or output.
    Io,
}

impl ErrorKind {
    /// The name that scripts see.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Command => "command",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Connect => "connect",
            ErrorKind::Disconnected => "disconnected",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Denied => "denied",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Invalid => "invalid",
            ErrorKind::Failed => "failed",
            ErrorKind::Io => "io",
        }
    }
}

/// Why something failed.
///
/// Prints as one line that reads on from "error: "; the tail of the output and the hint are
/// fields, for whoever shows it.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    service: Option<String>,
    host: Option<String>,
    command: Option<String>,
    hint: Option<String>,
    output: Option<Output>,
    source: Option<std::sync::Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message is lower case, and names the thing.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            service: None,
            host: None,
            command: None,
            hint: None,
            output: None,
            source: None,
        }))
    }

    /// An [`ErrorKind::Unsupported`] with the reason.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// An [`ErrorKind::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// A failed system call: its kind follows from the [`io::ErrorKind`], `context` says what was
    /// attempted. One of our own errors that came by way of an [`io::Error`] is that error.
    pub fn from_io(context: impl fmt::Display, source: io::Error) -> Self {
        let source = match source.downcast::<Error>() {
            Ok(own) => return own,
            Err(source) => source,
        };
        let kind = match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::Denied,
            io::ErrorKind::TimedOut => ErrorKind::Timeout,
            io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("{context}: {}", describe_io(&source))).with_source(source)
    }

    /// The failure of a command that ran, from what it left.
    pub fn from_output(output: Output) -> Self {
        let kind = match output.status {
            ExitStatus::TimedOut { .. } => ErrorKind::Timeout,
            ExitStatus::Cancelled => ErrorKind::Cancelled,
            ExitStatus::Disconnected => ErrorKind::Disconnected,
            _ => ErrorKind::Command,
        };
        let mut error = Self::new(kind, output.status.to_string())
            .with_command(output.command.clone())
            .with_host(output.host.clone());
        error.0.output = Some(output);
        error
    }

    /// Adds the host, if none is there yet.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.0.host.get_or_insert_with(|| host.into());
        self
    }

    /// Adds the command as it prints, if none is there yet.
    pub fn with_command(mut self, command: impl Into<String>) -> Self {
        self.0.command.get_or_insert_with(|| command.into());
        self
    }

    /// Adds the service's name, if none is there yet.
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.0.service.get_or_insert_with(|| service.into());
        self
    }

    /// Says what the reader can do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what the command had written by then.
    pub fn with_output(mut self, output: Output) -> Self {
        self.0.output = Some(output);
        self
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(std::sync::Arc::new(source));
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without host and command.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The name of the service whose executor met it.
    pub fn service(&self) -> Option<&str> {
        self.0.service.as_deref()
    }

    /// The host, as it prints.
    pub fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    /// The command, as it prints, with secrets masked.
    pub fn command(&self) -> Option<&str> {
        self.0.command.as_deref()
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// How the command ended, and what it wrote, where it ran at all.
    pub fn output(&self) -> Option<&Output> {
        self.0.output.as_ref()
    }

    /// How the command ended, where it ran at all.
    pub fn status(&self) -> Option<ExitStatus> {
        self.output().map(|output| output.status)
    }

    /// The last lines that the command wrote to standard error, or if there are none, to standard
    /// output.
    pub fn tail(&self) -> Option<String> {
        const LINES: usize = 10;
        let output = self.output()?;
        let tail = |capture: &Capture| Some(capture.tail_lines(LINES)).filter(|text| !text.is_empty());
        tail(&output.stderr).or_else(|| tail(&output.stdout))
    }
}

/// The system's words, without the number that Rust adds to them.
fn describe_io(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    // "Permission denied" reads on from "error: " in lower case; "I/O error" keeps its capital.
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{second}{}", first.to_lowercase(), characters.as_str())
        }
        _ => text.to_owned(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match (&self.0.command, &self.0.host) {
            (Some(command), Some(host)) => write!(f, ": `{command}` on {host}"),
            (Some(command), None) => write!(f, ": `{command}`"),
            (None, Some(host)) => write!(f, " on {host}"),
            (None, None) => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<crate::event::ParseSignalError> for Error {
    fn from(error: crate::event::ParseSignalError) -> Self {
        Self::invalid(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Signal;

    #[test]
    fn a_failed_command_prints_as_one_line() {
        let output = Output::new(ExitStatus::Exited(3), "systemctl start nginx".into(), "ssh://web1".into());
        let error = Error::from_output(output);
        assert_eq!(error.to_string(), "ended with exit code 3: `systemctl start nginx` on ssh://web1");
        assert_eq!(error.kind(), ErrorKind::Command);
    }

    #[test]
    fn no_two_ends_look_alike() {
        let ends = [
            ExitStatus::Exited(1),
            ExitStatus::Signaled(Signal::Term),
            ExitStatus::TimedOut { limit: std::time::Duration::from_secs(2), signal: Some(Signal::Term) },
            ExitStatus::Cancelled,
            ExitStatus::Disconnected,
        ];
        let texts =
            ends.map(|end| Error::from_output(Output::new(end, "x".into(), "local".into())).to_string());
        for (index, text) in texts.iter().enumerate() {
            assert!(!texts[index + 1..].contains(text), "{text} stands for two ends");
        }
    }

    #[test]
    fn a_system_error_reads_on_in_lower_case() {
        let error = Error::from_io("open /x", io::Error::from_raw_os_error(13));
        assert_eq!(error.to_string(), "open /x: permission denied");
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
}
