//! One command: a program, its arguments, and the conditions under which it runs.

use super::{OutputTarget, Pipeline, StdinSource, quote_display};
use bytes::Bytes;
use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

/// What to run, as a value: it can be printed, compared, kept, and run many times on any host.
///
/// Words are never joined and split again: an argument arrives exactly as it was given, whatever
/// is in it. Nothing here depends on a shell.
///
/// ```
/// use rexec::Command;
///
/// let command = Command::new("grep").arg("-n").arg("a b").current_dir("/srv");
/// assert_eq!(command.to_string(), "grep -n 'a b'");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) clear_env: bool,
    pub(crate) env: Vec<EnvChange>,
    pub(crate) current_dir: Option<PathBuf>,
    pub(crate) stdin: StdinSource,
    pub(crate) stdout: OutputTarget,
    pub(crate) stderr: OutputTarget,
    pub(crate) merge_stderr: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    pub(crate) checked: bool,
    pub(crate) ok_codes: Vec<i32>,
    pub(crate) tty: bool,
    pub(crate) label: Option<String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) daemon: bool,
    pub(crate) detach: Option<String>,
    pub(crate) output_limit: usize,
    pub(crate) reads_only: bool,
}

/// One change to the environment that a command inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvChange {
    /// Sets a variable.
    Set(OsString, OsString),
    /// Takes a variable away.
    Unset(OsString),
}

/// What a secret looks like wherever a command is shown.
pub(crate) const MASK: &str = "***";

impl Command {
    /// Runs `program`, which is looked for on the host's `PATH` unless it has a slash in it.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            clear_env: false,
            env: Vec::new(),
            current_dir: None,
            stdin: StdinSource::Empty,
            stdout: OutputTarget::Events,
            stderr: OutputTarget::Events,
            merge_stderr: false,
            timeout: None,
            grace: None,
            checked: true,
            ok_codes: vec![0],
            tty: false,
            label: None,
            secrets: Vec::new(),
            daemon: false,
            detach: None,
            output_limit: crate::event::DEFAULT_OUTPUT_LIMIT,
            reads_only: false,
        }
    }

    /// Runs `sh -c text`: the text is a shell's, with all that a shell does to it.
    pub fn shell(text: impl AsRef<OsStr>) -> Self {
        Self::new("sh").arg("-c").arg(text)
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<I>(mut self, args: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push(EnvChange::Set(name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Takes an environment variable away.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push(EnvChange::Unset(name.as_ref().to_owned()));
        self
    }

    /// Starts from an empty environment; what was set before is forgotten too.
    pub fn env_clear(mut self) -> Self {
        self.clear_env = true;
        self.env.clear();
        self
    }

    /// Runs it in this directory of its host. A relative program with a slash in it (`./run`) is
    /// looked for there.
    pub fn current_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.current_dir = Some(path.as_ref().to_owned());
        self
    }

    /// Gives it input; see [`StdinSource`]. Without this it has none.
    pub fn stdin(mut self, source: StdinSource) -> Self {
        self.stdin = source;
        self
    }

    /// Gives it these bytes as its input.
    pub fn stdin_bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.stdin(StdinSource::Bytes(bytes.into()))
    }

    /// Sends its standard output to a file instead of to its events.
    pub fn stdout(mut self, target: OutputTarget) -> Self {
        self.stdout = target;
        self
    }

    /// Sends its standard error to a file instead of to its events.
    pub fn stderr(mut self, target: OutputTarget) -> Self {
        self.stderr = target;
        self
    }

    /// Sends standard error where standard output goes, which also keeps their order.
    pub fn merge_stderr(mut self) -> Self {
        self.merge_stderr = true;
        self
    }

    /// Ends it with all its children when it runs for longer: `TERM`, after the
    /// [`grace`](Self::grace) `KILL`; and its status says so.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How long it may take to end after it was asked to, before it is killed; 500 ms unless set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// Any exit code is fine. A signal, a timeout or a lost connection still is not.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    /// These exit codes are fine, and no others.
    pub fn ok_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.ok_codes = codes.into_iter().collect();
        self
    }

    /// Gives it a terminal of its own. Its two outputs are then one, as `stdout`, and lines end
    /// in a carriage return.
    pub fn tty(mut self) -> Self {
        self.tty = true;
        self
    }

    /// What it is called in reports instead of its text.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// A value that is shown as `***` wherever this command is printed, logged or recorded.
    pub fn secret(mut self, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.secrets.push(value);
        }
        self
    }

    /// What it leaves in the background lives on, on purpose.
    ///
    /// It is known by [`DAEMON_MARK`](crate::backend::local::DAEMON_MARK) in its environment. A daemon that writes its own title over
    /// its environment (`setproctitle(3)`: nginx, sshd and PostgreSQL do) loses the mark, and ends with
    /// `rexec`: detach it instead, or have the service manager start it.
    pub fn daemon(mut self) -> Self {
        self.daemon = true;
        self
    }

    /// It lives on under this name when its owner goes, and can be attached to again.
    pub fn detach(mut self, name: impl Into<String>) -> Self {
        self.detach = Some(name.into());
        self
    }

    /// How many bytes of each output are kept when it is collected
    /// ([`DEFAULT_OUTPUT_LIMIT`](crate::event::DEFAULT_OUTPUT_LIMIT) unless set). The command
    /// itself is never stopped by this.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Says that it changes nothing on its host, so that a dry run may run it.
    pub fn reads_only(mut self) -> Self {
        self.reads_only = true;
        self
    }

    /// Sends its output to another command's input.
    pub fn pipe(self, next: impl Into<Pipeline>) -> Pipeline {
        Pipeline::from(self).pipe(next)
    }

    /// The program.
    pub fn get_program(&self) -> &OsStr {
        &self.program
    }

    /// The arguments.
    pub fn get_args(&self) -> impl ExactSizeIterator<Item = &OsStr> {
        self.args.iter().map(OsString::as_os_str)
    }

    /// The directory, if one was set.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.current_dir.as_deref()
    }

    /// The time limit, if one was set.
    pub fn get_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The label, or the command as it prints.
    pub fn title(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.to_string())
    }

    /// Whether this exit code is fine.
    pub fn accepts(&self, code: i32) -> bool {
        !self.checked || self.ok_codes.contains(&code)
    }

    /// This text with the command's secrets masked.
    pub fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

impl fmt::Display for Command {
    /// The command as one could paste it into a shell, with its secrets masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in std::iter::once(&self.program).chain(&self.args).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            // Mask before quoting: a quoted secret no longer looks like the secret.
            let word = self.mask(&word.to_string_lossy());
            if word == MASK {
                f.write_str(MASK)?;
            } else {
                f.write_str(&quote_display(&word))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Command {
    /// As it prints, and what else was set; never a secret, nor what it reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Command");
        debug.field("command", &format_args!("`{self}`"));
        for change in &self.env {
            match change {
                EnvChange::Set(name, value) => debug.field(
                    "env",
                    &format_args!("{}={}", name.display(), self.mask(&value.to_string_lossy())),
                ),
                EnvChange::Unset(name) => debug.field("unset_env", name),
            };
        }
        if let Some(path) = &self.current_dir {
            debug.field("current_dir", path);
        }
        if let Some(limit) = self.timeout {
            debug.field("timeout", &limit);
        }
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_it_is_shown() {
        let command =
            Command::new("curl").arg("-u").arg("me:hunter2 x").env("TOKEN", "hunter2 x").secret("hunter2 x");
        assert!(!command.to_string().contains("hunter2"));
        assert!(!format!("{command:?}").contains("hunter2"));
        assert_eq!(command.to_string(), "curl -u 'me:***'");
    }

    #[test]
    fn it_prints_as_a_shell_would_read_it() {
        let command = Command::new("echo").args(["a b", "", "-n", "--x=1", "it's"]);
        assert_eq!(command.to_string(), r"echo 'a b' '' -n --x=1 'it'\''s'");
    }
}
