//! What can be done to a process: signals, its input, its end.

use super::{Process, handlers};
use crate::{
    Error, ErrorKind, Process as _, Signal,
    script::{
        convert,
        define::{function, property},
        error::{invalid, thrown},
        nearest::nearest,
        options::seconds,
        output::Output,
        scope::{self, ScriptResult},
    },
};
use rhai::{Dynamic, Engine, ImmutableString};
use std::time::Duration;

impl Process {
    fn send(&self, signal: Signal) -> ScriptResult<()> {
        let inner = self.inner();
        scope::wait(async { inner.process.signal(signal).await.map_err(|error| self.explained(error)) })
    }

    /// Asks, waits, kills; says which it took.
    fn stop(&self, grace: Duration) -> ScriptResult<String> {
        let inner = self.inner();
        let are_shown = handlers::are_shown_here(self);
        let stopped = scope::wait(async {
            let stop = inner.process.stop(grace);
            // What it still writes is read: it may wait for somebody to take it.
            let reading = inner.reader.read_to_end(&inner.process, are_shown);
            let (stopped, ()) = tokio::join!(stop, reading);
            stopped.map_err(|error| self.explained(error))
        })?;
        Ok(stopped.to_string())
    }

    fn write(&self, bytes: &[u8]) -> ScriptResult<()> {
        let inner = self.inner();
        let are_shown = handlers::are_shown_here(self);
        scope::wait(async {
            let mut stdin = inner.stdin.lock().await;
            let stdin = stdin.as_mut().ok_or_else(|| self.has_no_input())?;
            let mut writing = std::pin::pin!(stdin.write(bytes));
            let written = tokio::select! {
                biased;
                written = &mut writing => written,
                // It may write as much as it reads, and wait for somebody to take that first.
                () = inner.reader.read_to_end(&inner.process, are_shown) => writing.await,
            };
            written.map_err(|error| self.explained(error))
        })
    }

    fn has_no_input(&self) -> Error {
        let error = self.inner().error(
            ErrorKind::Invalid,
            "its input can't be written to: it was closed, or was given with the command",
        );
        error
            .with_hint("`wait` and `close_stdin` close it; a command with `.stdin(...)` has all of its input")
    }

    fn explained(&self, error: Error) -> Error {
        error.with_command(self.inner().title()).with_host(self.host().name())
    }
}

/// A signal by name or number.
pub(crate) fn signal(value: &Dynamic) -> ScriptResult<Signal> {
    if let Ok(number) = value.as_int() {
        let known = i32::try_from(number).ok().and_then(Signal::from_linux_number);
        return known.ok_or_else(|| {
            invalid(format!("there is no signal {number}: they go from 1 to 31, and 34 to 64"))
        });
    }
    let Some(name) = value.read_lock::<ImmutableString>() else {
        return Err(invalid(format!(
            "expected a signal's name or number, such as \"HUP\" or 1, and not {}",
            convert::describe(value)
        )));
    };
    name.parse::<Signal>().map_err(|problem| {
        let upper = name.to_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        let error = Error::from(problem);
        thrown(match nearest(bare, Signal::names()) {
            Some(near) => error.with_hint(format!("did you mean \"{near}\"?")),
            None => error,
        })
    })
}

pub(super) fn register(engine: &mut Engine) {
    register_signals(engine);
    register_stop(engine);
    register_wait(engine);
    register_input(engine);
}

fn register_signals(engine: &mut Engine) {
    function(
        engine,
        "signal(process: Process, signal: string | int) -> ()",
        r#"
Sends a signal to its whole process group, by name (`"HUP"`, `"SIGHUP"`) or number. A process that
has ended takes any signal without effect.

```rhai
let process = local().spawn($`sleep 60`);
process.signal("USR1");
print(process.wait().signal);  // USR1
```
"#,
        |process: &mut Process, which: Dynamic| process.send(signal(&which)?),
    );
    for (name, sent, what) in [
        ("interrupt", Signal::Int, "Interrupts it, as Ctrl-C does"),
        ("terminate", Signal::Term, "Asks it to end"),
        ("kill", Signal::Kill, "Kills it, with everything that it started, at once"),
    ] {
        property(
            engine,
            &format!("{name}(process: Process)"),
            &format!(
                r#"
{what}: `{sent}` to its whole process group.

```rhai
let process = local().spawn($`sleep 60`);
process.{name}();
print(process.wait().signal);  // {sent}
```
"#
            ),
            move |process: &mut Process| process.send(sent),
        );
    }
    property(
        engine,
        "reload(process: Process)",
        r#"
Asks it to read its configuration again: `HUP` to its whole process group.

```rhai
let process = local().spawn($sh`trap 'echo again; exit' HUP; echo ready; while :; do sleep 0.05; done`);
process.expect("ready", 5);
process.reload();
print(process.expect("again", 5));  // again
```
"#,
        |process: &mut Process| process.send(Signal::Hup),
    );
    for (name, sent, what) in [
        ("pause", Signal::Stop, "Stops it until `resume`"),
        ("resume", Signal::Cont, "Lets it go on after `pause`"),
    ] {
        property(
            engine,
            &format!("{name}(process: Process)"),
            &format!(
                r#"
{what}: `{sent}` to its whole process group.

```rhai
let process = local().spawn($`sleep 0.2`);
process.pause();
print(process.wait(0.5) == ());  // true
process.resume();
print(process.wait(10).code);    // 0
```
"#
            ),
            move |process: &mut Process| process.send(sent),
        );
    }
}

fn register_stop(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Asks it to end (`TERM`), waits for the grace (half a second unless given), then kills it with
everything that it started. Says which it took: `"terminated"`, `"killed"`, or `"already_ended"`.

```rhai
let polite = local().spawn($`sleep 60`);
print(polite.stop(5));    // terminated
let stubborn = local().spawn($sh`trap '' TERM; echo ready; while :; do sleep 0.05; done`);
stubborn.expect("ready", 5);
print(stubborn.stop(0.1));  // killed
```
"#;
    property(engine, "stop(process: Process) -> string", DOCUMENTATION, |process: &mut Process| {
        process.stop(crate::backend::DEFAULT_GRACE)
    });
    function(
        engine,
        "stop(process: Process, grace: seconds) -> string",
        DOCUMENTATION,
        |process: &mut Process, grace: Dynamic| process.stop(seconds(&grace)?),
    );
}

fn register_wait(engine: &mut Engine) {
    property(
        engine,
        "wait(process: Process) -> Output",
        r#"
Closes its input, waits until it has ended, and gives its `Output`, whatever its exit code or signal.
It may be called again. Throws only where it has no status of its own: it passed its time limit, or
its host was lost.

```rhai
let process = local().spawn($sh`echo hello; exit 3`);
print(process.wait().code);  // 3
print(process.wait().text);  // hello
```
"#,
        |process: &mut Process| Process::result(&*process.wait_for_output()?),
    );
    function(
        engine,
        "wait(process: Process, limit: seconds) -> Output | ()",
        r#"
The same for so long at most: `()` where it still runs then.

```rhai
let process = local().spawn($`sleep 60`);
print(process.wait(0.1) == ());  // true
```
"#,
        |process: &mut Process, limit: Dynamic| -> ScriptResult<Dynamic> {
            match process.wait_for_output_within(seconds(&limit)?)? {
                Some(output) => Process::result(&output).map(Dynamic::from::<Output>),
                None => Ok(Dynamic::UNIT),
            }
        },
    );
}

fn register_input(engine: &mut Engine) {
    function(
        engine,
        "write(process: Process, input: string | blob)",
        r#"
Writes to its input, and waits while it is slow to read.

```rhai
let process = local().spawn($`tr a-z A-Z`);
process.write("hello\n");
print(process.wait().text);  // HELLO
```
"#,
        |process: &mut Process, input: Dynamic| process.write(&convert::blob_or_text(&input)?),
    );
    function(
        engine,
        "write_line(process: Process, text: string)",
        r#"
Writes a line to its input, with a newline behind it.

```rhai
let process = local().spawn($`cat`);
process.write_line("hello");
print(process.expect("hello", 5));  // hello
```
"#,
        |process: &mut Process, text: Dynamic| {
            process.write(format!("{}\n", convert::argument(&text)?).as_bytes())
        },
    );
    property(
        engine,
        "close_stdin(process: Process)",
        r#"
Ends its input: it reads the end of it.

```rhai
let process = local().spawn($`wc -l`);
process.write("a\nb\n");
process.close_stdin();
print(process.expect("\\d+", 5));  // 2
```
"#,
        |process: &mut Process| {
            let inner = process.inner();
            scope::wait(async {
                inner.close_stdin().await;
                Ok(())
            })
        },
    );
}
