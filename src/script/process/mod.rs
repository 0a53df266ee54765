//! `Process` in scripts: what runs, and what can be done with it.

mod control;
mod detached;
mod expect;
mod filter;
mod handlers;
mod loops;
mod reader;
mod several;

pub(super) use control::signal;
pub(super) use filter::pattern;
pub(super) use handlers::{Closure, forget_all, has_turns, next_turn, take_turn};

use super::{
    command::Command,
    convert,
    define::{function, property},
    error::thrown,
    event::Event,
    hosts::Host,
    output::Output,
    run::Run,
    scope::{self, ScriptResult},
    start::{self, Permit, permit},
};
use crate::{
    Capability, Error, ErrorKind, ExitStatus, HostProcess, Process as _,
    backend::{Backend as _, ProcessStdin},
    command::{Job, StdinSource},
    executor::Collector,
};
use filter::Filter;
use handlers::Handlers;
use reader::{Item, Lines, Reader};
use rhai::{Dynamic, Engine};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A running process, as scripts hold it.
///
/// The run that started it owns it: it ends with the run, and not with the last handle.
#[derive(Clone)]
pub struct Process(Arc<Handle>);

/// What the script's handles share. With the last of them goes whoever could take its output.
struct Handle(Arc<Inner>);

/// A process, for its run and for its handles.
pub(super) struct Inner {
    process: HostProcess,
    host: Host,
    command: Command,
    reader: Reader,
    stdin: tokio::sync::Mutex<Option<ProcessStdin>>,
    filters: Mutex<Vec<Filter>>,
    handlers: Mutex<Handlers>,
    /// Whether there is a filter or a handler at all: a loop over millions of lines asks for each.
    is_observed: AtomicBool,
    /// Whether a loop takes its events: then only the loop shows them to filters and handlers.
    in_loop: AtomicBool,
    /// What has looped over it.
    looped: Mutex<Option<&'static str>>,
}

impl Process {
    /// Starts a job on a host.
    fn spawn(host: &Host, job: &Job) -> ScriptResult<Self> {
        let scope = scope::current()?;
        let process = match permit(&scope.run, host, job).map_err(thrown)? {
            Permit::Start(prepared) => {
                let prepared = with_open_input(host, prepared);
                scope::wait(start::spawn(&scope.run, host, prepared))?
            }
            Permit::Pretend(output) => {
                let _entered = scope.run.runtime.enter();
                pretended(output)
            }
        };
        Ok(Self::new(&scope.run, host, job, process))
    }

    /// A process that runs already.
    pub(crate) fn new(run: &Run, host: &Host, job: &Job, mut process: HostProcess) -> Self {
        let commands: Vec<_> = job.commands().into_iter().cloned().collect();
        let collector = Collector::new(&commands, host.name());
        let inner = Arc::new(Inner {
            reader: Reader::new(process.take_events().unwrap_or_default(), collector),
            stdin: tokio::sync::Mutex::new(process.take_stdin()),
            process,
            host: host.clone(),
            command: Command::from(job.clone()),
            filters: Mutex::default(),
            handlers: Mutex::default(),
            is_observed: AtomicBool::new(false),
            in_loop: AtomicBool::new(false),
            looped: Mutex::default(),
        });
        run.processes.add(&inner);
        Self(Arc::new(Handle(inner)))
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.0.0
    }

    /// Where it runs.
    pub fn host(&self) -> &Host {
        &self.inner().host
    }

    /// Its process id on its host, where the host tells it.
    pub fn pid(&self) -> Option<u32> {
        self.inner().process.pid()
    }

    /// How it ended, if it has.
    pub fn status(&self) -> Option<ExitStatus> {
        self.inner().process.try_wait()
    }

    /// Waits until it has ended, and gives what it left, whatever its status.
    ///
    /// Filters and handlers see everything that it writes; a loop that comes later gets what there
    /// is room to keep.
    fn wait_for_output(&self) -> ScriptResult<Arc<crate::Output>> {
        let inner = self.inner();
        scope::wait(async {
            inner.close_stdin().await;
            self.read_to_end().await;
            Ok(())
        })?;
        Ok(inner.reader.output().expect("its end was read"))
    }

    /// The same with a limit; nothing where it still runs then.
    fn wait_for_output_within(&self, limit: Duration) -> ScriptResult<Option<Arc<crate::Output>>> {
        let inner = self.inner();
        scope::wait(async {
            inner.close_stdin().await;
            // Where it has passed there is no output yet.
            let _ = tokio::time::timeout(limit, self.read_to_end()).await;
            Ok(())
        })?;
        Ok(inner.reader.output())
    }

    async fn read_to_end(&self) {
        let inner = self.inner();
        inner.reader.read_to_end(&inner.process, handlers::are_shown_here(self)).await;
    }

    /// What it left, as `wait` gives it.
    fn result(output: &crate::Output) -> ScriptResult<Output> {
        match output.status {
            ExitStatus::Exited(_) | ExitStatus::Signaled(_) | ExitStatus::Unknown => {
                Ok(Output::from(output.clone()))
            }
            _ => Err(thrown(Error::from_output(output.clone()))),
        }
    }

    fn is_running(&self) -> bool {
        let inner = self.inner();
        // Its end is known once it has been read.
        inner.reader.read_what_waits(&inner.process);
        inner.process.try_wait().is_none()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.0.is_observed.load(Ordering::Relaxed) {
            self.0.reader.discard();
        }
    }
}

impl Inner {
    /// Ends it, if it runs and is not detached, and waits for that.
    pub(super) async fn end(&self) {
        if self.process.try_wait().is_none() && !self.process.is_detached() {
            // What it still writes is read, since it may wait for somebody to take it.
            tokio::join!(self.process.cancel(), self.reader.read_to_end(&self.process, false));
        }
    }

    /// Whether it runs, as far as that is known.
    pub(super) fn is_running(&self) -> bool {
        self.process.try_wait().is_none()
    }

    /// Lets go of the closures that it was given, which may hold it in turn.
    pub(super) fn forget_closures(&self) {
        lock(&self.handlers).clear();
        lock(&self.filters).clear();
    }

    async fn close_stdin(&self) {
        if let Some(stdin) = self.stdin.lock().await.take() {
            // A process that does not read it any longer needs no end of it.
            let _ = stdin.close().await;
        }
    }

    fn observe(&self) {
        self.is_observed.store(true, Ordering::Relaxed);
    }

    fn is_observed(&self) -> bool {
        self.is_observed.load(Ordering::Relaxed)
    }

    /// The command as it prints.
    fn title(&self) -> String {
        self.command.to_string()
    }

    /// Which process it is, for messages.
    fn describe(&self) -> String {
        format!("process {} `{}` on {}", self.process.pid().unwrap_or(0), self.title(), self.host)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_command(self.title()).with_host(self.host.name())
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner().describe())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The job with its input left open for `write`, where it was given none and the host can do that.
fn with_open_input(host: &Host, job: Job) -> Job {
    if !host.executor().backend().capabilities().contains(Capability::PipedStdin) {
        return job;
    }
    let mut is_first = true;
    job.map(&mut |command| {
        let takes_input = command.stdin == StdinSource::Empty && !command.tty && command.detach.is_none();
        let open = std::mem::take(&mut is_first) && takes_input;
        if open { command.stdin(StdinSource::Piped) } else { command }
    })
}

/// A process that a dry run did not start: it has ended already, and wrote nothing.
fn pretended(output: crate::Output) -> HostProcess {
    HostProcess::new(crate::backend::Terms::default(), |setter| {
        let (sender, events) = crate::EventStream::channel();
        let status = setter.set(output.status, vec![output.status]);
        tokio::spawn(async move {
            sender.started(None).await;
            sender.exited(status).await;
        });
        crate::backend::ProcessParts { pid: None, events, stdin: None, control: Arc::new(Nothing) }
    })
}

/// Reaches nothing.
struct Nothing;

impl crate::backend::ProcessControl for Nothing {
    fn signal(&self, _: crate::Signal) -> crate::backend::BoxFuture<'_, crate::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn abandon(&self) {}
}

/// The processes that a run has started, and ends.
#[derive(Default)]
pub(crate) struct Processes(Mutex<Started>);

#[derive(Default)]
struct Started {
    list: Vec<Arc<Inner>>,
    /// So many may be in the list before those that have ended are taken out.
    limit: usize,
}

impl Processes {
    fn add(&self, inner: &Arc<Inner>) {
        let mut started = lock(&self.0);
        if started.list.len() >= started.limit {
            started.list.retain(|inner| inner.is_running());
            started.limit = 2 * started.list.len() + 16;
        }
        started.list.push(inner.clone());
    }

    /// Those that still run, as they print. No handles: with the last one goes their output.
    #[cfg(feature = "cli")]
    pub(crate) fn running(&self) -> Vec<String> {
        lock(&self.0).list.iter().filter(|inner| inner.is_running()).map(|inner| inner.describe()).collect()
    }

    /// Ends all that still run: asks, waits, kills; all at the same time.
    pub(crate) async fn end_all(&self) {
        let list = std::mem::take(&mut lock(&self.0).list);
        list.iter().for_each(|inner| inner.forget_closures());
        futures_util::future::join_all(list.iter().map(|inner| inner.end())).await;
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Process>("Process");
    register_spawn(engine);
    register_facts(engine);
    control::register(engine);
    handlers::register(engine);
    loops::register(engine);
    expect::register(engine);
    filter::register(engine);
    several::register(engine);
    detached::register(engine);
}

fn register_spawn(engine: &mut Engine) {
    function(
        engine,
        "spawn(host: Host, command: Command) -> Process",
        r#"
Starts a command and gives its `Process` at once. It is ended with the script, if it has not ended
before. Its input stays open for `write` until `close_stdin` or `wait`, unless the command was given
one.

```rhai
let process = local().spawn($`sleep 60`);
print(process.running);  // true
```
"#,
        |host: &mut Host, command: Dynamic| Process::spawn(host, convert::command(&command)?.job()),
    );
    function(
        engine,
        "spawn(command: Command) -> Process",
        r#"
Starts it on this machine: `local().spawn(command)`.

```rhai
print($`echo hello`.spawn().wait().text);  // hello
```
"#,
        |command: &mut Command| Process::spawn(&scope::current()?.run.local(), command.job()),
    );
}

fn register_facts(engine: &mut Engine) {
    property(
        engine,
        "pid(process: Process) -> int | ()",
        r#"
Its process id on its host, where the host tells it.

```rhai
print(local().spawn($`true`).pid > 1);  // true
```
"#,
        |process: &mut Process| process.pid().map_or(Dynamic::UNIT, |pid| Dynamic::from(i64::from(pid))),
    );
    property(
        engine,
        "host(process: Process) -> Host",
        r#"
Where it runs.

```rhai
print(local().spawn($`true`).host);  // local
```
"#,
        |process: &mut Process| process.host().clone(),
    );
    property(
        engine,
        "command(process: Process) -> Command",
        r#"
What it runs.

```rhai
print(local().spawn($`echo hello`).command);  // echo hello
```
"#,
        |process: &mut Process| process.inner().command.clone(),
    );
    property(
        engine,
        "running(process: Process) -> bool",
        r#"
Whether it still runs.

```rhai
let process = local().spawn($`true`);
process.wait();
print(process.running);  // false
```
"#,
        |process: &mut Process| process.is_running(),
    );
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(process: Process) -> string"),
            r#"
Which process it is, for messages.

```rhai
let process = local().spawn($`true`);
print(`${process}` == `process ${process.pid} ``true`` on local`);  // true
```
"#,
            |process: &mut Process| format!("{process:?}"),
        );
    }
    function(
        engine,
        "==(a: Process, b: Process) -> bool",
        r#"
Whether both are the same process.

```rhai
let process = local().spawn($`true`);
print(process == process);  // true
```
"#,
        |a: &mut Process, b: Process| Arc::ptr_eq(a.inner(), b.inner()),
    );
    function(
        engine,
        "!=(a: Process, b: Process) -> bool",
        r#"
Whether they are different processes.

```rhai
print($`true`.spawn() != $`true`.spawn());  // true
```
"#,
        |a: &mut Process, b: Process| !Arc::ptr_eq(a.inner(), b.inner()),
    );
}
