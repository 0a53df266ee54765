//! The console of the prompt: as the binary's, and above the line while somebody types.

use super::screen::Screen;
use crate::script::console::{Answer, Console, LogLevel, Progress};
use std::{
    io::{self, BufRead},
    sync::Arc,
};

/// Passes everything on, or gives it to the editor while that has the terminal.
pub(super) struct PromptConsole {
    console: Arc<dyn Console>,
    screen: Screen,
}

impl PromptConsole {
    pub(super) fn new(console: Arc<dyn Console>, screen: Screen) -> Self {
        Self { console, screen }
    }
}

impl Console for PromptConsole {
    fn print(&self, text: &str) -> io::Result<()> {
        if self.screen.show(text) { Ok(()) } else { self.console.print(text) }
    }

    fn eprint(&self, text: &str) {
        if !self.screen.show(text) {
            self.console.eprint(text);
        }
    }

    fn log(&self, level: LogLevel, text: &str) {
        if level >= LogLevel::Info && self.screen.show(&format!("{level}: {text}")) {
            return;
        }
        self.console.log(level, text);
    }

    fn is_interactive(&self) -> bool {
        // A handler that runs while somebody types can't have the keyboard too.
        !self.screen.is_typing() && self.console.is_interactive()
    }

    fn ask(&self, question: &str, answer: Answer) -> io::Result<Option<String>> {
        self.console.ask(question, answer)
    }

    fn input(&self) -> Box<dyn BufRead + Send> {
        // The lines of standard input are the prompt's own.
        Box::new(io::empty())
    }

    fn progress(&self, total: Option<u64>) -> Box<dyn Progress> {
        self.console.progress(total)
    }
}
