//! How the program ends.

use crate::{event::Signal, guard::Guard};

/// An error that nobody caught.
pub(super) const ERROR: i32 = 1;
/// Wrong usage, or a script that does not parse.
pub(super) const USAGE: i32 = 2;
/// Some hosts failed.
pub(super) const SOME_FAILED: i32 = 3;
/// Denied by policy.
pub(super) const DENIED: i32 = 4;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// With this code.
    Code(i32),
    /// As this signal ends it.
    Signal(Signal),
}

impl Exit {
    /// Ends the program.
    pub(super) fn perform(self, guard: Guard) -> ! {
        match self {
            Exit::Code(code) => guard.exit(code),
            Exit::Signal(signal) => guard.exit_by(signal),
        }
    }
}
