//! `pipe`: from a command on one host to a command on another, in bounded memory.

use super::{
    convert,
    define::function,
    error::{invalid, thrown},
    hosts::Host,
    output::Output,
    scope::{self, Scope, ScriptResult},
    start::{Permit, permit, spawn},
};
use crate::{
    Error, EventStream, HostProcess, Process as _, ProcessStdin, Signal,
    backend::BatchEvent,
    command::{Command, Job, Pipeline, StdinSource},
    event::{Batch, OutputStream},
    executor::Collector,
};
use rhai::{Dynamic, Engine};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// One of the two sides.
struct Side {
    host: Host,
    job: Job,
}

impl Side {
    fn new(host: &Host, command: &Dynamic) -> ScriptResult<Self> {
        let job = convert::command(command)?.job().clone();
        match job {
            Job::Then(..) | Job::OrElse(..) => Err(thrown(
                Error::unsupported("a sequence can't be a stage of a pipeline")
                    .with_hint("write it as a shell's text, with `$sh`"),
            )),
            _ => Ok(Self { host: host.clone(), job }),
        }
    }

    fn commands(&self) -> Vec<Command> {
        self.job.commands().into_iter().cloned().collect()
    }

    /// Its input is what the other side writes.
    fn with_piped_input(mut self) -> ScriptResult<Self> {
        if self.commands().first().is_some_and(|first| first.stdin != StdinSource::Empty) {
            return Err(invalid("pipe: the second command has an input already"));
        }
        let mut is_first = true;
        self.job = self.job.map(&mut |command| match std::mem::take(&mut is_first) {
            true => command.stdin(StdinSource::Piped),
            false => command,
        });
        Ok(self)
    }
}

fn pipe(from: Side, to: Side) -> ScriptResult<Output> {
    let scope = scope::current()?;
    let to = to.with_piped_input()?;
    let mut jobs = Vec::with_capacity(2);
    let mut pretended = None;
    for side in [&from, &to] {
        match permit(&scope.run, &side.host, &side.job).map_err(thrown)? {
            Permit::Start(job) => jobs.push(job),
            Permit::Pretend(output) => pretended = Some(output),
        }
    }
    if let Some(output) = pretended {
        return Ok(Output::of_dry_run(output));
    }
    let [first, second] = jobs.try_into().expect("both may start");
    let commands = [from.commands(), to.commands()].concat();
    let whole =
        commands.iter().skip(1).fold(Pipeline::from(commands[0].clone()), |all, next| all.pipe(next.clone()));
    let output = scope::wait_until_done(run(&scope, (&from, first), (&to, second), &whole))?;
    match output.success() {
        true => Ok(output.into()),
        false => Err(thrown(Error::from_output(output))),
    }
}

/// Runs both to their ends. When the script is cancelled meanwhile, both are ended first.
async fn run(
    scope: &Scope,
    (from, first): (&Side, Job),
    (to, second): (&Side, Job),
    whole: &Pipeline,
) -> ScriptResult<crate::Output> {
    let started = Instant::now();
    // The reader first: nothing is written before there is somebody to take it.
    let spawning = async {
        let reader = spawn(&scope.run, &to.host, second).await?;
        let writer = spawn(&scope.run, &from.host, first).await?;
        Ok((writer, reader))
    };
    let (mut writer, mut reader) = tokio::select! {
        biased;
        () = scope.cancellation.cancelled() => return Err(scope::terminated()),
        spawned = spawning => spawned.map_err(thrown)?,
    };
    let host = format!("{} and {}", from.host.name(), to.host.name());
    let collector = Mutex::new(Collector::new(whole.stages(), &host));
    let ends = (writer.take_events().unwrap_or_default(), reader.take_stdin());
    let output = reader.take_events().unwrap_or_default();
    {
        let mut working = std::pin::pin!(async {
            tokio::join!(
                feed(&writer, ends, &collector),
                collect(output, from.commands().len(), &collector),
                writer.wait(),
                reader.wait(),
            )
        });
        tokio::select! {
            biased;
            () = scope.cancellation.cancelled() => {
                tokio::join!(writer.cancel(), reader.cancel(), working);
                return Err(scope::terminated());
            }
            _ = &mut working => {}
        }
    }
    let statuses = [writer.stage_statuses(), reader.stage_statuses()].concat();
    let collector = collector.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(collector.finish(whole.status(&statuses), &statuses, started))
}

/// Hands on what one writes to the input of the other.
async fn feed(
    writer: &HostProcess,
    (mut events, mut input): (EventStream, Option<ProcessStdin>),
    collector: &Mutex<Collector>,
) {
    while let Some(event) = events.recv_batch().await {
        let BatchEvent::Output(batch) = event else { continue };
        if batch.stream() == OutputStream::Stderr {
            push(collector, &batch);
            continue;
        }
        if let Some(open) = &mut input
            && open.write(batch.bytes()).await.is_err()
        {
            // Nobody reads any longer: the writer hears of that as it would on a pipe.
            input = None;
            let _ = writer.signal(Signal::Pipe).await;
        }
    }
    if let Some(input) = input {
        // Who does not read any longer needs no end of the input.
        let _ = input.close().await;
    }
}

async fn collect(mut events: EventStream, stages_before: usize, collector: &Mutex<Collector>) {
    while let Some(event) = events.recv_batch().await {
        if let BatchEvent::Output(mut batch) = event {
            batch.stage += stages_before;
            push(collector, &batch);
        }
    }
}

fn push(collector: &Mutex<Collector>, batch: &Batch) {
    collector.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "pipe(from: Host, command: Command, to: Host, next: Command) -> Output",
        r#"
Runs a command on one host and another one on another host, with the output of the first going to the
input of the second, in bounded memory. It fails as a pipeline does; the `Output` is that of the
second, with the status of each in `.stages`.

```rhai
let output = pipe(local(), $`printf 'b\na\n'`, local(), $`sort`);
print(output.lines);                               // ["a", "b"]
print(output.stages.map(|stage| stage.code));      // [0, 0]
```
"#,
        |from: Host, command: Dynamic, to: Host, next: Dynamic| {
            pipe(Side::new(&from, &command)?, Side::new(&to, &next)?)
        },
    );
}
