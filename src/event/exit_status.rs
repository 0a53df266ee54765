//! How a process ended.

use super::Signal;
use std::{fmt, time::Duration};

/// How a process ended: by itself, by a signal, or by us; and no two of them look alike.
///
/// Two more ends never become a status, because there was no process: it was never reached
/// ([`ErrorKind::Connect`](crate::ErrorKind::Connect)) or never started
/// ([`ErrorKind::NotFound`](crate::ErrorKind::NotFound),
/// [`ErrorKind::Denied`](crate::ErrorKind::Denied)).
///
/// ```
/// use rexec::{ExitStatus, Signal};
///
/// assert!(ExitStatus::Exited(0).success());
/// assert_eq!(ExitStatus::Signaled(Signal::Term).to_string(), "ended by signal TERM");
/// assert_eq!(ExitStatus::Signaled(Signal::Term).code(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitStatus {
    /// It called `exit` with this code.
    Exited(i32),
    /// Somebody's signal ended it.
    Signaled(Signal),
    /// It ran for longer than its time limit, and was ended for that.
    TimedOut {
        /// The limit that it passed.
        limit: Duration,
        /// The signal that it took, where that is known.
        signal: Option<Signal>,
    },
    /// Its owner gave up on it (Ctrl-C, a dropped handle, a cancelled script) and ended it.
    Cancelled,
    /// The connection to its host was lost while it ran: nobody can say how it ended.
    Disconnected,
    /// It ended, and the backend cannot say how.
    Unknown,
}

impl ExitStatus {
    /// Whether it ended by itself with code 0.
    pub fn success(self) -> bool {
        self == ExitStatus::Exited(0)
    }

    /// The exit code, where it ended by itself.
    pub fn code(self) -> Option<i32> {
        match self {
            ExitStatus::Exited(code) => Some(code),
            _ => None,
        }
    }

    /// The signal that ended it, where one did and it is known.
    pub fn signal(self) -> Option<Signal> {
        match self {
            ExitStatus::Signaled(signal) => Some(signal),
            ExitStatus::TimedOut { signal, .. } => signal,
            _ => None,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitStatus::Exited(code) => write!(f, "ended with exit code {code}"),
            ExitStatus::Signaled(signal) => write!(f, "ended by signal {signal}"),
            ExitStatus::TimedOut { limit, signal: None } => write!(f, "timed out after {limit:?}"),
            ExitStatus::TimedOut { limit, signal: Some(signal) } => {
                write!(f, "timed out after {limit:?}, stopped by {signal}")
            }
            ExitStatus::Cancelled => f.write_str("cancelled"),
            ExitStatus::Disconnected => f.write_str("connection lost while it ran"),
            ExitStatus::Unknown => f.write_str("ended, and its host cannot say how"),
        }
    }
}
