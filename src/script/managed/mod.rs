//! `ManagedProcess` in scripts: a command that is kept running, by `host.manage`.

mod follow;
mod options;

use super::{
    convert,
    define::{function, property},
    error::thrown,
    hosts::Host,
    options::seconds,
    output,
    process::signal,
    run::Run,
    scope::{self, ScriptResult},
    start::{Permit, permit},
    toolbox::Time,
};
use crate::{
    Error, ManagedHandle, ManagedState, ManagedStatus,
    backend::{DEFAULT_GRACE, Stopped},
    command::{Command, Job},
    target,
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A command that is kept running, as scripts hold it.
///
/// The run that made it owns it: it ends with the run, and not with the last handle.
#[derive(Clone)]
pub struct ManagedProcess(Arc<Inner>);

struct Inner {
    handle: ManagedHandle,
    host: Host,
    grace: Duration,
    /// In a dry run it is never started.
    pretends: bool,
}

impl ManagedProcess {
    fn new(host: &Host, name: &str, command: &Job, given: Map) -> ScriptResult<Self> {
        let run = scope::current()?.run;
        let (command, pretends) = permitted(&run, host, command)?;
        let plan = options::plan(target::ManagedProcess::new(name, command), given)?;
        let (grace, executor) = (plan.grace, host.executor().clone());
        let handle = scope::wait(async move { plan.manage_on(&executor) })?;
        let managed = Self(Arc::new(Inner { handle, host: host.clone(), grace, pretends }));
        run.managed.add(&managed);
        Ok(managed)
    }

    /// Asks for something, unless this is a dry run.
    fn ask<T>(&self, pretended: T, request: impl Future<Output = crate::Result<T>>) -> ScriptResult<T> {
        if self.0.pretends { Ok(pretended) } else { scope::wait(request) }
    }

    fn handle(&self) -> &ManagedHandle {
        &self.0.handle
    }

    fn stop(&self, grace: Option<Duration>) -> ScriptResult<String> {
        let handle = self.handle();
        let grace = grace.unwrap_or(self.0.grace);
        self.ask(Stopped::AlreadyEnded, handle.stop_within(grace)).map(|stopped| stopped.to_string())
    }
}

impl fmt::Debug for ManagedProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "managed process {} on {}", self.handle().name(), self.0.host)
    }
}

/// The command with the host's defaults, and whether it is only said that it would run. Time limits
/// are for what is waited for, so only the command's own holds for a service.
fn permitted(run: &Run, host: &Host, job: &Job) -> ScriptResult<(Command, bool)> {
    let Job::Command(own) = job else {
        let error = Error::unsupported("a pipeline or sequence is no single process, and can't be managed")
            .with_hint("write it for a shell: $sh`...`");
        return Err(thrown(error.with_command(job.to_string())));
    };
    let (permitted, pretends) = match permit(run, host, job).map_err(thrown)? {
        Permit::Start(job) => (job, false),
        Permit::Pretend(_) => (host.with_defaults(job.clone()), true),
    };
    let Job::Command(mut command) = permitted else { unreachable!("one command stays one") };
    command.timeout = own.timeout;
    Ok((command, pretends))
}

/// What a run keeps running, and ends.
#[derive(Default)]
pub(crate) struct ManagedProcesses(Mutex<Vec<ManagedProcess>>);

impl ManagedProcesses {
    fn add(&self, managed: &ManagedProcess) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(managed.clone());
    }

    /// Stops all of them at the same time, each with its own signal; nothing is left a second later.
    pub(crate) async fn end_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let stops = all.iter().map(|one| one.handle().stop_within(one.0.grace.min(DEFAULT_GRACE)));
        futures_util::future::join_all(stops).await;
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<ManagedProcess>("ManagedProcess");
    register_manage(engine);
    register_requests(engine);
    register_status(engine);
    follow::register(engine);
}

fn register_manage(engine: &mut Engine) {
    function(
        engine,
        "manage(host: Host, name: string, command: Command) -> ManagedProcess",
        r#"
A `ManagedProcess`, which keeps a command running under a name once it is started: restarted after a
failure, at most 5 times in a minute. It is stopped with the script.

```rhai
let service = local().manage("sleeper", $`sleep 60`);
service.start();
service.wait_ready();
print(service.status.state);  // running
print(service.stop());        // terminated
```
"#,
        |host: &mut Host, name: ImmutableString, command: Dynamic| {
            ManagedProcess::new(host, &name, convert::command(&command)?.job(), Map::new())
        },
    );
    function(
        engine,
        "manage(host: Host, name: string, command: Command, options: map) -> ManagedProcess",
        r#"
The same with options:

- `restart`: `"on-failure"`, `"always"` or `"never"`; `max_restarts` within `restart_window` seconds;
  `backoff`, the seconds that a restart waits, or `#{ initial, factor, max, jitter }`, where each wait is
  longer until it has run for `stable_after` seconds. They are for what was up: a first start that does
  not become ready has failed.
- `ready`: what makes it ready. A text is a regular expression on the lines that it writes, a number a
  port, a Command is run until it succeeds; or `#{ line }`, `#{ port }` (also `"host:port"`), `#{ file }`,
  `#{ command }`. Within `ready_timeout` seconds (30), or its start has failed.
- `stop_signal` (`"TERM"`) and `grace`, the seconds (10) until it is killed with all that it started;
  `reload_signal` (`"HUP"`).
- `pid_file`: names it while it runs; one that names another process that runs is respected.
- `watch`: a path, or an array of paths, of files and folders whose change restarts it.
- `kept_output`: the bytes (256 KiB) of its newest output that are kept for `logs` and `follow`.

```rhai
let service = local().manage("web", $sh`echo listening; exec sleep 60`, #{
    restart: "always",
    ready: "listening",
    grace: 1,
});
service.start();
service.wait_ready(10);
print(service.logs());   // ["listening"]
print(service.stop());   // terminated
```
"#,
        |host: &mut Host, name: ImmutableString, command: Dynamic, given: Map| {
            ManagedProcess::new(host, &name, convert::command(&command)?.job(), given)
        },
    );
}

fn register_requests(engine: &mut Engine) {
    function(
        engine,
        "start(process: ManagedProcess)",
        r#"
Starts it, unless it runs. It need not be ready yet: see `wait_ready`.

```rhai
let service = local().manage("sleeper", $`sleep 60`);
service.start();
print(service.pid > 1);  // true
```
"#,
        |managed: &mut ManagedProcess| managed.ask((), managed.handle().start()),
    );
    const STOP: &str = r#"
Asks it to end, and kills it with all that it started when its grace has passed. Says which it took:
`terminated`, `killed` or `already_ended`.

```rhai
let service = local().manage("stubborn", $sh`trap '' TERM; echo up; sleep 60`, #{ ready: "up" });
service.start();
service.wait_ready(10);
print(service.stop(0.1));  // killed
print(service.stop());     // already_ended
```
"#;
    function(engine, "stop(process: ManagedProcess) -> string", STOP, |managed: &mut ManagedProcess| {
        managed.stop(None)
    });
    function(
        engine,
        "stop(process: ManagedProcess, grace: any) -> string",
        STOP,
        |managed: &mut ManagedProcess, grace: Dynamic| managed.stop(Some(seconds(&grace)?)),
    );
    function(
        engine,
        "restart(process: ManagedProcess)",
        r#"
Stops it if it runs, and starts it.

```rhai
let service = local().manage("sleeper", $`sleep 60`);
service.start();
let before = service.pid;
service.restart();
print(service.pid != before);  // true
```
"#,
        |managed: &mut ManagedProcess| managed.ask((), managed.handle().restart()),
    );
    function(
        engine,
        "reload(process: ManagedProcess)",
        r#"
Makes it read its configuration again: sends its `reload_signal`. Throws where it does not run.

```rhai
let service = local().manage("web", $sh`trap 'echo reloaded' HUP; echo up; while :; do sleep 0.05; done`,
    #{ ready: "up" });
service.start();
service.wait_ready(10);
service.reload();
for event in service.follow() {
    if event.line == "reloaded" { print(event.line); break; }  // reloaded
}
```
"#,
        |managed: &mut ManagedProcess| managed.ask((), managed.handle().reload()),
    );
    function(
        engine,
        "signal(process: ManagedProcess, signal: any)",
        r#"
Sends a signal, by name or number, to its process group. Throws where it does not run.

```rhai
let service = local().manage("sleeper", $`sleep 60`, #{ restart: "never" });
service.start();
service.signal("INT");
for event in service.follow() {
    if event.kind == "exited" { print(event.signal); }  // INT
}
```
"#,
        |managed: &mut ManagedProcess, name: Dynamic| {
            let signal = signal(&name)?;
            managed.ask((), managed.handle().signal(signal))
        },
    );
    register_wait_ready(engine);
}

fn register_wait_ready(engine: &mut Engine) {
    const WAIT_READY: &str = r#"
Waits until it is ready; at most so many seconds, if they are given. Throws why its start has failed,
with the tail of its output.

```rhai
let service = local().manage("broken", $sh`printf "no configuration" >&2; exit 1`, #{ ready: "up" });
service.start();
try { service.wait_ready(10); } catch (error) { print(error.stderr); }  // no configuration
```
"#;
    function(engine, "wait_ready(process: ManagedProcess)", WAIT_READY, |managed: &mut ManagedProcess| {
        managed.ask((), managed.handle().wait_ready())
    });
    function(
        engine,
        "wait_ready(process: ManagedProcess, seconds: any)",
        WAIT_READY,
        |managed: &mut ManagedProcess, limit: Dynamic| {
            let limit = seconds(&limit)?;
            managed.ask((), managed.handle().wait_ready_within(limit))
        },
    );
}

fn register_status(engine: &mut Engine) {
    property(
        engine,
        "name(process: ManagedProcess) -> string",
        r#"
What it is called.

```rhai
print(local().manage("web", $`sleep 60`).name);  // web
```
"#,
        |managed: &mut ManagedProcess| managed.handle().name().to_owned(),
    );
    property(
        engine,
        "host(process: ManagedProcess) -> Host",
        r#"
Where it runs.

```rhai
print(local().manage("web", $`sleep 60`).host);  // local
```
"#,
        |managed: &mut ManagedProcess| managed.0.host.clone(),
    );
    property(
        engine,
        "status(process: ManagedProcess) -> map",
        r#"
How it is: `#{ state, since, pid, restarts, code, signal, error }`. The state is `stopped`, `starting`,
`running`, `backing_off`, `stopping` or `failed`; `code` and `signal` are those of its last end, `error`
says why it failed. What there is none of is `()`.

```rhai
let service = local().manage("sleeper", $`sleep 60`);
print(service.status.state);  // stopped
```
"#,
        |managed: &mut ManagedProcess| status_map(&managed.handle().status()),
    );
    property(
        engine,
        "pid(process: ManagedProcess) -> int | ()",
        r#"
Its process id while it runs, where the host tells it.

```rhai
print(local().manage("sleeper", $`sleep 60`).pid == ());  // true
```
"#,
        |managed: &mut ManagedProcess| pid(managed.handle().pid()),
    );
    property(
        engine,
        "running(process: ManagedProcess) -> bool",
        r#"
Whether it runs and is ready.

```rhai
print(local().manage("sleeper", $`sleep 60`).running);  // false
```
"#,
        |managed: &mut ManagedProcess| managed.handle().status().is_ready(),
    );
    property(
        engine,
        "restarts(process: ManagedProcess) -> int",
        r#"
How often it was restarted after it ended by itself, since it was last started by somebody.

```rhai
let service = local().manage("flaky", $`false`, #{ max_restarts: 2, backoff: 0.01 });
service.start();
for event in service.follow() {}
print(service.restarts);  // 2
```
"#,
        |managed: &mut ManagedProcess| i64::from(managed.handle().restarts()),
    );
    register_logs(engine);
}

fn register_logs(engine: &mut Engine) {
    const LOGS: &str = r#"
The newest lines that it wrote to either output, as far as they are kept; the last so many of them, if a
number is given.

```rhai
let service = local().manage("counter", $sh`seq 3; exec sleep 60`, #{ ready: "3" });
service.start();
service.wait_ready(10);
print(service.logs(2));  // ["2", "3"]
```
"#;
    property(engine, "logs(process: ManagedProcess) -> array", LOGS, |managed: &mut ManagedProcess| {
        logs(managed, usize::MAX)
    });
    function(
        engine,
        "logs(process: ManagedProcess, count: int) -> array",
        LOGS,
        |managed: &mut ManagedProcess, count: i64| logs(managed, usize::try_from(count).unwrap_or(0)),
    );
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(process: ManagedProcess) -> string"),
            r#"
Which process it is, for messages.

```rhai
print(local().manage("web", $`sleep 60`));  // managed process web on local
```
"#,
            |managed: &mut ManagedProcess| format!("{managed:?}"),
        );
    }
}

fn logs(managed: &ManagedProcess, count: usize) -> Array {
    let lines = managed.handle().kept_lines();
    let skipped = lines.len().saturating_sub(count);
    convert::array(lines[skipped..].iter().map(|line| line.text().into_owned()))
}

fn status_map(status: &ManagedStatus) -> Map {
    let ended = |what: fn(crate::ExitStatus) -> Dynamic| status.last_exit.map_or(Dynamic::UNIT, what);
    Map::from_iter([
        ("state".into(), status.state.name().into()),
        ("since".into(), Dynamic::from(Time::from(status.since))),
        ("pid".into(), pid(status.pid())),
        ("restarts".into(), Dynamic::from(i64::from(status.restarts))),
        ("code".into(), ended(output::code)),
        ("signal".into(), ended(output::signal)),
        (
            "error".into(),
            match &status.state {
                ManagedState::Failed(error) => Dynamic::from(error.clone()),
                _ => Dynamic::UNIT,
            },
        ),
    ])
}

fn pid(pid: Option<u32>) -> Dynamic {
    pid.map_or(Dynamic::UNIT, |pid| Dynamic::from(i64::from(pid)))
}
