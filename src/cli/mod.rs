//! The binary: arguments, the terminal, signals, and exit codes.
//!
//! | exit code | when |
//! | --- | --- |
//! | the script's | it called `exit(n)` |
//! | 0 | all is well |
//! | 1 | an error that nobody caught |
//! | 2 | wrong usage, or a script that does not parse |
//! | 3 | some hosts failed |
//! | 4 | denied by policy, and nobody caught it |
//! | 128 + n | signal n ended it: the signal itself ends the program, which shells show so |
//!
//! The first Ctrl-C (or `TERM`, or `HUP`) cancels the script: what runs is ended, what it deferred
//! runs. The second one, and `QUIT`, ends everything at once.

mod arguments;
mod console;
mod exit;
mod interrupt;
mod prompt;
mod report;
mod run;
mod settings;
mod style;

use crate::guard::{self, Guard};
use arguments::{Arguments, Task, Words};
use clap::Parser;
use exit::Exit;
use std::io::{self, Write};

/// Runs the program, from its arguments to its end.
pub fn main() -> ! {
    let arguments = Arguments::try_parse().unwrap_or_else(|problem| {
        // Where there is nobody to read it, the exit code has to do.
        let _ = problem.print();
        std::process::exit(problem.exit_code())
    });
    // Everything from here on is the worker's, in which threads may start.
    match guard::enter() {
        Ok(guard) => perform(guard, arguments).perform(guard),
        Err(error) => {
            say(&format!("error: {error}"));
            std::process::exit(exit::ERROR)
        }
    }
}

fn perform(guard: Guard, arguments: Arguments) -> Exit {
    match arguments.task {
        Task::Run { words } => run::file(guard, Words::read(words), &arguments.shared),
        Task::Repl => prompt::read(guard, &arguments.shared),
        Task::Eval { words } => run::expression(guard, Words::read(words), &arguments.shared),
    }
}

/// Writes a line to standard error.
fn say(text: &str) {
    // Where standard error is gone, nobody is left to be told.
    let _ = writeln!(io::stderr(), "{text}");
}
