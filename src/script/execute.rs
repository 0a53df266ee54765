//! Running commands to their end: `run`, `try_run`, `text`, `lines`, `json`, `ok`, `stream`.

use super::{
    command::Command,
    convert,
    define::function,
    error::thrown,
    hosts::Host,
    output::Output,
    scope::{self, Scope, ScriptResult},
    start::{Permit, permit, spawn},
};
use crate::{
    Error, ErrorKind, Process,
    backend::BatchEvent,
    command::Job,
    event::{Batch, ExitStatus},
    executor::{Collector, accepts},
};
use rhai::{Array, Dynamic, Engine, EvalAltResult};
use std::time::Instant;

/// Which ends of a command are no error.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Accept {
    /// Those that the command accepts.
    Success,
    /// Any end that the command came to by itself.
    AnyStatus,
}

/// Runs a job on a host until its end.
pub(super) fn run(host: &Host, job: &Job, accept: Accept) -> ScriptResult<Output> {
    run_observed(host, job, accept, &mut |_| {})
}

/// The standard output of a job, without the newlines at its end.
pub(super) fn text(host: &Host, job: &Job) -> ScriptResult<String> {
    run(host, job, Accept::Success)?.text()
}

/// Whether a host runs this job at all; what the policy denies is still thrown.
pub(super) fn answers(host: &Host, job: &Job) -> ScriptResult<bool> {
    match run(host, job, Accept::AnyStatus) {
        Ok(_) => Ok(true),
        Err(problem) => match thrown_kind(&problem) {
            Some(ErrorKind::Denied | ErrorKind::Cancelled) | None => Err(problem),
            Some(_) => Ok(false),
        },
    }
}

fn thrown_kind(problem: &EvalAltResult) -> Option<ErrorKind> {
    let EvalAltResult::ErrorRuntime(value, _) = problem else { return None };
    value.read_lock::<Error>().map(|error| error.kind())
}

/// The same, while `observe` sees the output as it comes.
pub(super) fn run_observed(
    host: &Host,
    job: &Job,
    accept: Accept,
    observe: &mut (dyn FnMut(&Batch) + Send),
) -> ScriptResult<Output> {
    let scope = scope::current()?;
    let job = match permit(&scope.run, host, job).map_err(thrown)? {
        Permit::Start(job) => job,
        Permit::Pretend(output) => return Ok(Output::of_dry_run(output)),
    };
    let output = scope::wait_until_done(outcome(&scope, host, &job, observe))?;
    let fine = match accept {
        Accept::Success => accepts(&job, &output),
        Accept::AnyStatus => {
            matches!(output.status, ExitStatus::Exited(_) | ExitStatus::Signaled(_) | ExitStatus::Unknown)
        }
    };
    match fine {
        true => Ok(output.into()),
        false => Err(thrown(Error::from_output(output))),
    }
}

/// Runs a job; a sequence goes on by what its parts accept.
async fn outcome(
    scope: &Scope,
    host: &Host,
    job: &Job,
    observe: &mut (dyn FnMut(&Batch) + Send),
) -> ScriptResult<crate::Output> {
    let (first, second, after_success) = match job {
        Job::Then(first, second) => (first, second, true),
        Job::OrElse(first, second) => (first, second, false),
        part => return run_part(scope, host, part, observe).await,
    };
    let output = Box::pin(outcome(scope, host, first, observe)).await?;
    let ended_by_itself = matches!(output.status, ExitStatus::Exited(_) | ExitStatus::Signaled(_));
    if !ended_by_itself || accepts(first, &output) != after_success {
        return Ok(output);
    }
    let mut next = Box::pin(outcome(scope, host, second, observe)).await?;
    next.duration += output.duration;
    Ok(next)
}

/// Runs a command or a pipeline. When the script is cancelled meanwhile, it is ended first.
async fn run_part(
    scope: &Scope,
    host: &Host,
    part: &Job,
    observe: &mut (dyn FnMut(&Batch) + Send),
) -> ScriptResult<crate::Output> {
    let started = Instant::now();
    let spawning = spawn(&scope.run, host, part.clone());
    let mut process = tokio::select! {
        biased;
        () = scope.cancellation.cancelled() => return Err(scope::terminated()),
        process = spawning => process.map_err(thrown)?,
    };
    let mut events = process.take_events().unwrap_or_default();
    let commands: Vec<_> = part.commands().into_iter().cloned().collect();
    let mut collector = Collector::new(&commands, host.name());
    let status = {
        let mut reading = std::pin::pin!(async {
            while let Some(event) = events.recv_batch().await {
                if let BatchEvent::Output(batch) = event {
                    observe(&batch);
                    collector.push(&batch);
                }
            }
            process.wait().await
        });
        tokio::select! {
            biased;
            () = scope.cancellation.cancelled() => {
                // Its last words are still read: it may wait for somebody to take them.
                tokio::join!(process.cancel(), reading);
                return Err(scope::terminated());
            }
            status = &mut reading => status,
        }
    };
    Ok(collector.finish(status, &process.stage_statuses(), started))
}

pub(super) fn register(engine: &mut Engine) {
    register_on_host(engine);
    register_on_command(engine);
}

fn register_on_host(engine: &mut Engine) {
    function(
        engine,
        "run(host: Host, command: Command) -> Output",
        r#"
Runs a command until its end. Throws where it fails: an exit code other than 0 (or the command's
`ok_codes`), a signal, a time limit.

```rhai
let output = local().run($`echo hello`);
print(output.text);  // hello
```
"#,
        |host: &mut Host, command: Dynamic| run(host, convert::command(&command)?.job(), Accept::Success),
    );
    function(
        engine,
        "try_run(host: Host, command: Command) -> Output",
        r#"
Runs a command until its end, whatever its exit code or signal. Throws only where it has no status
of its own: it could not be started, passed its time limit, or its host was lost.

```rhai
print(local().try_run($`test -e /nowhere`).code);  // 1
```
"#,
        |host: &mut Host, command: Dynamic| run(host, convert::command(&command)?.job(), Accept::AnyStatus),
    );
    function(
        engine,
        "text(host: Host, command: Command) -> string",
        r#"
Runs a command and gives its standard output without the newlines at its end.

```rhai
print(local().text($`echo hello`));  // hello
```
"#,
        |host: &mut Host, command: Dynamic| {
            run(host, convert::command(&command)?.job(), Accept::Success)?.text()
        },
    );
    function(
        engine,
        "lines(host: Host, command: Command) -> array",
        r#"
Runs a command and gives the lines of its standard output.

```rhai
print(local().lines($`printf 'a\nb\n'`));  // ["a", "b"]
```
"#,
        |host: &mut Host, command: Dynamic| -> ScriptResult<Array> {
            run(host, convert::command(&command)?.job(), Accept::Success)?.lines()
        },
    );
    function(
        engine,
        "json(host: Host, command: Command) -> any",
        r#"
Runs a command and reads its standard output as JSON.

```rhai
print(local().json($`echo '[1, 2]'`));  // [1, 2]
```
"#,
        |host: &mut Host, command: Dynamic| -> ScriptResult<Dynamic> {
            run(host, convert::command(&command)?.job(), Accept::Success)?.json()
        },
    );
    function(
        engine,
        "ok(host: Host, command: Command) -> bool",
        r#"
Runs a command and says whether it succeeded.

```rhai
print(local().ok($`test -d /`));  // true
```
"#,
        |host: &mut Host, command: Dynamic| ok(host, convert::command(&command)?.job()),
    );
    function(
        engine,
        "stream(host: Host, command: Command) -> Output",
        r#"
Runs a command as `run` does, and shows its output as it comes, with the host's name before each line.

```rhai
print(local().stream($sh`echo working >&2`).code);  // 0
```
"#,
        |host: &mut Host, command: Dynamic| stream(host, convert::command(&command)?.job()),
    );
}

/// A failure that is no answer (a time limit, a lost host) is thrown.
fn ok(host: &Host, job: &Job) -> ScriptResult<bool> {
    let output = run(host, job, Accept::AnyStatus)?;
    Ok(accepts(job, output.get()))
}

fn stream(host: &Host, job: &Job) -> ScriptResult<Output> {
    let run = scope::current()?.run;
    let name = host.label().to_owned();
    run_observed(host, job, Accept::Success, &mut |batch| {
        let lines = batch.lines().map(|line| format!("{name} | {}", line.text()));
        let text = lines.collect::<Vec<_>>().join("\n");
        match batch.stream() {
            // Where nobody reads any longer the command still runs to its end.
            crate::OutputStream::Stdout => drop(run.print(&text)),
            crate::OutputStream::Stderr => run.eprint(&text),
        }
    })
}

fn register_on_command(engine: &mut Engine) {
    function(
        engine,
        "run(command: Command) -> Output",
        r#"
Runs it on this machine: `local().run(command)`.

```rhai
print($`echo hello`.run().text);  // hello
```
"#,
        |command: &mut Command| run(&local()?, command.job(), Accept::Success),
    );
    function(
        engine,
        "try_run(command: Command) -> Output",
        r#"
Runs it on this machine, whatever its exit code or signal: `local().try_run(command)`.

```rhai
print($`false`.try_run().success);  // false
```
"#,
        |command: &mut Command| run(&local()?, command.job(), Accept::AnyStatus),
    );
    function(
        engine,
        "text(command: Command) -> string",
        r#"
Its standard output from this machine, without the newlines at its end: `local().text(command)`.

```rhai
print($`echo hello`.text());  // hello
```
"#,
        |command: &mut Command| run(&local()?, command.job(), Accept::Success)?.text(),
    );
    function(
        engine,
        "lines(command: Command) -> array",
        r#"
The lines of its standard output from this machine: `local().lines(command)`.

```rhai
print($`printf 'a\nb\n'`.lines());  // ["a", "b"]
```
"#,
        |command: &mut Command| run(&local()?, command.job(), Accept::Success)?.lines(),
    );
    function(
        engine,
        "json(command: Command) -> any",
        r#"
Its standard output from this machine, read as JSON: `local().json(command)`.

```rhai
print($`echo '{"a": 1}'`.json().a);  // 1
```
"#,
        |command: &mut Command| run(&local()?, command.job(), Accept::Success)?.json(),
    );
    function(
        engine,
        "ok(command: Command) -> bool",
        r#"
Whether it succeeds on this machine: `local().ok(command)`.

```rhai
print($`true`.ok());  // true
```
"#,
        |command: &mut Command| ok(&local()?, command.job()),
    );
    function(
        engine,
        "stream(command: Command) -> Output",
        r#"
Runs it on this machine and shows its output as it comes: `local().stream(command)`.

```rhai
$sh`echo hello >&2`.stream();
print("done");  // done
```
"#,
        |command: &mut Command| stream(&local()?, command.job()),
    );
}

fn local() -> ScriptResult<Host> {
    Ok(scope::current()?.run.local())
}
