//! The guard: three processes instead of one, so that however the program ends, nothing that it
//! started lives on.
//!
//! [`enter`] is the first thing that the binary does. It splits the program into
//!
//! - the **front**, the process that the shell knows: it waits, passes signals on, and ends as the
//!   worker ended;
//! - the **keeper**, in a session of its own, which becomes the parent of every orphan below it
//!   (`PR_SET_CHILD_SUBREAPER`, `prctl(2)`);
//! - the **worker**, where everything runs: `enter` returns only there.
//!
//! | what happens | what follows |
//! | --- | --- |
//! | the worker exits | what it left behind has 200 ms to end by itself, then gets `TERM`, and 300 ms later `KILL` |
//! | a signal ends the worker | all that it started is frozen and killed at once |
//! | the front is killed | the worker gets `TERM`, and has 300 ms before it is killed with all that it started |
//! | the keeper is killed | the same; the front does the keeper's work |
//! | front and keeper are killed | the same; the worker does the keeper's work |
//! | two of them and all process groups are killed | the one that is left does it |
//!
//! What was started with [`DAEMON_MARK`] in its environment is spared, and so is all below it; it
//! then belongs to whoever adopts orphans on this machine.
//!
//! # How the program ends
//!
//! The front ends as the worker did. If a signal ended the worker, the same signal ends the front:
//! a shell shows that as 128 + n, and its own loops stop at Ctrl-C as they should.
//!
//! # Signals
//!
//! `INT`, `TERM`, `HUP` and `QUIT` that somebody sent to the front reach the worker; those that the
//! terminal makes reach it without our help. Either way each is one [`Request`]. A signal that was
//! ignored when the program started (`nohup`, a shell's `&`) stays ignored, but for `TERM`.
//!
//! When the worker is stopped (Ctrl-Z), the keeper stops all that it started, and continues what
//! it stopped when the worker continues. [`stopped_for`] says how long that was.
//!
//! # Other systems
//!
//! What this needs of the kernel is Linux's alone. Elsewhere `enter` returns in the one process
//! that there is, and only signals are looked after.

#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "three/mod.rs"]
mod system;

use crate::{Result, event::Signal};
use std::{ffi::OsString, time::Duration};

pub use crate::backend::local::DAEMON_MARK;

/// What the worker has of its guard.
#[derive(Clone, Copy, Debug)]
pub struct Guard(system::Worker);

/// Somebody asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// With which signal. The loss of the front or of the keeper asks with [`Signal::Term`].
    pub signal: Signal,
    /// How many times by now, this one included: a program that is asked to clean up may be asked
    /// again, to hurry.
    pub presses: u32,
}

/// Splits the program in three and returns in the worker.
///
/// ```no_run
/// fn main() -> rexec::Result<()> {
///     let guard = rexec::guard::enter()?;
///     // Threads may start from here on.
///     guard.exit(0)
/// }
/// ```
///
/// # Errors
///
/// [`Invalid`](crate::ErrorKind::Invalid) where the program has more than one thread already, since
/// only the calling one would be in the worker, and where it entered before;
/// [`Io`](crate::ErrorKind::Io) where no process can be made.
pub fn enter() -> Result<Guard> {
    system::enter().map(Guard)
}

/// For how long the program has been stopped (`SIGSTOP`, Ctrl-Z) since it started.
///
/// Time limits are about time in which a program runs: whoever keeps one adds what this has grown
/// by meanwhile.
pub fn stopped_for() -> Duration {
    system::stopped_for()
}

/// Starts this program once more, with these arguments, as a daemon that belongs to nobody here:
/// it survives the guard, has a session of its own, no terminal, and `/dev/null` for its input and
/// outputs. Gives its process id.
///
/// Works without a guard too, in a program that embeds the library.
///
/// # Errors
///
/// What `fork(2)` and `execve(2)` give; [`Invalid`](crate::ErrorKind::Invalid) for an argument
/// with a NUL in it; [`Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
pub fn spawn_outside(args: &[OsString]) -> Result<u32> {
    system::spawn_outside(args)
}

impl Guard {
    /// Calls `handler` for each request to end the program, on a thread of its own. Until this is
    /// called, signals do what they do to any program: they end it.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) where the thread can't be started.
    pub fn on_request(self, handler: impl FnMut(Request) + Send + 'static) -> Result<()> {
        self.0.on_request(Box::new(handler))
    }

    /// Ends the program with this code.
    pub fn exit(self, code: i32) -> ! {
        self.0.exit(code)
    }

    /// Ends the program as this signal would, and all that it started at once.
    pub fn exit_by(self, signal: Signal) -> ! {
        self.0.exit_by(signal)
    }
}
