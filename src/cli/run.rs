//! `rexec run` and `rexec eval`.

use super::{
    arguments::{Shared, Words},
    console::Terminal,
    exit::{self, Exit},
    interrupt::Interrupt,
    say,
};
use crate::{
    Error, Result,
    guard::Guard,
    script::{Console, ScriptEnd, ScriptError, ScriptHost, ScriptHostBuilder},
};
use std::{ffi::OsStr, fs, io, sync::Arc, thread};
use tokio::runtime::Runtime;

/// More threads than this have never been busy: the script has one of its own.
const MOST_WORKERS: usize = 4;

/// Runs a script from its file, or from standard input.
pub(super) fn file(guard: Guard, words: Words, shared: &Shared) -> Exit {
    match read(&words.first) {
        Ok(text) => Session { guard, shared, args: words.args }.run(&words.first.to_string_lossy(), &text),
        Err(problem) => {
            say(&format!("error: {problem}"));
            Exit::Code(exit::USAGE)
        }
    }
}

/// Runs an expression, and prints its value.
pub(super) fn expression(guard: Guard, words: Words, shared: &Shared) -> Exit {
    let code = words.first.to_string_lossy().into_owned();
    Session { guard, shared, args: words.args }.run_to(EVAL, &code, print_value)
}

/// What an expression is called in messages.
const EVAL: &str = "eval";

fn read(path: &OsStr) -> Result<String> {
    let (name, text) = match path.to_str() {
        Some("-") => ("the script from standard input".into(), io::read_to_string(io::stdin())),
        _ => (path.to_string_lossy(), fs::read_to_string(path)),
    };
    text.map_err(|error| Error::from_io(format_args!("read {name}"), error))
}

/// One run of a script.
struct Session<'a> {
    guard: Guard,
    shared: &'a Shared,
    args: Vec<String>,
}

/// What is done with the value of a script that ended well.
type Finish = fn(&ScriptEnd, &Terminal);

impl Session<'_> {
    fn run(self, name: &str, text: &str) -> Exit {
        self.run_to(name, text, |_, _| {})
    }

    fn run_to(self, name: &str, text: &str, finish: Finish) -> Exit {
        let terminal = Arc::new(Terminal::new(self.shared));
        match self.try_run(name, text, finish, &terminal) {
            Ok(exit) => exit,
            Err(problem) => {
                say(&format!("error: {problem}"));
                Exit::Code(exit::ERROR)
            }
        }
    }

    fn try_run(self, name: &str, text: &str, finish: Finish, terminal: &Arc<Terminal>) -> Result<Exit> {
        let interrupt = Interrupt::listen(self.guard, terminal.clone())?;
        let host = self.host(terminal.clone(), &interrupt);
        let runtime = runtime()?;
        let result = runtime.block_on(host.run_source(name, text));
        terminal.restore();
        if let Some(signal) = interrupt.signal() {
            report_unless_cancelled(&result, terminal);
            return Ok(Exit::Signal(signal));
        }
        if let Ok(end) = &result {
            finish(end, terminal);
        }
        Ok(conclude(&result, terminal))
    }

    fn host(&self, terminal: Arc<Terminal>, interrupt: &Interrupt) -> ScriptHost {
        host(self.shared)
            .args(self.args.iter())
            .console(terminal)
            .cancellation(interrupt.cancellation.clone())
            .build()
    }
}

/// What the options of every task make of a host.
pub(super) fn host(shared: &Shared) -> ScriptHostBuilder {
    let builder =
        ScriptHost::builder().guarded().dry_run(shared.dry_run).policy(shared.policy()).resume(shared.resume);
    let builder = shared.inventory.iter().fold(builder, |builder, file| builder.inventory(file));
    let builder = shared.hosts.iter().fold(builder, |builder, hosts| builder.hosts(hosts));
    let builder = shared.record.iter().fold(builder, |builder, file| builder.record(file));
    let builder = shared.timeout.into_iter().fold(builder, ScriptHostBuilder::timeout);
    shared.limit.into_iter().fold(builder, |builder, limit| builder.limit(limit.get()))
}

/// Where everything waits.
pub(super) fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS))
        .enable_all()
        .build()
        .map_err(|error| Error::from_io("start threads", error))
}

/// The end of a script that nobody interrupted.
fn conclude(result: &Result<ScriptEnd, ScriptError>, terminal: &Terminal) -> Exit {
    if let Some(exit) = terminal.end_of_output() {
        return exit;
    }
    match result {
        Ok(end) => Exit::Code(end.exit_code),
        Err(error) => {
            terminal.report(error);
            Exit::Code(code_of(error))
        }
    }
}

/// The exit code for an error that nobody caught.
pub(super) fn code_of(error: &ScriptError) -> i32 {
    match &*error.kind {
        "parse" => exit::USAGE,
        "denied" if error.is_denied_by_policy() => exit::DENIED,
        "failed" => exit::SOME_FAILED,
        _ => exit::ERROR,
    }
}

fn report_unless_cancelled(result: &Result<ScriptEnd, ScriptError>, terminal: &Terminal) {
    if let Err(error) = result
        && !error.is_cancelled()
    {
        terminal.report(error);
    }
}

fn print_value(end: &ScriptEnd, terminal: &Terminal) {
    let text = match terminal.style().json {
        true => end.json(),
        false if end.value.is_unit() => return,
        false => end.text(),
    };
    // The terminal keeps the failure, and tells it at the end.
    let _ = terminal.print(&text);
}
