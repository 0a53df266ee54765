//! Processes that outlive their owner under a name: started, found again, followed.

mod follow;

use super::Executor;
use crate::{
    Error, ErrorKind, Result,
    backend::{AnyBackend, BoxFuture, HostProcess, ProcessControl, ProcessParts, Terms},
    command::Job,
    event::Signal,
    target::detached as plan,
};
use follow::Follow;
use std::{path::PathBuf, sync::Arc};

impl Executor<AnyBackend> {
    /// Starts a command that lives on when its owner goes, under a name by which
    /// [`attach`](Self::attach) finds it again, from this program or from another one.
    ///
    /// A name is free again once its process has ended. Its output is kept on the host, in
    /// `$XDG_STATE_HOME/rexec/detached`, until the name is used again.
    ///
    /// # Errors
    ///
    /// As [`execute`](Executor::execute); [`Invalid`](ErrorKind::Invalid) where a process of this
    /// name runs; [`Unsupported`](ErrorKind::Unsupported) for what can't outlive its owner: a
    /// terminal, input that comes while it runs, a pipeline.
    pub async fn spawn_detached(&self, job: impl Into<Job>, name: &str) -> Result<HostProcess> {
        let job = job.into();
        plan::check_name(name)?;
        let starter = plan::start(&job, &self.detached_folder(name).await?)?;
        let output = self.output(starter).await.map_err(|error| error.with_command(job.to_string()))?;
        match output.status.code() {
            Some(0) => self.attach(name).await,
            Some(127) => {
                Err(self.in_context(Error::new(ErrorKind::NotFound, "no such program"), &job.to_string()))
            }
            Some(plan::NAME_IS_TAKEN) => Err(self.in_context(
                Error::invalid(format!("a detached process named `{name}` runs already"))
                    .with_hint(format!("attach to it, or stop it: host.attach(\"{name}\").stop(5)")),
                &job.to_string(),
            )),
            _ => Err(self.failed(output)),
        }
    }

    /// A detached process by its name: its output from its start on, its status, its signals.
    /// Dropping it leaves the process alone.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) where the host has none of this name.
    pub async fn attach(&self, name: &str) -> Result<HostProcess> {
        plan::check_name(name)?;
        let folder = self.detached_folder(name).await?;
        let number = |file: &str| self.read_number(folder.join(file));
        let (pid, keeper) = (number("pid").await?, number("keeper").await?);
        let Some(keeper) = keeper else {
            let error = Error::new(ErrorKind::NotFound, format!("no detached process named `{name}`"));
            return Err(error.with_host(self.host()).with_service(self.service()));
        };
        let terms = Terms { detached: true, ..Terms::default() };
        Ok(HostProcess::new(terms, |setter| {
            let (follow, events) = Follow::new(self.clone(), folder, keeper);
            tokio::spawn(follow.run(pid, setter));
            let control = Arc::new(Control { executor: self.clone(), pid });
            ProcessParts { pid, events, stdin: None, control }
        }))
    }

    async fn detached_folder(&self, name: &str) -> Result<PathBuf> {
        let parent = self.run(plan::state_folder()).await?.text();
        Ok(PathBuf::from(parent).join(name))
    }

    async fn read_number(&self, path: PathBuf) -> Result<Option<u32>> {
        match self.files().read_to_string(&path).await {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Signals a detached process by commands on its host.
struct Control {
    executor: Executor<AnyBackend>,
    pid: Option<u32>,
}

impl ProcessControl for Control {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Some(pid) = self.pid else { return Ok(()) };
            self.executor.output(plan::signal(pid, signal)).await.map(drop)
        })
    }

    fn abandon(&self) {
        // That is what it is detached for.
    }
}
