//! Lines from a pipe or a file: no prompt, and the first error is the end.

use super::{
    Front,
    assistant::Assistant,
    incomplete::Input,
    worker::{Answer, Request},
};
use crate::script::session::Source;
use rhai::Engine;
use std::{
    io::{self, BufRead},
    sync::Arc,
};

/// Runs all lines. Gives the exit code.
pub(super) fn read(front: &Front, engine: Arc<Engine>) -> i32 {
    let assistant = Assistant::new(engine, front.worker.names());
    let mut text = String::new();
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else {
            front.say("error: standard input is no text");
            return 1;
        };
        text.push_str(&line);
        if assistant.judge(&text) == Input::Unfinished {
            text.push('\n');
            continue;
        }
        if let Some(code) = run(front, std::mem::take(&mut text)) {
            return code;
        }
    }
    // What was never finished says what it lacks.
    run(front, text).unwrap_or(0)
}

/// Gives an exit code if it is the end.
fn run(front: &Front, text: String) -> Option<i32> {
    if text.trim().is_empty() {
        return None;
    }
    match front.worker.ask(Request::Run(Source::Prompt, text)) {
        Answer::Done => None,
        Answer::Failed(code) => Some(code),
        Answer::Interrupted => Some(130),
        Answer::Exit(code) => Some(code),
    }
}
