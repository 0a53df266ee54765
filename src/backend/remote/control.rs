//! Signals to a running command on the far side, and what its shell's word for its end means.

use super::{Link, records::ShellStatus};
use crate::{
    Error, ErrorKind, Result,
    backend::{BoxFuture, ProcessControl},
    event::{ExitStatus, Signal},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// The pause between two looks at whether a group is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(15);

/// For so long after a command's end its process group's number is taken to be still its own: a
/// system gives numbers out in a circle.
const REUSED: Duration = Duration::from_secs(10);

/// How a process on the far side is reached.
#[derive(Clone)]
pub(super) struct Control {
    /// The process does not keep the connection open when it has ended.
    link: Weak<Link>,
    group: u32,
    mark: String,
    past: Arc<Past>,
}

/// Where a signal that we did not send is likely to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Nowhere.
    None,
    /// The next stage of the pipeline, when it does not read any longer.
    Reader,
    /// The terminal's keyboard.
    Keyboard,
}

/// What has happened to a process so far.
#[derive(Default)]
pub(super) struct Past {
    sent: Mutex<BTreeSet<Signal>>,
    ended: Mutex<Option<Instant>>,
    shim_gone: watch::Sender<bool>,
}

impl Control {
    pub(super) fn new(link: &Arc<Link>, group: u32, mark: String, past: Arc<Past>) -> Self {
        Self { link: Arc::downgrade(link), group, mark, past }
    }

    /// The group to kill, if it can't be somebody else's by now.
    fn own_group(&self) -> Option<u32> {
        let ended = *lock(&self.past.ended);
        ended.is_none_or(|ended| ended.elapsed() < REUSED).then_some(self.group)
    }

    async fn send(&self, signal: Signal) -> Result<()> {
        // A link that is gone has taken its processes with it.
        let Some(link) = self.link.upgrade() else { return Ok(()) };
        if signal == Signal::Kill {
            let killed = link.warden.kill(&self.mark, self.own_group()).await;
            self.past.shim_is_gone();
            return killed;
        }
        if lock(&self.past.ended).is_some() {
            return Ok(());
        }
        lock(&self.past.sent).insert(signal);
        if link.warden.signal(signal, self.group).await? || !link.warden.is_there(self.group).await? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Denied, format!("the host did not deliver the signal {signal}")))
    }
}

impl ProcessControl for Control {
    fn signal(&self, signal: Signal) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.send(signal))
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            while let Some(link) = self.link.upgrade()
                && link.warden.is_there(self.group).await.unwrap_or(false)
            {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        })
    }

    fn abandon(&self) {
        if let Some(link) = self.link.upgrade() {
            link.warden.kill_now(&self.mark, self.own_group());
            self.past.shim_is_gone();
        }
    }
}

impl Past {
    /// Notes that it has ended.
    pub(super) fn end(&self) {
        lock(&self.ended).get_or_insert_with(Instant::now);
    }

    /// Notes that its shim is gone, which we killed or somebody else did.
    pub(super) fn shim_is_gone(&self) {
        self.shim_gone.send_replace(true);
    }

    /// Waits until its shim is gone: nobody will tell of its end.
    pub(super) async fn shim_gone(&self) {
        // The sender is here, so it can't go.
        let _ = self.shim_gone.subscribe().wait_for(|&gone| gone).await;
    }

    /// What the shell's word for a command's end means.
    ///
    /// No shell tells an exit code of 130 from the signal `INT`, and 141 from `PIPE`. They are taken
    /// for the signal where it is plain where that came from: we sent it, or it has such a source.
    /// Otherwise the program said so itself, as it does for all others.
    pub(super) fn status(&self, told: &ShellStatus, source: Source) -> ExitStatus {
        let number = told.code - 128;
        let signal = || {
            let named = told.signal.as_deref().and_then(|name| name.parse().ok());
            named.or_else(|| Signal::from_linux_number(number))
        };
        let by_signal = match told.by_signal {
            Some(true) => true,
            None => number > 0,
            Some(false) => match told.code {
                130 => source == Source::Keyboard || lock(&self.sent).contains(&Signal::Int),
                141 => source == Source::Reader || lock(&self.sent).contains(&Signal::Pipe),
                _ => false,
            },
        };
        match signal().filter(|_| by_signal) {
            Some(signal) => ExitStatus::Signaled(signal),
            None => ExitStatus::Exited(told.code),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: i32, by_signal: Option<bool>, signal: Option<&str>) -> ShellStatus {
        ShellStatus { code, by_signal, signal: signal.map(str::to_owned) }
    }

    #[test]
    fn an_exit_code_is_no_signal_unless_the_shell_says_so() {
        let past = Past::default();
        assert_eq!(past.status(&told(143, Some(false), None), Source::None), ExitStatus::Exited(143));
        assert_eq!(
            past.status(&told(143, Some(true), Some("TERM")), Source::None),
            ExitStatus::Signaled(Signal::Term)
        );
        assert_eq!(past.status(&told(255, Some(false), None), Source::None), ExitStatus::Exited(255));
        assert_eq!(past.status(&told(255, None, None), Source::None), ExitStatus::Exited(255));
    }

    #[test]
    fn what_a_shell_never_tells_is_judged_by_where_a_signal_could_come_from() {
        let past = Past::default();
        assert_eq!(past.status(&told(130, Some(false), None), Source::None), ExitStatus::Exited(130));
        assert_eq!(
            past.status(&told(141, Some(false), None), Source::Reader),
            ExitStatus::Signaled(Signal::Pipe)
        );
        past.sent.lock().unwrap().insert(Signal::Int);
        assert_eq!(
            past.status(&told(130, Some(false), None), Source::None),
            ExitStatus::Signaled(Signal::Int)
        );
    }
}
