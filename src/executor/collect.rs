//! Collects what a process writes until it ends, in bounded memory.

use crate::{
    backend::{BatchEvent, Execution, Process},
    command::Command,
    event::{Batch, Capture, ExitStatus, Output, OutputStream},
};
use std::time::Instant;

/// Reads a process's events to their end and gives what it left: for a pipeline, with an
/// [`Output`] for each stage.
pub async fn collect<P: Process>(
    mut run: Execution<P>,
    commands: &[Command],
    host: &str,
    started: Instant,
) -> Output {
    let mut collector = Collector::new(commands, host);
    while let Some(event) = run.events.recv_batch().await {
        if let BatchEvent::Output(batch) = event {
            collector.push(&batch);
        }
    }
    let status = run.process.wait().await;
    collector.finish(status, &run.process.stage_statuses(), started)
}

/// What was collected so far of a command or of a pipeline's stages.
#[derive(Debug)]
pub struct Collector {
    whole: Output,
    stages: Vec<Output>,
}

impl Collector {
    /// For these commands, which are the stages of one pipeline.
    pub fn new(commands: &[Command], host: &str) -> Self {
        let text = commands.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        let limit = commands.last().map_or(0, |command| command.output_limit);
        let empty = |text: String, limit| {
            let mut output = Output::new(ExitStatus::Unknown, text, host.to_owned());
            (output.stdout, output.stderr) = (Capture::new(limit), Capture::new(limit));
            output
        };
        let stages = match commands {
            [_, _, ..] => commands.iter().map(|stage| empty(stage.to_string(), stage.output_limit)).collect(),
            _ => Vec::new(),
        };
        Self { whole: empty(text, limit), stages }
    }

    /// Adds a batch.
    pub fn push(&mut self, batch: &Batch) {
        let stage = self.stages.get_mut(batch.stage());
        for output in [Some(&mut self.whole), stage].into_iter().flatten() {
            let capture = match batch.stream() {
                OutputStream::Stdout => &mut output.stdout,
                OutputStream::Stderr => &mut output.stderr,
            };
            capture.push(batch.bytes());
        }
    }

    /// What has been collected by now, for a message about a process that has not ended.
    pub fn so_far(&self) -> &Output {
        &self.whole
    }

    /// The process has ended.
    pub fn finish(mut self, status: ExitStatus, statuses: &[ExitStatus], started: Instant) -> Output {
        let duration = started.elapsed();
        for (stage, &status) in self.stages.iter_mut().zip(statuses) {
            (stage.status, stage.duration) = (status, duration);
        }
        Output { status, duration, stages: self.stages, ..self.whole }
    }
}
