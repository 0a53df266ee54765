//! A terminal with the prompt in it, and somebody who types and reads.

use crate::support::terminal::Terminal;
use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

pub(crate) const PROMPT: &str = "rexec> ";

/// A terminal in which the prompt runs.
pub(crate) struct Prompt(Terminal);

/// Where the prompt keeps its state, for as many terminals as share it.
pub(crate) struct State(TempDir);

impl State {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where the prompt runs.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.0.path().join("rexec/history")
    }

    /// A prompt that has shown that it is there.
    pub(crate) fn start(&self) -> Prompt {
        self.start_with(&[("NO_COLOR", "1")])
    }

    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Prompt {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rexec"));
        command.arg("repl");
        command
            .env("XDG_STATE_HOME", self.0.path())
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("CI");
        command.envs(variables.iter().copied()).current_dir(self.0.path());
        let mut terminal = Prompt(Terminal::start(&command));
        terminal.expect(PROMPT);
        terminal
    }
}

impl Prompt {
    /// Types a line, and waits until the prompt is there again. Gives what was shown in between.
    pub(crate) fn run(&mut self, line: &str) -> String {
        self.enter(line);
        // The line itself is shown too.
        self.expect("\n");
        self.expect(PROMPT).trim().to_owned()
    }
}

impl Deref for Prompt {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.0
    }
}

impl DerefMut for Prompt {
    fn deref_mut(&mut self) -> &mut Terminal {
        &mut self.0
    }
}
