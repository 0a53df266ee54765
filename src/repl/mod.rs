//! The prompt: the script engine, a line at a time.
//!
//! Two threads and a task. The *prompt* thread reads and shows; the *script* thread has the session
//! and runs what was typed, and while nothing runs it waits as a script does, so that handlers of
//! processes go on; the task passes signals on.

mod assistant;
mod colon;
mod complete;
mod console;
mod highlight;
mod history;
mod incomplete;
mod interrupt;
mod lines;
mod paths;
mod pretty;
mod prompt;
mod receiver;
mod scan;
mod screen;
mod tell;
mod terminal;
mod vocabulary;
mod worker;

use crate::{
    Signal,
    script::{Console, ScriptError, ScriptHost, ScriptHostBuilder, session::STACK_SIZE},
};
use std::{
    io::{self, IsTerminal},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What the prompt is given by the binary.
pub struct Options {
    /// What its engine is made of.
    pub host: ScriptHostBuilder,
    /// Where words go while nobody types.
    pub console: Arc<dyn Console>,
    /// What is made of errors.
    pub errors: Errors,
    /// Signals that ask the program to end: `INT` ends what runs, all others the prompt.
    pub requests: mpsc::UnboundedReceiver<Signal>,
    /// Whether to use colours.
    pub colour: bool,
}

/// What the binary makes of errors, here as in `run`.
#[derive(Clone)]
pub struct Errors {
    /// What is shown.
    pub text: Arc<dyn Fn(&ScriptError) -> String + Send + Sync>,
    /// With which exit code a script would end.
    pub code: fn(&ScriptError) -> i32,
}

/// How the prompt was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Signal(Signal),
}

/// Reads and runs lines until there are no more, from a person or from a pipe.
///
/// From a pipe there is no prompt, and the first error ends it, as it would end a script.
pub async fn run(options: Options) -> Left {
    let screen = screen::Screen::default();
    let console = Arc::new(console::PromptConsole::new(options.console, screen.clone()));
    let cancellation = CancellationToken::new();
    let host = options.host.console(console.clone()).cancellation(cancellation.clone()).build();
    let interrupt = interrupt::Interrupt::default();
    let terminal = terminal::Terminal::save();
    let (worker, mut script) = worker::start(host.clone(), interrupt.clone(), options.errors);
    let front = Front { worker, console, screen, interrupt: interrupt.clone(), colour: options.colour };
    let mut front = front.start(&host);
    let mut requests = options.requests;
    let mut signal = None;
    let mut code = None;
    // The script's thread ends when there are no more lines, when it is cancelled, or when the
    // script calls `exit`; and its end is the end of all that was started.
    let script_code = loop {
        tokio::select! {
            biased;
            given = &mut front, if code.is_none() => code = Some(given.unwrap_or(1)),
            ended = &mut script => break ended.unwrap_or(1),
            Some(request) = requests.recv() => match request {
                Signal::Int => interrupt.now(),
                // Asked twice: at once.
                _ if signal.is_some() => break 1,
                request => {
                    signal = Some(request);
                    cancellation.cancel();
                }
            },
        }
    };
    if code.is_none() {
        // The editor's thread is in the middle of a line, and will stay there.
        terminal.restore();
    }
    match (signal, code) {
        (Some(signal), _) => Left::Signal(signal),
        (None, Some(code)) if code != 0 => Left::Exit(code),
        _ => Left::Exit(script_code),
    }
}

/// What reads lines, from a person or from a pipe.
struct Front {
    worker: worker::Worker,
    console: Arc<console::PromptConsole>,
    screen: screen::Screen,
    interrupt: interrupt::Interrupt,
    colour: bool,
}

impl Front {
    /// Gives the exit code when there are no more lines.
    fn start(self, host: &ScriptHost) -> oneshot::Receiver<i32> {
        let is_person = io::stdin().is_terminal() && io::stdout().is_terminal();
        let engine = host.engine().clone();
        let (sender, receiver) = oneshot::channel();
        let read = move || {
            let code = if is_person { prompt::read(&self, engine) } else { lines::read(&self, engine) };
            // A signal may have ended the prompt meanwhile.
            let _ = sender.send(code);
            // In this order: with this the script's thread ends, and the code is to be known by then.
            drop(self);
        };
        std::thread::Builder::new()
            .name("prompt".into())
            // It parses what is typed.
            .stack_size(STACK_SIZE)
            .spawn(read)
            .expect("the system has room for a thread");
        receiver
    }

    /// Says something about the prompt itself.
    fn say(&self, text: &str) {
        // Where nobody reads any more, the next line read is the end.
        let _ = self.console.print(text);
    }
}
