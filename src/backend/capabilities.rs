//! What a backend can do, and the one place where a command is compared with it.

use crate::{
    Error, Result,
    command::{Command, OutputTarget, StdinSource},
};
use std::fmt;

/// One thing that not every backend can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// Signals to a running process.
    Signals,
    /// A terminal for a command.
    Tty,
    /// Input while it runs.
    PipedStdin,
    /// The standard input of this program.
    InheritStdin,
    /// Input and output from and to files of the host.
    FileRedirects,
    /// Environment variables and the directory.
    Environment,
    /// Pipelines joined on the host.
    Pipelines,
    /// Processes that outlive their owner under a name.
    Detach,
    /// Reading and writing files.
    Files,
}

impl Capability {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Capability; 9] = [
        Capability::Signals,
        Capability::Tty,
        Capability::PipedStdin,
        Capability::InheritStdin,
        Capability::FileRedirects,
        Capability::Environment,
        Capability::Pipelines,
        Capability::Detach,
        Capability::Files,
    ];

    /// Its name in scripts and messages.
    pub fn name(self) -> &'static str {
        match self {
            Capability::Signals => "signals",
            Capability::Tty => "tty",
            Capability::PipedStdin => "piped_stdin",
            Capability::InheritStdin => "inherit_stdin",
            Capability::FileRedirects => "file_redirects",
            Capability::Environment => "environment",
            Capability::Pipelines => "pipelines",
            Capability::Detach => "detach",
            Capability::Files => "files",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of [`Capability`].
///
/// ```
/// use rexec::{Capabilities, Capability, Command};
///
/// let plain = Capabilities::all().without(Capability::Tty);
/// let error = plain.check(&Command::new("top").tty(), "docker://app").unwrap_err();
/// assert_eq!(error.kind(), rexec::ErrorKind::Unsupported);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Everything.
    pub fn all() -> Self {
        Self(Capability::ALL.iter().fold(0, |bits, &one| bits | bit(one)))
    }

    /// Nothing but plain commands.
    pub fn none() -> Self {
        Self(0)
    }

    /// With this one.
    pub fn with(self, capability: Capability) -> Self {
        Self(self.0 | bit(capability))
    }

    /// Without this one.
    pub fn without(self, capability: Capability) -> Self {
        Self(self.0 & !bit(capability))
    }

    /// Whether it is there.
    pub fn contains(self, capability: Capability) -> bool {
        self.0 & bit(capability) != 0
    }

    /// Those that are there.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |&one| self.contains(one))
    }

    /// Compares what a command needs with what is there.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported), which names what is missing.
    pub fn check(self, command: &Command, host: &str) -> Result<()> {
        match needs(command).find(|&(capability, _)| !self.contains(capability)) {
            None => Ok(()),
            Some((capability, what)) => {
                Err(Error::unsupported(format!("{what} is not supported here ({capability})"))
                    .with_command(command.to_string())
                    .with_host(host))
            }
        }
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

fn bit(capability: Capability) -> u32 {
    1 << capability as u32
}

/// What this command needs, and what asked for it.
fn needs(command: &Command) -> impl Iterator<Item = (Capability, &'static str)> {
    let file = |target: &OutputTarget| matches!(target, OutputTarget::File(_) | OutputTarget::Append(_));
    let redirected =
        matches!(command.stdin, StdinSource::File(_)) || file(&command.stdout) || file(&command.stderr);
    let environment = command.clear_env || !command.env.is_empty() || command.current_dir.is_some();
    [
        (command.tty, Capability::Tty, "a terminal"),
        (command.stdin == StdinSource::Piped, Capability::PipedStdin, "input while it runs"),
        (command.stdin == StdinSource::Inherit, Capability::InheritStdin, "this program's input"),
        (redirected, Capability::FileRedirects, "a redirect to or from a file"),
        (environment, Capability::Environment, "an environment or a directory"),
        (command.detach.is_some(), Capability::Detach, "detaching"),
    ]
    .into_iter()
    .filter(|&(needed, ..)| needed)
    .map(|(_, capability, what)| (capability, what))
}
