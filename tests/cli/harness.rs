//! One run of the binary: what it is given, and what it is to answer.

use crate::running::Running;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The name under which a test's script is known in messages.
pub const SCRIPT: &str = "script.rhai";

/// A run that has not begun: a script in a folder of its own, or an expression.
pub struct Test {
    folder: TempDir,
    task: Vec<OsString>,
    options: Vec<OsString>,
    args: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    stdin: String,
}

impl Test {
    /// `rexec run` with this script.
    pub fn script(text: &str) -> Self {
        let test = Self::words(&["run", SCRIPT]);
        fs::write(test.path(SCRIPT), text).unwrap();
        test
    }

    /// `rexec eval` with this code.
    pub fn eval(code: &str) -> Self {
        Self::words(&["eval", code])
    }

    /// `rexec` with these words.
    pub fn words(words: &[&str]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            task: words.iter().map(OsString::from).collect(),
            options: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: String::new(),
        }
    }

    /// Options of rexec itself.
    pub fn options(mut self, words: &[&str]) -> Self {
        self.options.extend(words.iter().map(OsString::from));
        self
    }

    /// Arguments of the script.
    pub fn args(mut self, words: &[&str]) -> Self {
        self.args.extend(words.iter().map(OsString::from));
        self
    }

    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.into();
        self
    }

    /// A file in the folder in which it runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        self.start().end()
    }

    /// Starts it, in a process group of its own.
    pub fn start(self) -> Running {
        let command = self.command();
        self.start_with(command)
    }

    /// Starts it by way of another program, which gets the command as its arguments.
    pub fn start_by(self, program: &str) -> Running {
        let own = self.command();
        let mut command = self.in_its_folder(program);
        command.arg(own.get_program()).args(own.get_args());
        self.start_with(command)
    }

    fn start_with(self, command: Command) -> Running {
        Running::start(command, self.stdin.clone(), self)
    }

    /// The command, for a test that starts it in a way of its own.
    pub fn command(&self) -> Command {
        let mut command = self.in_its_folder(env!("CARGO_BIN_EXE_rexec"));
        command.args(&self.options).args(&self.task).args(&self.args);
        command
    }

    fn in_its_folder(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // The surroundings of the test run are not those of the test.
        for name in ["NO_COLOR", "CI", "TERM"] {
            command.env_remove(name);
        }
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// What a run left.
#[derive(Debug)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub status: std::process::ExitStatus,
}

impl Outcome {
    #[track_caller]
    pub fn stdout(&self, expected: &str) -> &Self {
        assert_eq!(self.stdout, expected, "the standard output; and to stderr:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub fn stderr(&self, expected: &str) -> &Self {
        assert_eq!(self.stderr, expected, "the standard error is:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub fn stderr_has(&self, expected: &str) -> &Self {
        assert!(self.stderr.contains(expected), "`{expected}` is not in:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert_eq!(self.status.code(), Some(expected), "{}; to stderr:\n{}", self.status, self.stderr);
        self
    }

    /// A signal ended it: a shell shows 128 and its number.
    #[track_caller]
    pub fn signal(&self, expected: i32) -> &Self {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(self.status.signal(), Some(expected), "{}; to stderr:\n{}", self.status, self.stderr);
        self
    }
}
