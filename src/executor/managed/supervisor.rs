//! The one task that owns a managed process: takes requests, and decides what follows a run.

use super::{ManagedEvent, ManagedHandle, ManagedState, ManagedStatus, log::Log, run::RunOutcome};
use crate::{
    Error, ErrorKind, Result,
    backend::{AnyBackend, Stopped},
    event::Signal,
    executor::Executor,
    target::{ManagedProcess, RestartBudget},
};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// Where the answer to a request goes. Whoever asked may have gone away: nobody then hears it.
pub(super) type Reply<T> = oneshot::Sender<Result<T>>;

/// What handles ask for.
pub(super) enum Request {
    Start(Reply<()>),
    /// With a grace other than its own, or that.
    Stop(Option<Duration>, Reply<Stopped>),
    Restart(Reply<()>),
    Reload(Reply<()>),
    Signal(Signal, Reply<()>),
}

/// Requests that may wait: each handle waits for the answer to its own.
const REQUESTS: usize = 16;

/// Starts the task for a process that does not run yet. It lives as long as a handle does.
pub(super) fn start(managed: ManagedProcess, executor: Executor<AnyBackend>) -> ManagedHandle {
    let (sender, requests) = mpsc::channel(REQUESTS);
    let status = watch::Sender::new(ManagedStatus::new());
    let log = Arc::new(Log::new(managed.kept_output));
    let handle = ManagedHandle {
        name: managed.name.as_str().into(),
        command: managed.command.to_string().into(),
        host: executor.host().into(),
        requests: sender,
        status: status.subscribe(),
        log: log.clone(),
    };
    let budget = managed.restart_budget();
    let supervisor = Supervisor { managed, executor, requests, status, log, budget };
    tokio::spawn(supervisor.supervise());
    handle
}

pub(super) struct Supervisor {
    pub(super) managed: ManagedProcess,
    pub(super) executor: Executor<AnyBackend>,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) status: watch::Sender<ManagedStatus>,
    pub(super) log: Arc<Log>,
    budget: RestartBudget,
}

/// What follows a run.
enum Next {
    Rest,
    RunAgain(Option<Reply<()>>),
    OwnerGone,
}

impl Supervisor {
    async fn supervise(mut self) {
        while let Some(request) = self.requests.recv().await {
            match request {
                Request::Start(reply) | Request::Restart(reply) => {
                    if let Next::OwnerGone = self.keep_up(reply).await {
                        break;
                    }
                }
                other => self.answer_at_rest(other),
            }
        }
        self.log.close();
    }

    /// Runs it again and again, until it is to rest.
    async fn keep_up(&mut self, reply: Reply<()>) -> Next {
        let mut reply = Some(reply);
        let mut was_ready = false;
        self.begin();
        loop {
            let outcome = self.run(reply.take(), &mut was_ready).await;
            match self.after(outcome, was_ready).await {
                Next::RunAgain(asked) => {
                    if asked.is_some() {
                        (reply, was_ready) = (asked, false);
                        self.begin();
                    }
                }
                rest_or_gone => return rest_or_gone,
            }
        }
    }

    /// Somebody starts it: what was before counts no longer.
    fn begin(&mut self) {
        self.budget.reset();
        self.log.begin();
        self.status.send_modify(|status| status.restarts = 0);
    }

    async fn run(&mut self, reply: Option<Reply<()>>, was_ready: &mut bool) -> RunOutcome {
        self.set(ManagedState::Starting { pid: None });
        match self.start_run().await {
            Ok(started) => {
                self.set(ManagedState::Starting { pid: started.pid() });
                answer(reply, Ok(()));
                self.watch_run(started, was_ready).await
            }
            Err(error) => {
                answer(reply, Err(error.clone()));
                RunOutcome::Failed { error, ran_for: Duration::ZERO }
            }
        }
    }

    /// Decides what follows.
    async fn after(&mut self, outcome: RunOutcome, was_ready: bool) -> Next {
        match outcome {
            RunOutcome::Stopped { stopped, reply } => {
                // The status first: whoever is told that it has stopped must see it stopped.
                let next = self.rest();
                answer(Some(reply), Ok(stopped));
                next
            }
            RunOutcome::RestartAsked(reply) => Next::RunAgain(Some(reply)),
            RunOutcome::FileChanged => Next::RunAgain(None),
            RunOutcome::OwnerGone => Next::OwnerGone,
            RunOutcome::Failed { error, .. } if !was_ready => self.fail(error),
            RunOutcome::Failed { error, ran_for } if self.managed.restart.restarts_failed() => {
                self.back_off(ran_for, Some(error)).await
            }
            RunOutcome::Failed { error, .. } => self.fail(error),
            RunOutcome::Finished { ran_for } if self.managed.restart.restarts_finished() => {
                self.back_off(ran_for, None).await
            }
            RunOutcome::Finished { .. } => self.rest(),
        }
    }

    /// Waits before the next restart, if one is left.
    async fn back_off(&mut self, ran_for: Duration, error: Option<Error>) -> Next {
        let Some(delay) = self.budget.take(Instant::now().into_std(), ran_for, chance()) else {
            return self.fail(self.used_up(error));
        };
        self.set(ManagedState::BackingOff { delay });
        let until = tokio::time::sleep(delay);
        tokio::pin!(until);
        loop {
            tokio::select! {
                request = self.requests.recv() => match request {
                    None => return Next::OwnerGone,
                    Some(Request::Start(reply) | Request::Restart(reply)) => {
                        return Next::RunAgain(Some(reply));
                    }
                    Some(Request::Stop(_, reply)) => {
                        let next = self.rest();
                        answer(Some(reply), Ok(Stopped::AlreadyEnded));
                        return next;
                    }
                    Some(other) => self.answer_at_rest(other),
                },
                () = &mut until => {
                    self.status.send_modify(|status| status.restarts += 1);
                    let count = self.status.borrow().restarts;
                    self.log.add(ManagedEvent::Restarted { count, after: delay });
                    return Next::RunAgain(None);
                }
            }
        }
    }

    fn used_up(&self, error: Option<Error>) -> Error {
        let ManagedProcess { name, max_restarts, restart_window, .. } = &self.managed;
        let why = error.as_ref().map_or("ended once more", Error::message);
        let message =
            format!("`{name}` was given up after {max_restarts} restarts within {restart_window:?}: {why}");
        let used_up = self.error(ErrorKind::Command, message);
        match error.as_ref().and_then(Error::output) {
            Some(output) => used_up.with_output(output.clone()),
            None => used_up,
        }
    }

    fn rest(&mut self) -> Next {
        self.set(ManagedState::Stopped);
        self.log.rest(ManagedEvent::Stopped);
        Next::Rest
    }

    fn fail(&mut self, error: Error) -> Next {
        self.set(ManagedState::Failed(error.clone()));
        self.log.rest(ManagedEvent::Failed(error));
        Next::Rest
    }

    /// Answers what asks for a process that runs, while none does.
    fn answer_at_rest(&self, request: Request) {
        match request {
            Request::Stop(_, reply) => answer(Some(reply), Ok(Stopped::AlreadyEnded)),
            Request::Start(reply)
            | Request::Restart(reply)
            | Request::Reload(reply)
            | Request::Signal(_, reply) => {
                let message = format!("`{}` does not run", self.managed.name);
                answer(Some(reply), Err(self.error(ErrorKind::Invalid, message)));
            }
        }
    }

    pub(super) fn set(&self, state: ManagedState) {
        self.status.send_modify(|status| (status.state, status.since) = (state, SystemTime::now()));
    }

    pub(super) fn error(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message)
            .with_command(self.managed.command.to_string())
            .with_host(self.executor.host())
            .with_service(self.executor.service())
    }
}

pub(super) fn answer<T>(reply: Option<Reply<T>>, result: Result<T>) {
    if let Some(reply) = reply {
        // Whoever asked has gone away; what was asked for is done all the same.
        let _ = reply.send(result);
    }
}

/// A number from 0 to 1 that nobody can foresee: each `RandomState` has keys of its own.
fn chance() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
