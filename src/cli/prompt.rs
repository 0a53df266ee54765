//! `rexec repl`.

use super::{
    arguments::Shared,
    console::Terminal,
    exit::{self, Exit},
    report, run, say,
};
use crate::{
    Result,
    event::Signal,
    guard::Guard,
    repl::{self, Errors, Left, Options},
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Reads and runs lines until there are no more.
pub(super) fn read(guard: Guard, shared: &Shared) -> Exit {
    let terminal = Arc::new(Terminal::new(shared));
    let left = try_read(guard, shared, terminal.clone());
    terminal.restore();
    if let Some(exit) = terminal.end_of_output() {
        return exit;
    }
    match left {
        Ok(Left::Exit(code)) => Exit::Code(code),
        Ok(Left::Signal(signal)) => Exit::Signal(signal),
        Err(problem) => {
            say(&format!("error: {problem}"));
            Exit::Code(exit::ERROR)
        }
    }
}

fn try_read(guard: Guard, shared: &Shared, terminal: Arc<Terminal>) -> Result<Left> {
    let style = terminal.style();
    let options = Options {
        host: run::host(shared),
        console: terminal.clone(),
        errors: Errors { text: Arc::new(move |error| report::render(error, style)), code: run::code_of },
        requests: listen(guard, terminal)?,
        colour: style.colour,
    };
    Ok(run::runtime()?.block_on(repl::run(options)))
}

/// Requests to end the program, for the prompt to decide; but for `QUIT`, which ends it at once.
fn listen(guard: Guard, terminal: Arc<Terminal>) -> Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    guard.on_request(move |request| {
        // When the prompt has been left the program is ending already.
        let heard = sender.send(request.signal);
        if request.signal == Signal::Quit || heard.is_err() {
            terminal.restore();
            Exit::Signal(request.signal).perform(guard);
        }
    })?;
    Ok(receiver)
}
