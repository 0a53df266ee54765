//! A command that runs on the far side, until its end has been told.

use super::{
    ChannelEnd, Link,
    beginning::AT_ONCE,
    control::{Past, Source},
    feed::Feed,
    pump::{Next, Pump, Shared},
    records::Told,
    spawn::Overall,
};
use crate::{
    backend::{BoxFuture, EventSender, StatusSetter},
    event::{ExitStatus, Signal},
};
use std::{future::pending, pin::pin, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// How often to look whether the shim is there.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A command that runs.
pub(super) struct Run {
    /// Keeps the connection open.
    pub(super) link: Arc<Link>,
    pub(super) stdout: Pump,
    pub(super) stderr: Pump,
    pub(super) shared: Shared,
    /// Keeps the channel open: it is not to be waited for while there is output to be read.
    pub(super) ended: Option<BoxFuture<'static, ChannelEnd>>,
    pub(super) feed: Option<Feed>,
    pub(super) past: Arc<Past>,
    pub(super) stages: usize,
    pub(super) on_terminal: bool,
    pub(super) overall: Overall,
    pub(super) mark: String,
    pub(super) group: u32,
}

impl Run {
    /// Stays with it to its end.
    ///
    /// It has ended when the shim has told so and everything that it wrote was handed on. A reader
    /// that does not take the events keeps only the events waiting, not those who wait for the
    /// process.
    pub(super) async fn stay_with_it(mut self, setter: StatusSetter, events: EventSender) {
        let feeding = self.feed.take().map(|feed| AbortOnDropHandle::new(tokio::spawn(feed)));
        let shared = self.shared.clone();
        let (count, on_terminal) = (self.stages, self.on_terminal);
        let mut setter = Some(setter);
        let mut status = None;
        {
            // Somebody may kill it on the host, and what it started may hold its outputs.
            let (link, group, past) = (self.link.clone(), self.group, self.past.clone());
            let watching = async {
                while link.warden.is_alive(group).await.unwrap_or(true) {
                    sleep(LOOK_AGAIN).await;
                }
                past.shim_is_gone();
                pending::<()>().await;
            };
            // A terminal's two outputs are one.
            let stderr = (!on_terminal).then_some(&mut self.stderr);
            let mut output = pin!(read_all(&mut self.stdout, stderr, &shared, &self.past, count));
            let told_and_stalled = async {
                let mut end = shared.end.subscribe();
                let told = end.wait_for(|end| end.exit.is_some()).await.is_ok();
                shared.stalled().await;
                told
            };
            tokio::select! {
                biased;
                () = &mut output => {}
                true = told_and_stalled => {
                    self.past.end();
                    let stages = told_statuses(&shared, &self.past, count, on_terminal);
                    status = setter.take().map(|setter| setter.set((self.overall)(&stages), stages));
                    output.await;
                }
                () = watching => {}
            }
        }
        self.past.end();
        drop(feeding);
        if let Some(setter) = setter {
            let stages = self.statuses().await;
            status = Some(setter.set((self.overall)(&stages), stages));
        }
        events.exited(status.unwrap_or(ExitStatus::Unknown)).await;
        // The session counts until the host has closed it; what was left in the background may
        // hold it open, and does not need it.
        drop((self.stdout, self.stderr));
        if let Some(ended) = self.ended {
            let _ = timeout(AT_ONCE, ended).await;
        }
    }

    /// How each stage ended.
    async fn statuses(&mut self) -> Vec<ExitStatus> {
        let mut stages = told_statuses(&self.shared, &self.past, self.stages, self.on_terminal);
        if stages.contains(&ExitStatus::Unknown) {
            let untold = self.untold().await;
            stages
                .iter_mut()
                .filter(|stage| **stage == ExitStatus::Unknown)
                .for_each(|stage| *stage = untold);
        } else if self.shared.end.borrow().exit.is_none() {
            // The shim is still there, and has nothing to tell any longer.
            self.link.warden.kill_one(self.group);
        }
        stages
    }

    /// The channel has ended, and the shim told nothing.
    async fn untold(&mut self) -> ExitStatus {
        let answer = timeout(AT_ONCE, self.link.warden.ping()).await;
        if !answer.is_ok_and(|answer| answer.is_ok()) {
            return ExitStatus::Disconnected;
        }
        // The connection is there, so it is the shim that is gone. It survives every signal but
        // one; what it left has nobody any longer.
        self.link.warden.kill_now(&self.mark, Some(self.group));
        let Some(ended) = self.ended.take() else { return ExitStatus::Unknown };
        match timeout(AT_ONCE, ended).await {
            Ok(ChannelEnd::Exited(_)) => ExitStatus::Unknown,
            _ => ExitStatus::Signaled(Signal::Kill),
        }
    }
}

/// How each stage ended, as the shim told it; unknown for one of which it did not.
fn told_statuses(shared: &Shared, past: &Past, stages: usize, on_terminal: bool) -> Vec<ExitStatus> {
    let end = shared.end.borrow();
    let stage = |index| {
        let told = if stages == 1 { end.exit.as_ref() } else { end.stages.get(&index) };
        let source = match index {
            _ if on_terminal => Source::Keyboard,
            index if index + 1 < stages => Source::Reader,
            _ => Source::None,
        };
        told.map_or(ExitStatus::Unknown, |told| past.status(told, source))
    };
    (0..stages).map(stage).collect()
}

/// Hands on both outputs to their end.
///
/// That is where the shim says so; or, if it was killed, where nothing comes any longer.
async fn read_all(stdout: &mut Pump, stderr: Option<&mut Pump>, shared: &Shared, past: &Past, stages: usize) {
    let stdout = async {
        stdout.release().await;
        while !matches!(
            stdout.next(|| past.shim_gone()).await,
            Next::Told(Told::End | Told::Exit(_)) | Next::End
        ) {}
    };
    // What the stages of a pipeline left in the background may keep their standard errors open for
    // days.
    let over = || async {
        if shared.end.borrow().stages.len() < stages {
            past.shim_gone().await;
        }
    };
    let stderr = async {
        let Some(stderr) = stderr else { return };
        stderr.release().await;
        while stderr.next(over).await != Next::End {}
    };
    tokio::join!(stdout, stderr);
}
