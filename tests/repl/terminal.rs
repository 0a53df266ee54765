//! A terminal with the prompt in it, and somebody who types and reads.

use nix::{
    pty::{Winsize, openpty},
    sys::{
        signal::{Signal, kill},
        termios::{Termios, tcgetattr},
    },
    unistd::Pid,
};
use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long to wait for what comes soon or never.
const SOON: Duration = Duration::from_secs(20);

pub(crate) const PROMPT: &str = "rexec> ";

/// A terminal in which the prompt runs.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Screen>,
    /// How much of what was shown is read.
    read: usize,
}

/// What was shown so far.
#[derive(Default)]
struct Screen {
    shown: Mutex<Shown>,
    changed: Condvar,
}

#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    /// Without colours and movements of the cursor.
    text: String,
    is_closed: bool,
}

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
    pub(crate) fn start(&self) -> Terminal {
        self.start_with(&[("NO_COLOR", "1")])
    }

    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Terminal {
        let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        // Makes it the terminal of a session, so that Ctrl-C is a signal.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_rexec"), "repl"]);
        command.env("XDG_STATE_HOME", self.0.path()).env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(variables.iter().copied()).current_dir(self.0.path());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop(pty.slave);
        let screen = Arc::<Screen>::default();
        let keyboard = File::from(pty.master.try_clone().unwrap());
        follow(pty.master, screen.clone());
        let mut terminal = Terminal { child, keyboard, screen, read: 0 };
        terminal.expect(PROMPT);
        terminal
    }
}

/// Reads what is shown until the terminal is closed.
fn follow(master: OwnedFd, screen: Arc<Screen>) {
    std::thread::spawn(move || {
        let mut master = File::from(master);
        let mut buffer = [0; 4096];
        loop {
            // A terminal ends with an error, once nobody has it open any more.
            let count = master.read(&mut buffer).unwrap_or(0);
            let mut shown = screen.shown.lock().unwrap();
            shown.bytes.extend_from_slice(&buffer[..count]);
            shown.text = plain(&String::from_utf8_lossy(&shown.bytes));
            shown.is_closed = count == 0;
            screen.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}

/// Without escape sequences and carriage returns.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().filter(|c| !matches!(c, '\r' | '\x07'));
    while let Some(c) = characters.next() {
        if c == '\x1b' && characters.next() == Some('[') {
            let _parameters = characters.by_ref().find(|c| c.is_ascii_alphabetic());
        } else if c != '\x1b' {
            plain.push(c);
        }
    }
    plain
}

impl Terminal {
    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line, and Enter.
    pub(crate) fn enter(&mut self, line: &str) {
        self.press(line);
        self.press("\r");
    }

    /// Types a line, and waits until the prompt is there again. Gives what was shown in between.
    pub(crate) fn run(&mut self, line: &str) -> String {
        self.enter(line);
        // The line itself is shown too.
        self.expect("\n");
        self.expect(PROMPT).trim().to_owned()
    }

    /// Waits until this is shown, and gives what was shown before it, since the last time.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + SOON;
        let mut shown = self.screen.shown.lock().unwrap();
        loop {
            let unread = &shown.text[self.read..];
            if let Some(at) = unread.find(text) {
                let before = unread[..at].to_owned();
                self.read += at + text.len();
                return before;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !shown.is_closed,
                "waited for {text:?}; all that was shown:\n{}",
                shown.text
            );
            shown = self.screen.changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until the prompt has been left, and says how.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + SOON;
        let mut shown = self.screen.shown.lock().unwrap();
        while !shown.is_closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end; all that was shown:\n{}", shown.text);
            shown = self.screen.changed.wait_timeout(shown, left).unwrap().0;
        }
        drop(shown);
        self.child.wait().unwrap()
    }

    /// What the terminal does with lines and keys.
    pub(crate) fn settings(&self) -> Termios {
        tcgetattr(&self.keyboard).unwrap()
    }

    /// Sends the prompt a signal, as `kill` does.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// All that was shown, with its escape sequences.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.shown.lock().unwrap().bytes).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
