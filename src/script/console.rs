//! The console: where a script's words go, and who answers its questions.
//!
//! The library has one over the process's own standard streams, which knows of no terminal; the
//! binary brings one that does. A program that embeds the engine may bring its own.

use std::{
    fmt,
    io::{self, BufRead, Write},
};

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// For whoever looks for a fault.
    Debug,
    /// What goes on.
    Info,
    /// Something to look at, that did not stop anything.
    Warn,
    /// Something failed.
    Error,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        })
    }
}

/// Where a script's words go, and who answers its questions.
///
/// What it is given has its secrets masked already. Its methods may be called from several threads
/// at once; a text is one or more whole lines, without the last newline.
pub trait Console: Send + Sync {
    /// Writes to standard output: what the script prints.
    ///
    /// # Errors
    ///
    /// Where it can't be written, such as `BrokenPipe` when nobody reads any more; that ends the
    /// script.
    fn print(&self, text: &str) -> io::Result<()>;

    /// Writes to standard error. A failure can't be told to anybody.
    fn eprint(&self, text: &str);

    /// Shows a log line, or not, by its level.
    fn log(&self, level: LogLevel, text: &str) {
        if level >= LogLevel::Info {
            self.eprint(&format!("{level}: {text}"));
        }
    }

    /// Whether somebody is there to answer.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Asks, and gives the line that was typed, without its newline; `None` where the input ends.
    /// Called only if [`is_interactive`](Self::is_interactive).
    ///
    /// # Errors
    ///
    /// Where the terminal fails.
    fn ask(&self, question: &str, answer: Answer) -> io::Result<Option<String>> {
        let _ = (question, answer);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The script's own standard input.
    fn input(&self) -> Box<dyn BufRead + Send> {
        Box::new(io::BufReader::new(io::stdin()))
    }

    /// Begins to show how far something has come, in steps up to `total`.
    fn progress(&self, total: Option<u64>) -> Box<dyn Progress> {
        let _ = total;
        Box::new(NoProgress)
    }
}

/// How an answer is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Seen while it is typed.
    Shown,
    /// Not seen: a password.
    Hidden,
}

/// A bar that shows how far something has come; dropped, it is gone.
pub trait Progress: Send + Sync {
    /// So many steps further.
    fn advance(&self, steps: u64);

    /// What is being done right now.
    fn message(&self, text: &str);

    /// It is done.
    fn finish(&self);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _steps: u64) {}
    fn message(&self, _text: &str) {}
    fn finish(&self) {}
}

/// The process's own standard streams, with nobody there to answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardStreams;

impl Console for StandardStreams {
    fn print(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        // A reader at the other end of a pipe sees each line when it is printed.
        stdout.flush()
    }

    fn eprint(&self, text: &str) {
        // Where standard error is gone, nobody is left to be told.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}
