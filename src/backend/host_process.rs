//! The process that all backends of this crate hand out: its end, its time limit, its owner.

use super::{BoxFuture, EventStream, Process, ProcessStdin};
use crate::{
    Result,
    command::{Command, Pipeline},
    event::{ExitStatus, Signal},
};
use std::{
    any::Any,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// How long a process that was asked to end may take before it is killed, unless its command says
/// otherwise: 500 ms, so that nothing is left a second later.
pub const DEFAULT_GRACE: Duration = Duration::from_millis(500);

/// How one backend reaches a process that it started.
pub trait ProcessControl: Send + Sync + 'static {
    /// Sends a signal to the whole process group; [`Signal::Kill`] to everything that the process
    /// started, as far as this backend can find it, also once the process itself has ended.
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>>;

    /// Waits until nothing of the process is left in its group. A backend that can't see that
    /// waits for ever: the caller has a time limit, and waits for the process itself too.
    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// The owner is gone: ends everything that the process started, at once, without waiting,
    /// from any thread.
    fn abandon(&self);
}

/// What a backend knows of a process that it has just started.
pub struct ProcessParts {
    /// Its process id on its host.
    pub pid: Option<u32>,
    /// Its events.
    pub events: EventStream,
    /// Its input, where it was asked for.
    pub stdin: Option<ProcessStdin>,
    /// How to reach it.
    pub control: Arc<dyn ProcessControl>,
}

/// A process on some host.
///
/// It keeps the command's time limit, and when it is dropped while the process runs, ends it and
/// what it started, unless the command was detached.
pub struct HostProcess {
    pid: Option<u32>,
    events: Option<EventStream>,
    stdin: Option<ProcessStdin>,
    life: Arc<Life>,
    grace: Duration,
    detached: bool,
}

/// What the process, its time limit and the backend's task for it share.
struct Life {
    control: Arc<dyn ProcessControl>,
    ending: watch::Receiver<Option<Ending>>,
    verdict: Arc<Mutex<Verdict>>,
}

#[derive(Clone, Debug)]
struct Ending {
    status: ExitStatus,
    stages: Vec<ExitStatus>,
}

/// Why we ended it, if we did: written before the signal is sent, read when the process ends.
#[derive(Default)]
struct Verdict {
    reason: Option<Reason>,
    is_final: bool,
}

#[derive(Clone, Copy)]
enum Reason {
    TimedOut(Duration),
    Cancelled,
}

/// What a process's owner has said about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// After this long it is ended.
    pub timeout: Option<Duration>,
    /// How long it may take to end after it was asked to.
    pub grace: Duration,
    /// Whether it lives on when its owner goes.
    pub detached: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { timeout: None, grace: DEFAULT_GRACE, detached: false }
    }
}

impl From<&Command> for Terms {
    fn from(command: &Command) -> Self {
        Self {
            timeout: command.timeout,
            grace: command.grace.unwrap_or(DEFAULT_GRACE),
            detached: command.detach.is_some(),
        }
    }
}

impl From<&Pipeline> for Terms {
    /// A pipeline is ended as a whole: by the shortest of its stages' time limits, and with the
    /// longest grace that one of them asked for.
    fn from(pipeline: &Pipeline) -> Self {
        let stages = pipeline.stages();
        Self {
            timeout: stages.iter().filter_map(|stage| stage.timeout).min(),
            grace: stages.iter().filter_map(|stage| stage.grace).max().unwrap_or(DEFAULT_GRACE),
            detached: stages.iter().any(|stage| stage.detach.is_some()),
        }
    }
}

/// With this a backend says how a process ended; once.
pub struct StatusSetter {
    ending: watch::Sender<Option<Ending>>,
    verdict: Arc<Mutex<Verdict>>,
}

impl StatusSetter {
    /// Records the end as the host tells it, and gives the status that it stands for: one that we
    /// brought about ourselves says so.
    pub fn set(self, status: ExitStatus, stages: Vec<ExitStatus>) -> ExitStatus {
        let status = {
            let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
            verdict.is_final = true;
            match verdict.reason {
                None => status,
                Some(Reason::Cancelled) => ExitStatus::Cancelled,
                Some(Reason::TimedOut(limit)) => ExitStatus::TimedOut { limit, signal: status.signal() },
            }
        };
        self.ending.send_replace(Some(Ending { status, stages }));
        status
    }
}

/// What [`Process::stop`] took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing: it had ended before.
    AlreadyEnded,
    /// It ended when it was asked to.
    Terminated,
    /// It, or something that it started, had to be killed.
    Killed,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stopped::AlreadyEnded => "already_ended",
            Stopped::Terminated => "terminated",
            Stopped::Killed => "killed",
        })
    }
}

impl HostProcess {
    /// A process that has just been started on these terms; `start` gets the setter with which
    /// the backend later says how it ended, and gives what it knows by now.
    pub fn new(terms: impl Into<Terms>, start: impl FnOnce(StatusSetter) -> ProcessParts) -> Self {
        let terms = terms.into();
        let (sender, ending) = watch::channel(None);
        let verdict = Arc::<Mutex<Verdict>>::default();
        let parts = start(StatusSetter { ending: sender, verdict: verdict.clone() });
        let process = Self {
            pid: parts.pid,
            events: Some(parts.events),
            stdin: parts.stdin,
            life: Arc::new(Life { control: parts.control, ending, verdict }),
            grace: terms.grace,
            detached: terms.detached,
        };
        if let Some(limit) = terms.timeout {
            process.end_after(limit);
        }
        process
    }

    /// The same process, whose events come from another stream: that of somebody who takes them
    /// first, and hands them on.
    pub fn with_events(mut self, events: EventStream) -> Self {
        self.events = Some(events);
        self
    }

    /// Any backend's process as this one.
    pub fn erase<P: Process>(process: P) -> Self {
        let boxed: Box<dyn Any + Send> = Box::new(process);
        match boxed.downcast::<HostProcess>() {
            Ok(already) => *already,
            Err(other) => adopt(*other.downcast::<P>().expect("it was boxed as this type")),
        }
    }

    fn end_after(&self, limit: Duration) {
        let (life, grace) = (self.life.clone(), self.grace);
        tokio::spawn(async move {
            tokio::select! {
                _ = life.ended() => {}
                () = tokio::time::sleep(limit) => {
                    if life.decide(Reason::TimedOut(limit)) {
                        life.end(Signal::Term, grace).await;
                    }
                }
            }
        });
    }

    /// Ends it as [`Process::stop`] does, but asks with this signal, for programs that have a
    /// request of their own (`QUIT`, `INT`).
    pub async fn stop_with(&self, request: Signal, grace: Duration) -> Stopped {
        if self.try_wait().is_some() {
            return Stopped::AlreadyEnded;
        }
        self.life.end(request, grace).await
    }

    /// Whether it lives on when its owner goes.
    pub fn is_detached(&self) -> bool {
        self.detached
    }

    /// Waits as [`Process::wait`] does, without borrowing the process.
    pub fn waiter(&self) -> impl Future<Output = ExitStatus> + Send + 'static + use<> {
        let life = self.life.clone();
        async move { life.ended().await.status }
    }

    /// A handle to signal it from elsewhere; it does not own the process.
    pub fn control(&self) -> Arc<dyn ProcessControl> {
        self.life.control.clone()
    }
}

impl Life {
    async fn ended(&self) -> Ending {
        let mut ending = self.ending.clone();
        match ending.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone().expect("waited until it is there"),
            // The backend's task is gone with its runtime: nobody will ever know.
            Err(_) => Ending { status: ExitStatus::Unknown, stages: Vec::new() },
        }
    }

    /// Notes why it is about to be ended. False if it has ended already, or another reason came
    /// first.
    fn decide(&self, reason: Reason) -> bool {
        let mut verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        let first = !verdict.is_final && verdict.reason.is_none();
        if first {
            verdict.reason = Some(reason);
        }
        first
    }

    /// Asks, waits, kills. Says whether anything had to be killed.
    async fn end(&self, request: Signal, grace: Duration) -> Stopped {
        // A process that can't be asked any longer is killed all the same, below.
        let _ = self.control.signal(request).await;
        // One that is stopped (SIGSTOP, SIGTTIN) gets the request only once it goes on.
        let _ = self.control.signal(Signal::Cont).await;
        let all_gone = async {
            tokio::join!(self.ended(), self.control.emptied());
        };
        let in_time = tokio::time::timeout(grace, all_gone).await.is_ok();
        let own_end = self.ending.borrow().is_some();
        // Also when the group is empty: what has left the group is found by the kill alone.
        let _ = self.control.signal(Signal::Kill).await;
        self.ended().await;
        if in_time || own_end { Stopped::Terminated } else { Stopped::Killed }
    }
}

impl Process for HostProcess {
    fn pid(&self) -> Option<u32> {
        self.pid
    }

    fn take_events(&mut self) -> Option<EventStream> {
        self.events.take()
    }

    fn take_stdin(&mut self) -> Option<ProcessStdin> {
        self.stdin.take()
    }

    async fn signal(&self, signal: Signal) -> Result<()> {
        self.life.control.signal(signal).await
    }

    async fn wait(&self) -> ExitStatus {
        self.life.ended().await.status
    }

    fn try_wait(&self) -> Option<ExitStatus> {
        self.life.ending.borrow().as_ref().map(|ending| ending.status)
    }

    fn stage_statuses(&self) -> Vec<ExitStatus> {
        self.life.ending.borrow().as_ref().map(|ending| ending.stages.clone()).unwrap_or_default()
    }

    async fn cancel(&self) -> ExitStatus {
        if self.life.decide(Reason::Cancelled) {
            self.life.end(Signal::Term, self.grace).await;
        }
        self.life.ended().await.status
    }

    async fn stop(&self, grace: Duration) -> Result<Stopped> {
        Ok(self.stop_with(Signal::Term, grace).await)
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // Nobody will feed it any longer.
        self.stdin = None;
        if self.detached || self.try_wait().is_some() {
            return;
        }
        // Also where something else is ending it already: that may take its time, or be gone with
        // the runtime that it runs on.
        self.life.decide(Reason::Cancelled);
        self.life.control.abandon();
    }
}

impl fmt::Debug for HostProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostProcess").field("pid", &self.pid).field("status", &self.try_wait()).finish()
    }
}

/// Makes a [`HostProcess`] out of another backend's process, which keeps its own time limit.
fn adopt<P: Process>(mut process: P) -> HostProcess {
    let events = process.take_events().unwrap_or_default();
    let stdin = process.take_stdin();
    let pid = process.pid();
    let process = Arc::new(process);
    let waiting = process.clone();
    // The command's own terms are the other backend's to keep.
    HostProcess::new(Terms::default(), |setter| {
        tokio::spawn(async move {
            let status = waiting.wait().await;
            setter.set(status, waiting.stage_statuses());
        });
        ProcessParts { pid, events, stdin, control: Arc::new(Adopted(process)) }
    })
}

struct Adopted<P>(Arc<P>);

impl<P: Process> ProcessControl for Adopted<P> {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.0.signal(signal))
    }

    fn abandon(&self) {
        let process = self.0.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { process.cancel().await });
        }
    }
}
