//! A mocked process: plays the answers of its stages, and takes signals meanwhile.

use super::{
    answer::{Answer, Effect, Step},
    files::MemoryFiles,
    record::CallRecord,
};
use crate::{
    Result,
    backend::{
        BoxFuture, EventSender, EventStream, HostProcess, ProcessControl, ProcessParts, ProcessStdin, Terms,
    },
    command::{Command, OutputTarget, Pipeline, StdinSource},
    event::{ExitStatus, Framer, OutputStream, Signal},
};
use std::{path::PathBuf, pin::pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One command of a process that is about to start: what it does, and where its doings are noted.
pub(super) struct Stage {
    pub(super) command: Command,
    pub(super) answer: Answer,
    pub(super) status: ExitStatus,
    pub(super) record: CallRecord,
}

/// Starts a process out of these stages; `pipeline` judges their statuses.
pub(super) fn start(
    pid: u32,
    stages: Vec<Stage>,
    pipeline: Pipeline,
    files: MemoryFiles,
) -> Result<HostProcess> {
    let (sender, events) = EventStream::channel();
    let players = prepare(stages, &sender, &files)?;
    let (signals, players): (Vec<_>, Vec<_>) = players
        .into_iter()
        .map(|player| {
            let (signal, signals) = mpsc::unbounded_channel();
            ((signal, player.stage.record.clone()), (player, signals))
        })
        .unzip();
    let gone = CancellationToken::new();
    let control = Arc::new(MockControl { signals, gone: gone.clone() });
    let input = players[0].0.stage.record.clone();
    let piped = pipeline.first().stdin == StdinSource::Piped;
    let terms = Terms::from(&pipeline);
    Ok(HostProcess::new(terms, |setter| {
        tokio::spawn(async move {
            let gone = gone.drop_guard();
            sender.started(Some(pid)).await;
            let playing = players.into_iter().map(|(player, signals)| player.play(signals));
            let statuses = futures_util::future::join_all(playing).await;
            // A single command's status is its own, also where the command accepts a failure.
            let status = if let [one] = statuses[..] { one } else { pipeline.status(&statuses) };
            let status = setter.set(status, statuses);
            drop(gone);
            sender.exited(status).await;
        });
        ProcessParts { pid: Some(pid), events, stdin: piped.then(|| ProcessStdin::new(input)), control }
    }))
}

/// Opens each stage's outputs and gives it its input. Nothing plays unless all of them can.
fn prepare(stages: Vec<Stage>, events: &EventSender, files: &MemoryFiles) -> Result<Vec<Player>> {
    let mut readers: Vec<Option<CallRecord>> =
        stages.iter().skip(1).map(|next| Some(next.record.clone())).chain([None]).collect();
    let mut players = Vec::new();
    for (index, stage) in stages.into_iter().enumerate() {
        match &stage.command.stdin {
            StdinSource::Bytes(bytes) => stage.record.read(bytes),
            StdinSource::File(path) => stage.record.read(&files.tree().read(&in_dir(&stage.command, path))?),
            StdinSource::Empty | StdinSource::Piped | StdinSource::Inherit => {}
        }
        let sink = |stream, target: &OutputTarget, reader: Option<CallRecord>| {
            Sink::open(stream, index, &stage.command, target, reader, events, files)
        };
        let stdout = sink(OutputStream::Stdout, &stage.command.stdout, readers[index].take())?;
        let merged = stage.command.merge_stderr || stage.command.tty;
        let stderr =
            if merged { None } else { Some(sink(OutputStream::Stderr, &stage.command.stderr, None)?) };
        players.push(Player { outputs: Outputs { stdout, stderr }, stage });
    }
    Ok(players)
}

/// A path as the command means it.
fn in_dir(command: &Command, path: &std::path::Path) -> PathBuf {
    command.current_dir.as_deref().map_or_else(|| path.to_owned(), |directory| directory.join(path))
}

/// One stage that plays.
struct Player {
    stage: Stage,
    outputs: Outputs,
}

impl Player {
    /// Goes through the answer's steps, and ends as it says or as a signal has it.
    async fn play(self, mut signals: mpsc::UnboundedReceiver<Signal>) -> ExitStatus {
        let Player { stage, mut outputs } = self;
        let status = {
            let mut acting = pin!(act(&stage.answer, &mut outputs));
            let mut held = Held::default();
            loop {
                tokio::select! {
                    biased;
                    Some(signal) = signals.recv() => {
                        if let Some(end) = held.take(signal, stage.answer.effect(signal)) {
                            break ExitStatus::Signaled(end);
                        }
                    }
                    () = &mut acting, if !held.is_stopped => break stage.status,
                    // Stopped, and nobody is left who could continue it.
                    else => std::future::pending().await,
                }
            }
        };
        outputs.finish().await;
        status
    }
}

/// Whether a process is stopped, and the signal that waits for it to go on.
#[derive(Default)]
struct Held {
    is_stopped: bool,
    waiting: Option<Signal>,
}

impl Held {
    /// The signal that ends the process now, if one does.
    fn take(&mut self, signal: Signal, effect: Effect) -> Option<Signal> {
        match effect {
            Effect::Nothing => {}
            Effect::Stop => self.is_stopped = true,
            Effect::Continue => {
                self.is_stopped = false;
                return self.waiting.take();
            }
            Effect::End if self.is_stopped && signal != Signal::Kill => {
                self.waiting.get_or_insert(signal);
            }
            Effect::End => return Some(signal),
        }
        None
    }
}

async fn act(answer: &Answer, outputs: &mut Outputs) {
    for step in &answer.steps {
        match step {
            Step::Write(stream, bytes) => outputs.write(*stream, bytes).await,
            Step::Wait(time) => tokio::time::sleep(*time).await,
            Step::RunForever => std::future::pending().await,
        }
    }
}

/// Where what a stage writes goes.
struct Outputs {
    stdout: Sink,
    /// `None` where it goes the way of standard output.
    stderr: Option<Sink>,
}

impl Outputs {
    async fn write(&mut self, stream: OutputStream, bytes: &[u8]) {
        match (stream, &mut self.stderr) {
            (OutputStream::Stderr, Some(stderr)) => stderr.write(bytes).await,
            _ => self.stdout.write(bytes).await,
        }
    }

    async fn finish(self) {
        self.stdout.finish().await;
        if let Some(stderr) = self.stderr {
            stderr.finish().await;
        }
    }
}

enum Sink {
    Events(Framer, EventSender),
    File(MemoryFiles, PathBuf),
    NextStage(CallRecord),
}

impl Sink {
    fn open(
        stream: OutputStream,
        stage: usize,
        command: &Command,
        target: &OutputTarget,
        reader: Option<CallRecord>,
        events: &EventSender,
        files: &MemoryFiles,
    ) -> Result<Self> {
        let file = match (target, reader) {
            (OutputTarget::Events, Some(reader)) => return Ok(Sink::NextStage(reader)),
            (OutputTarget::Events, None) => {
                return Ok(Sink::Events(Framer::new(stream, stage), events.clone()));
            }
            (OutputTarget::File(path), _) => {
                let path = in_dir(command, path);
                files.tree().write(&path, Vec::new(), None)?;
                path
            }
            (OutputTarget::Append(path), _) => {
                let path = in_dir(command, path);
                files.tree().append(&path, b"")?;
                path
            }
        };
        Ok(Sink::File(files.clone(), file))
    }

    async fn write(&mut self, bytes: &[u8]) {
        match self {
            Sink::NextStage(record) => record.read(bytes),
            Sink::File(files, path) => {
                // A file whose directory has been removed since: nobody can see what is written.
                let _ = files.tree().append(path, bytes);
            }
            Sink::Events(framer, events) => {
                framer.buffer().extend_from_slice(bytes);
                if let Some(batch) = framer.take() {
                    events.batch(batch).await;
                }
            }
        }
    }

    async fn finish(self) {
        if let Sink::Events(mut framer, events) = self
            && let Some(batch) = framer.finish()
        {
            events.batch(batch).await;
        }
    }
}

/// Reaches the stages of a process that plays.
struct MockControl {
    signals: Vec<(mpsc::UnboundedSender<Signal>, CallRecord)>,
    gone: CancellationToken,
}

impl MockControl {
    fn send(&self, signal: Signal) {
        for (stage, record) in &self.signals {
            // A stage that has ended takes any signal without effect.
            if stage.send(signal).is_ok() {
                record.signalled(signal);
            }
        }
    }
}

impl ProcessControl for MockControl {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        self.send(signal);
        Box::pin(std::future::ready(Ok(())))
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.gone.cancelled())
    }

    fn abandon(&self) {
        self.send(Signal::Kill);
    }
}
