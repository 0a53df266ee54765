//! A command that was typed to be run.

use crate::{
    OutputStream,
    event::Batch,
    script::{
        Command, Output,
        execute::{Accept, run_observed},
        run::Run,
        scope::{self, ScriptResult},
    },
};
use std::collections::VecDeque;
use tokio_util::sync::CancellationToken;

/// Runs it as a shell would: on this machine, its output shown as it comes, whatever its exit code.
///
/// # Errors
///
/// Where it has no status of its own: it was never started, passed its time limit, was cancelled.
pub(crate) fn run_typed(command: &Command) -> ScriptResult<Output> {
    let scope = scope::current()?;
    let mut shown = Shown { run: &scope.run, cancellation: &scope.cancellation, last_words: VecDeque::new() };
    let result = run_observed(&scope.run.local(), command.job(), Accept::AnyStatus, &mut |batch| {
        shown.batch(batch);
    });
    shown.rest();
    result
}

/// How many lines are shown of what comes after Ctrl-C. A command that writes faster than the
/// terminal shows has a megabyte of lines on the way, and nobody wants to see those.
const LAST_WORDS: usize = 10;

/// What is shown of a command's output.
struct Shown<'r> {
    run: &'r Run,
    cancellation: &'r CancellationToken,
    /// Of what came after Ctrl-C.
    last_words: VecDeque<(OutputStream, String)>,
}

impl Shown<'_> {
    fn batch(&mut self, batch: &Batch) {
        if !self.cancellation.is_cancelled() {
            let lines: Vec<_> = batch.slices().map(String::from_utf8_lossy).collect();
            return self.print(batch.stream(), &lines.join("\n"));
        }
        let skipped = batch.len().saturating_sub(LAST_WORDS);
        for line in batch.slices().skip(skipped) {
            if self.last_words.len() == LAST_WORDS {
                self.last_words.pop_front();
            }
            self.last_words.push_back((batch.stream(), String::from_utf8_lossy(line).into_owned()));
        }
    }

    fn rest(&mut self) {
        for (stream, line) in std::mem::take(&mut self.last_words) {
            self.print(stream, &line);
        }
    }

    fn print(&self, stream: OutputStream, text: &str) {
        match stream {
            // Where nobody reads any longer the command still runs to its end.
            OutputStream::Stdout => drop(self.run.print(text)),
            OutputStream::Stderr => self.run.eprint(text),
        }
    }
}
