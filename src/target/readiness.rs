//! How one can tell that a process that was started is ready for its work.

use crate::{Error, command::Command};
use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

/// What makes a started process ready.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Readiness {
    /// Its start.
    #[default]
    Started,
    /// A line that it writes, to either output.
    Line(LinePattern),
    /// A TCP port that takes connections.
    Port(PortAddress),
    /// A file that is there, and is not one that was there before the start and has not changed
    /// since: a socket or a pid file that a run before left behind proves nothing.
    File(PathBuf),
    /// A command that succeeds, run again and again on the same host.
    Command(Command),
}

impl fmt::Display for Readiness {
    /// What is waited for, to be read after "waiting for".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Readiness::Started => f.write_str("its start"),
            Readiness::Line(pattern) => write!(f, "a line with {pattern}"),
            Readiness::Port(address) => write!(f, "port {address}"),
            Readiness::File(path) => write!(f, "the file {}", path.display()),
            Readiness::Command(command) => write!(f, "`{command}` to succeed"),
        }
    }
}

/// Which lines are meant.
#[derive(Clone)]
pub struct LinePattern {
    description: String,
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl LinePattern {
    /// Lines in which this text stands.
    ///
    /// ```
    /// let pattern = rexec::target::LinePattern::containing("listening on");
    /// assert!(pattern.matches("INFO listening on port 80"));
    /// ```
    pub fn containing(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(format!("`{text}`"), move |line| line.contains(&text))
    }

    /// Lines of which this is true; messages call them by the description.
    pub fn new(
        description: impl Into<String>,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { description: description.into(), matches: Arc::new(matches) }
    }

    /// Whether this line is one of them.
    pub fn matches(&self, line: &str) -> bool {
        (self.matches)(line)
    }
}

impl fmt::Debug for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LinePattern").field(&self.description).finish()
    }
}

impl fmt::Display for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

/// A TCP port, of the process's own host unless another one is named.
///
/// ```
/// use rexec::target::PortAddress;
///
/// assert_eq!("8080".parse::<PortAddress>()?, PortAddress::from(8080));
/// assert_eq!("[::1]:80".parse::<PortAddress>()?.to_string(), "[::1]:80");
/// assert!("80a".parse::<PortAddress>().is_err());
/// # Ok::<(), rexec::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortAddress {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Where a port is looked for if no host is named. Not `localhost`, which may stand for an address
/// that nobody listens on (`::1`).
const LOOPBACK: &str = "127.0.0.1";

impl From<u16> for PortAddress {
    fn from(port: u16) -> Self {
        Self { host: LOOPBACK.to_owned(), port }
    }
}

impl FromStr for PortAddress {
    type Err = Error;

    /// Takes `8080`, `web1:8080` and `[::1]:8080`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (host, port) = text.rsplit_once(':').unwrap_or((LOOPBACK, text));
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match port.parse() {
            Ok(port) if port > 0 && !host.is_empty() => Ok(Self { host: host.to_owned(), port }),
            _ => Err(Error::invalid(format!("`{text}` is no port: use `8080` or `host:8080`"))),
        }
    }
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}
