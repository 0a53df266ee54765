//! The terminal, as scripts see it: their output, log lines, questions and progress.

use super::{
    arguments::Shared,
    exit::{self, Exit},
    report, say,
    settings::Settings,
    style::Style,
};
use crate::{
    Error,
    event::Signal,
    script::{
        ScriptError,
        console::{Answer, Console, LogLevel, NoProgress, Progress, StandardStreams},
    },
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use owo_colors::{AnsiColors, OwoColorize};
use std::{
    io::{self, BufRead, ErrorKind, IsTerminal, Write},
    sync::OnceLock,
    time::Duration,
};

/// How often a bar with nothing to count moves.
const TICK: Duration = Duration::from_millis(100);

/// The terminal, or whatever stands in its place.
pub(super) struct Terminal {
    style: Style,
    least: LogLevel,
    /// Made for the first bar.
    bars: OnceLock<MultiProgress>,
    settings: Settings,
    /// Why the first print that failed did so.
    output_failure: OnceLock<io::Error>,
}

impl Terminal {
    pub(super) fn new(shared: &Shared) -> Self {
        let least = match (shared.verbose, shared.quiet) {
            (true, _) => LogLevel::Debug,
            (_, true) => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        let style = Style::new(shared.output);
        let style = Style { animation: style.animation && !shared.quiet, ..style };
        Self {
            style,
            least,
            bars: OnceLock::new(),
            settings: Settings::save(),
            output_failure: OnceLock::new(),
        }
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// How the program ends because something that was printed could not be written, if so. A reader
    /// who has had enough is no error: it ends as any program in a pipeline does.
    pub(super) fn end_of_output(&self) -> Option<Exit> {
        let failure = self.output_failure.get()?;
        if failure.kind() == ErrorKind::BrokenPipe {
            return Some(Exit::Signal(Signal::Pipe));
        }
        say(&format!("error: {}", Error::from_io("write to standard output", copy(failure))));
        Some(Exit::Code(exit::ERROR))
    }

    /// Says that the first request to end was heard.
    pub(super) fn interrupted(&self, signal: Signal) {
        if !self.style.animation {
            return;
        }
        let again = if signal == Signal::Int { "; Ctrl-C again ends it at once" } else { "" };
        self.eprint(&format!("{signal}: ending what runs{again}"));
    }

    /// Shows an error that nobody caught.
    pub(super) fn report(&self, error: &ScriptError) {
        self.eprint(&report::render(error, self.style));
    }

    /// Puts the terminal back into the state in which it was.
    pub(super) fn restore(&self) {
        self.settings.restore();
    }
}

impl Console for Terminal {
    fn print(&self, text: &str) -> io::Result<()> {
        self.above_bars(|| StandardStreams.print(text)).inspect_err(|failure| {
            // The first is the one that is told.
            let _ = self.output_failure.set(copy(failure));
        })
    }

    fn eprint(&self, text: &str) {
        self.above_bars(|| StandardStreams.eprint(text));
    }

    fn log(&self, level: LogLevel, text: &str) {
        if level < self.least {
            return;
        }
        if self.style.json {
            let line = serde_json::json!({ "log": { "level": level.to_string(), "message": text } });
            self.eprint(&line.to_string());
        } else if self.style.colour {
            self.eprint(&format!("{}: {text}", level.color(colour_of(level))));
        } else {
            self.eprint(&format!("{level}: {text}"));
        }
    }

    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn ask(&self, question: &str, answer: Answer) -> io::Result<Option<String>> {
        self.above_bars(|| match answer {
            Answer::Shown => ask_shown(question),
            Answer::Hidden => ask_hidden(question),
        })
    }

    fn progress(&self, total: Option<u64>) -> Box<dyn Progress> {
        if !self.style.animation {
            return Box::new(NoProgress);
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total).with_style(counting_style()),
            None => ProgressBar::new_spinner(),
        };
        let bar = self.bars.get_or_init(MultiProgress::new).add(bar);
        bar.enable_steady_tick(TICK);
        Box::new(Bar(bar))
    }
}

impl Terminal {
    /// Takes the bars away while something is written, if there are any.
    fn above_bars<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bars.get() {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

fn copy(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

fn colour_of(level: LogLevel) -> AnsiColors {
    match level {
        LogLevel::Debug => AnsiColors::BrightBlack,
        LogLevel::Info => AnsiColors::Cyan,
        LogLevel::Warn => AnsiColors::Yellow,
        LogLevel::Error => AnsiColors::Red,
    }
}

fn ask_shown(question: &str) -> io::Result<Option<String>> {
    let mut stderr = io::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
}

fn ask_hidden(question: &str) -> io::Result<Option<String>> {
    match rpassword::prompt_password(question) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => {
            if error.kind() == ErrorKind::Interrupted {
                interrupt_self();
            }
            Err(error)
        }
    }
}

/// Ctrl-C was typed while the terminal had been told to make no signal of it.
fn interrupt_self() {
    #[cfg(unix)]
    {
        // It can't fail for a signal that exists.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGINT);
    }
}

fn counting_style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg} {elapsed}").expect("the template is right")
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn advance(&self, steps: u64) {
        self.0.inc(steps);
    }

    fn message(&self, text: &str) {
        self.0.set_message(text.to_owned());
    }

    fn finish(&self) {
        self.0.finish();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if !self.0.is_finished() {
            self.0.finish_and_clear();
        }
    }
}
