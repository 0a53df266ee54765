//! The task that stays with a running process: it reads, feeds, reaps, and tells how it ended.

use super::{
    Owner,
    foreground::Foreground,
    group::Group,
    input::Feed,
    pump::{Backlog, Pump, Source},
};
use crate::{
    backend::{EventSender, StatusSetter},
    event::{ExitStatus, OutputStream},
};
use futures_util::future::{OptionFuture, join, join_all, maybe_done};
use std::{convert::Infallible, pin::pin, sync::Arc};
use tokio::sync::watch;

/// Tells when all children of a process have been reaped.
pub(super) struct Ended(watch::Receiver<bool>);

impl Ended {
    pub(super) async fn wait(&mut self) {
        // Without a sender the task that reaps is gone, and with it whoever waits here.
        let _ = self.0.wait_for(|&ended| ended).await;
    }
}

/// Makes the status of the whole out of those of its stages.
pub(super) type Judge = Box<dyn Fn(&[ExitStatus]) -> ExitStatus + Send>;

/// A process that was just started, with our ends of its pipes.
pub(super) struct Supervised {
    pub(super) pid: Option<u32>,
    pub(super) group: Arc<Group>,
    /// Each output with the stage that writes it.
    pub(super) outputs: Vec<(usize, OutputStream, Source)>,
    pub(super) feed: Option<Feed>,
    /// Our terminal, if it reads from that.
    pub(super) foreground: Option<Foreground>,
    pub(super) judge: Judge,
    /// Who ends what it leaves behind; `None` if that may live on.
    pub(super) heir: Option<Arc<Owner>>,
}

impl Supervised {
    /// Stays with it to its end.
    ///
    /// It has ended when all its stages have and everything that they wrote was handed on. A
    /// reader that does not take the events keeps only the events waiting, not those who wait for
    /// the process.
    pub(super) async fn run(self, setter: StatusSetter, events: EventSender) {
        events.started(self.pid).await;
        let end = watch::Sender::new(false);
        let ended = || Ended(end.subscribe());
        let backlog = Backlog::default();
        let pump =
            |(stage, stream, source)| Pump::new(stream, stage, source, events.clone(), backlog.clone());
        let mut pumps: Vec<Pump> = self.outputs.into_iter().map(pump).collect();
        {
            let reading = join_all(pumps.iter_mut().map(|pump| pump.run(ended())));
            let feeding = OptionFuture::from(self.feed.map(|feed| feed.run(ended())));
            let mut output = pin!(maybe_done(join(reading, feeding)));
            let stages = tokio::select! {
                stages = reap(&self.group, self.foreground) => stages,
                never = and_then_never(output.as_mut()) => match never {},
            };
            end.send_replace(true);
            tokio::select! {
                () = output.as_mut() => {}
                () = backlog.stalled() => {}
            }
            let status = setter.set((self.judge)(&stages), stages);
            if let Some(heir) = self.heir {
                heir.inherit(self.group);
            }
            output.await;
            events.exited(status).await;
        }
        for source in pumps.into_iter().filter_map(Pump::rest) {
            tokio::spawn(source.discard());
        }
    }
}

/// Goes on with something while something else is waited for, whichever takes longer.
async fn and_then_never(something: impl Future<Output = ()>) -> Infallible {
    something.await;
    std::future::pending().await
}

/// Waits for the end of all children; the terminal, if they have ours, is taken back then.
async fn reap(group: &Group, foreground: Option<Foreground>) -> Vec<ExitStatus> {
    match foreground {
        None => group.reap_all().await,
        Some(foreground) => tokio::select! {
            stages = group.reap_all() => stages,
            never = foreground.keep_going() => match never {},
        },
    }
}
