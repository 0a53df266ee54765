//! A terminal with a program in it, and somebody who types and reads.

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
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

/// How long to wait for what comes soon or never.
const SOON: Duration = Duration::from_secs(20);

/// A terminal in which a program runs.
pub struct Terminal {
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

impl Terminal {
    /// Starts a program in a terminal of its own, in which Ctrl-C is a signal.
    pub fn start(program: &Command) -> Self {
        let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = program.get_current_dir() {
            command.current_dir(folder);
        }
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop(pty.slave);
        let screen = Arc::<Screen>::default();
        let keyboard = File::from(pty.master.try_clone().unwrap());
        follow(pty.master, screen.clone());
        Self { child, keyboard, screen, read: 0 }
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
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line, and Enter.
    pub fn enter(&mut self, line: &str) {
        self.press(line);
        self.press("\r");
    }

    /// Waits until this is shown, and gives what was shown before it, since the last time.
    pub fn expect(&mut self, text: &str) -> String {
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

    /// Waits until the program has ended, and says how.
    pub fn wait(&mut self) -> ExitStatus {
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
    pub fn settings(&self) -> Termios {
        tcgetattr(&self.keyboard).unwrap()
    }

    /// Sends the program a signal, as `kill` does.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// All that was shown, with its escape sequences.
    pub fn raw(&self) -> String {
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
