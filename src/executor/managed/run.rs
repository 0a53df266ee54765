//! One run of a managed process: from its start to its end.

use super::{
    ManagedEvent, ManagedState,
    log::{RunEnd, Sign, empty_output},
    pid_file::PidFile,
    probe::Probe,
    supervisor::{Reply, Request, Supervisor, answer},
    watch::Watch,
};
use crate::{
    Error, ErrorKind, Result,
    backend::{Backend, HostProcess, Process, Stopped},
    event::{ExitStatus, Signal},
    target::Readiness,
};
use std::{future::Future, path::PathBuf, pin::pin, time::Duration};
use tokio::{sync::Notify, time::Instant};

/// A run that has begun.
pub(super) struct Started {
    process: HostProcess,
    probe: Probe,
    watch: Watch,
    at: Instant,
}

/// How a run went.
pub(super) enum RunOutcome {
    /// It could not be started, did not become ready, or ended in a way that its command does not
    /// accept.
    Failed { error: Error, ran_for: Duration },
    /// It ended by itself, and all is well.
    Finished { ran_for: Duration },
    /// It was stopped for somebody who waits to hear of it.
    Stopped { stopped: Stopped, reply: Reply<Stopped> },
    /// It was stopped to be started anew, for somebody who waits.
    RestartAsked(Reply<()>),
    /// It was stopped since a file that it watches has changed.
    FileChanged,
    /// Nobody has a handle any longer; it was killed.
    OwnerGone,
}

/// Why a run that is watched is over.
enum Over {
    ByItself(RunEnd),
    OwnerGone,
    ToStop(Reason),
}

/// Why it is to be stopped.
enum Reason {
    NotReady,
    FileChanged(PathBuf),
    StopAsked(Option<Duration>, Reply<Stopped>),
    RestartAsked(Reply<()>),
}

impl Started {
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.pid()
    }
}

impl Supervisor {
    /// Starts it. If this fails, nothing of it runs.
    pub(super) async fn start_run(&self) -> Result<Started> {
        let pid_file = self.pid_file();
        if let Some(file) = &pid_file {
            file.check(&self.executor).await?;
        }
        let probe = Probe::prepare(&self.managed, &self.executor).await?;
        let watched = self.managed.watch.iter().map(|path| self.managed.in_dir(path)).collect();
        let watch = Watch::new(self.executor.backend().files(), watched).await;
        let mut process = self.executor.spawn(self.managed.command.clone()).await?;
        let at = Instant::now();
        if let Some(file) = &pid_file
            && let Err(error) = file.write(process.pid(), &self.executor).await
        {
            // What it writes meanwhile must not hold its end up.
            drop(process.take_events());
            process.cancel().await;
            return Err(error);
        }
        Ok(Started { process, probe, watch, at })
    }

    /// Watches it until its end, and cleans up after it.
    pub(super) async fn watch_run(&mut self, mut started: Started, was_ready: &mut bool) -> RunOutcome {
        let (log, notify) = (self.log.clone(), Notify::new());
        let sign = match &self.managed.readiness {
            Readiness::Started => Sign::Start,
            Readiness::Line(pattern) => Sign::Line(pattern.clone()),
            _ => Sign::None,
        };
        let events = started.process.take_events().unwrap_or_default();
        let output = empty_output(&self.managed.command.to_string(), self.executor.host());
        let mut reading = pin!(log.read(events, output, &sign, &notify));
        let mut is_ready = false;
        let over = self.until_over(&started, &notify, reading.as_mut(), &mut is_ready).await;
        *was_ready |= is_ready;
        let pid = started.pid();
        let outcome = self.end_run(over, started, reading, is_ready).await;
        if let Some(file) = self.pid_file() {
            // It is stale from now on, which the next start finds out by itself.
            let _ = file.remove(pid, &self.executor).await;
        }
        outcome
    }

    /// Goes on until it has ended, or is to be ended.
    async fn until_over(
        &mut self,
        started: &Started,
        sign: &Notify,
        mut reading: impl Future<Output = RunEnd> + Unpin,
        is_ready: &mut bool,
    ) -> Over {
        let executor = self.executor.clone();
        let mut changed = pin!(started.watch.changed());
        let mut ready = pin!(started.probe.wait(&executor, sign));
        let mut too_late = pin!(tokio::time::sleep(self.managed.ready_timeout));
        loop {
            tokio::select! {
                biased;
                end = &mut reading => {
                    // Its sign may have come together with its end.
                    *is_ready |= end.had_sign;
                    return Over::ByItself(end);
                }
                () = &mut ready, if !*is_ready => {
                    *is_ready = true;
                    self.set(ManagedState::Running { pid: started.pid() });
                    self.log.add(ManagedEvent::Ready);
                }
                request = self.requests.recv() => match request {
                    None => return Over::OwnerGone,
                    Some(Request::Stop(grace, reply)) => {
                        return Over::ToStop(Reason::StopAsked(grace, reply));
                    }
                    Some(Request::Restart(reply)) => return Over::ToStop(Reason::RestartAsked(reply)),
                    Some(Request::Start(reply)) => answer(Some(reply), Ok(())),
                    Some(Request::Reload(reply)) => {
                        answer(Some(reply), started.process.signal(self.managed.reload_signal).await);
                    }
                    Some(Request::Signal(signal, reply)) => {
                        answer(Some(reply), started.process.signal(signal).await);
                    }
                },
                path = &mut changed => return Over::ToStop(Reason::FileChanged(path)),
                () = &mut too_late, if !*is_ready => return Over::ToStop(Reason::NotReady),
            }
        }
    }

    /// Sees to it that nothing of the run is left.
    async fn end_run(
        &mut self,
        over: Over,
        started: Started,
        reading: impl Future<Output = RunEnd>,
        is_ready: bool,
    ) -> RunOutcome {
        match over {
            Over::ByItself(end) => {
                let ran_for = started.at.elapsed();
                self.sweep(&started.process).await;
                self.ended_by_itself(end, is_ready, ran_for)
            }
            Over::OwnerGone => {
                drop(started);
                reading.await;
                RunOutcome::OwnerGone
            }
            Over::ToStop(reason) => {
                if let Reason::FileChanged(path) = &reason {
                    self.log.add(ManagedEvent::Changed { path: path.clone() });
                }
                self.set(ManagedState::Stopping { pid: started.pid() });
                let grace = match &reason {
                    Reason::StopAsked(Some(grace), _) => *grace,
                    _ => self.managed.grace,
                };
                let stopping = started.process.stop_with(self.managed.stop_signal, grace);
                let (stopped, end) = tokio::join!(stopping, reading);
                self.note_exit(end.status);
                match reason {
                    Reason::NotReady => self.not_ready(end, started.at.elapsed()),
                    Reason::FileChanged(_) => RunOutcome::FileChanged,
                    Reason::StopAsked(_, reply) => RunOutcome::Stopped { stopped, reply },
                    Reason::RestartAsked(reply) => RunOutcome::RestartAsked(reply),
                }
            }
        }
    }

    /// Ends what a run that ended by itself left in the background: the next one may need its
    /// port, and nobody else would end it.
    async fn sweep(&self, process: &HostProcess) {
        if !self.managed.command.daemon {
            // There is mostly nothing left that the signal could reach.
            let _ = process.control().signal(Signal::Kill).await;
        }
    }

    fn ended_by_itself(&self, end: RunEnd, is_ready: bool, ran_for: Duration) -> RunOutcome {
        let RunEnd { status, output, .. } = end;
        self.note_exit(status);
        let is_fine = status.code().is_some_and(|code| self.managed.command.accepts(code));
        match (is_fine, is_ready) {
            (true, true) => RunOutcome::Finished { ran_for },
            (false, true) => {
                let error = Error::from_output(output).with_service(self.executor.service());
                RunOutcome::Failed { error, ran_for }
            }
            (_, false) => {
                let message = format!("`{}` {status} before it was ready", self.managed.name);
                let error = self.error(ErrorKind::Command, message).with_output(output);
                RunOutcome::Failed { error, ran_for }
            }
        }
    }

    fn not_ready(&self, end: RunEnd, ran_for: Duration) -> RunOutcome {
        let (name, limit) = (&self.managed.name, self.managed.ready_timeout);
        let what = &self.managed.readiness;
        let message = format!("`{name}` was not ready after {limit:?}, waiting for {what}");
        let error = self.error(ErrorKind::Timeout, message).with_output(end.output);
        RunOutcome::Failed { error, ran_for }
    }

    fn note_exit(&self, status: ExitStatus) {
        self.status.send_modify(|now| now.last_exit = Some(status));
    }

    fn pid_file(&self) -> Option<PidFile> {
        self.managed.pid_file.as_ref().map(|path| PidFile::new(self.managed.in_dir(path)))
    }
}
