//! Runs commands on a backend under a service's name: one at a time, in pipelines, in sequences.

mod collect;
mod detached;
mod files;
mod managed;

use crate::{
    Error, Result,
    backend::{AnyBackend, Backend, Execution, HostProcess, Process, local::LocalBackend},
    command::{Command, Job, Pipeline},
    event::{ExitStatus, Output},
};
use std::{sync::Arc, time::Instant};

pub use collect::{Collector, collect};
pub use files::{
    DEFAULT_READ_LIMIT, Files, Mode, ProgressCallback, TempDir, TransferOptions, TransferProgress,
    TransferReport, render_template,
};
pub use managed::{Follower, ManagedEvent, ManagedHandle, ManagedState, ManagedStatus};

/// Runs commands on one host, for one service.
///
/// The service's name is what this host's work is called in errors and records.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use rexec::{Command, Executor};
///
/// let executor = Executor::local("my-service");
/// let output = executor.run(Command::new("echo").arg("hello")).await?;
/// assert_eq!(output.text(), "hello");
/// # Ok::<(), rexec::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Executor<B> {
    service: Arc<str>,
    backend: B,
}

impl Executor<LocalBackend> {
    /// Runs commands on this machine.
    pub fn local(service: impl Into<Arc<str>>) -> Self {
        Self::new(service, LocalBackend::new())
    }
}

#[cfg(all(unix, feature = "ssh"))]
impl Executor<crate::SshBackend> {
    /// Connects to a host over SSH as this user with this key, and runs commands there. For more
    /// settings see [`SshBackend::builder`](crate::SshBackend::builder).
    ///
    /// ```no_run
    /// # async fn example() -> rexec::Result<()> {
    /// use rexec::{Command, Executor};
    ///
    /// let executor = Executor::ssh("my-service", "web1", "deploy", "/home/me/.ssh/id_ed25519").await?;
    /// println!("{}", executor.run(Command::new("uptime")).await?.text());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`SshBuilder::connect`](crate::SshBuilder::connect).
    pub async fn ssh(
        service: impl Into<Arc<str>>,
        host: impl Into<String>,
        user: impl Into<String>,
        key: impl AsRef<std::path::Path>,
    ) -> Result<Self> {
        Ok(Self::new(service, crate::SshBackend::connect(host, user, key).await?))
    }
}

impl<B: Backend> Executor<B> {
    /// Runs commands on this backend.
    pub fn new(service: impl Into<Arc<str>>, backend: B) -> Self {
        Self { service: service.into(), backend }
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The host as it prints.
    pub fn host(&self) -> &str {
        self.backend.host()
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// The host's files.
    pub fn files(&self) -> Files {
        Files::new(self.backend.files(), self.host()).for_service(self.service.clone())
    }

    /// The same, with its backend's type erased.
    pub fn erased(&self) -> Executor<AnyBackend> {
        Executor { service: self.service.clone(), backend: AnyBackend::new(self.backend.clone()) }
    }

    /// Starts a command and hands over its events and its process.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the backend can't do what the command
    /// needs, and what [`Backend::spawn`] gives.
    pub async fn execute(&self, command: Command) -> Result<Execution<B::Process>> {
        self.check(&command)?;
        self.backend.execute(&command).await.map_err(|error| self.in_context(error, &command.to_string()))
    }

    /// Starts all stages of a pipeline, joined by pipes on the host.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn execute_pipeline(&self, pipeline: Pipeline) -> Result<Execution<B::Process>> {
        pipeline.stages().iter().try_for_each(|stage| self.check(stage))?;
        let mut process = self
            .backend
            .spawn_pipeline(&pipeline)
            .await
            .map_err(|error| self.in_context(error, &pipeline.to_string()))?;
        let events = process.take_events().unwrap_or_default();
        Ok(Execution { events, process })
    }

    /// Runs a job to its end and gives what it left, whatever its exit code or signal.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute); and a job that timed out, was cancelled or lost its host is
    /// an error too, since it has no status of its own.
    pub async fn output(&self, job: impl Into<Job>) -> Result<Output> {
        let output = self.outcome(&job.into()).await?;
        match output.status {
            ExitStatus::Exited(_) | ExitStatus::Signaled(_) | ExitStatus::Unknown => Ok(output),
            _ => Err(self.failed(output)),
        }
    }

    /// Runs a job to its end and gives what it left, if its command accepts its exit code.
    ///
    /// # Errors
    ///
    /// As [`output`](Self::output), and [`Command`](crate::ErrorKind::Command) where the exit code
    /// is none of the command's [`ok_codes`](Command::ok_codes), or a signal ended it.
    pub async fn run(&self, job: impl Into<Job>) -> Result<Output> {
        let job = job.into();
        let output = self.outcome(&job).await?;
        if accepts(&job, &output) { Ok(output) } else { Err(self.failed(output)) }
    }

    /// Runs a job; a sequence decides by what its parts accept.
    async fn outcome(&self, job: &Job) -> Result<Output> {
        match job {
            Job::Command(command) => {
                let started = Instant::now();
                let run = self.execute(command.clone()).await?;
                let parts = std::slice::from_ref(command);
                Ok(collect(run, parts, self.host(), started).await)
            }
            Job::Pipeline(pipeline) => {
                let started = Instant::now();
                let run = self.execute_pipeline(pipeline.clone()).await?;
                Ok(collect(run, pipeline.stages(), self.host(), started).await)
            }
            Job::Then(first, second) => Box::pin(self.sequence(first, second, true)).await,
            Job::OrElse(first, second) => Box::pin(self.sequence(first, second, false)).await,
        }
    }

    async fn sequence(&self, first: &Job, second: &Job, goes_on_after_success: bool) -> Result<Output> {
        let output = self.outcome(first).await?;
        let ended_by_us = matches!(
            output.status,
            ExitStatus::TimedOut { .. } | ExitStatus::Cancelled | ExitStatus::Disconnected
        );
        if ended_by_us || accepts(first, &output) != goes_on_after_success {
            return Ok(output);
        }
        let mut next = self.outcome(second).await?;
        next.duration += output.duration;
        Ok(next)
    }

    fn check(&self, command: &Command) -> Result<()> {
        if command.program.is_empty() {
            return Err(Error::invalid("an empty command: there is no program to run"));
        }
        self.backend
            .capabilities()
            .check(command, self.host())
            .map_err(|error| error.with_service(&*self.service))
    }

    fn in_context(&self, error: Error, command: &str) -> Error {
        error.with_command(command).with_host(self.host()).with_service(&*self.service)
    }

    fn failed(&self, output: Output) -> Error {
        Error::from_output(output).with_service(&*self.service)
    }
}

impl Executor<AnyBackend> {
    /// Starts a command or a pipeline and gives its process, whose events are still in it.
    ///
    /// # Errors
    ///
    /// As [`execute`](Executor::execute), and [`Unsupported`](crate::ErrorKind::Unsupported) for
    /// a sequence, which is no one process.
    pub async fn spawn(&self, job: impl Into<Job>) -> Result<HostProcess> {
        let job = job.into();
        job.commands().into_iter().try_for_each(|command| self.check(command))?;
        if let Some(name) = job.commands().iter().find_map(|command| command.detach.clone()) {
            return self.spawn_detached(job, &name).await;
        }
        let spawned = match &job {
            Job::Command(command) => self.backend.spawn(command).await,
            Job::Pipeline(pipeline) => self.backend.spawn_pipeline(pipeline).await,
            Job::Then(..) | Job::OrElse(..) => Err(Error::unsupported(
                "a sequence is no single process and can't be spawned: run it, or spawn `sh -c`",
            )),
        };
        spawned.map_err(|error| self.in_context(error, &job.to_string()))
    }
}

/// Whether what a job left counts as success.
pub fn accepts(job: &Job, output: &Output) -> bool {
    match job {
        Job::Command(command) => output.status.code().is_some_and(|code| command.accepts(code)),
        Job::Pipeline(_) => output.status.success(),
        // What ran last decided; its parts were judged on the way.
        Job::Then(first, second) | Job::OrElse(first, second) => {
            let last = if output.command == first.to_string() { first } else { second };
            accepts(last, output)
        }
    }
}
