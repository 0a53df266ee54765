//! The keeper: waits for the end of the worker, and ends all that the worker left behind.

use super::{
    channel::{Channel, Ending, Message},
    linux::{self, Change, Pid, Signals, StopClock},
    tree::{self, Process},
};
use std::{
    os::fd::AsFd,
    time::{Duration, Instant},
};

/// How long what the worker left behind may go on by itself: a `gzip` that it piped into, say,
/// needs a moment to write the rest.
const LEFTOVERS: Duration = Duration::from_millis(200);

/// How long anything has to end after `TERM`.
const GRACE: Duration = Duration::from_millis(300);

/// How often it is looked whether anything is left: only the end of a child is told by a signal,
/// not that of a grandchild.
const INTERVAL: Duration = Duration::from_millis(20);

pub(super) struct Keeper<'a> {
    worker: Pid,
    /// `None` once the front is gone.
    front: Option<Channel>,
    signals: &'a Signals,
    clock: StopClock,
    ending: Option<Ending>,
    /// Whether the worker has been asked to end already.
    worker_knows: bool,
    /// What we stopped when the worker was stopped.
    stopped: Vec<Process>,
}

/// Becomes the keeper.
pub(super) fn run(worker: Pid, mut front: Channel, signals: Signals, clock: StopClock) -> ! {
    // Away from the terminal, and from whoever kills the process group of the front.
    linux::lead_new_session();
    linux::set_name(c"rexec-guard");
    linux::keep_only(&[front.as_fd(), signals.as_fd()]);
    linux::block_all_signals();
    front.send(Message::Worker(worker));
    let mut keeper = Keeper::new(worker, Some(front), &signals, clock);
    let ending = keeper.finish();
    if let Some(mut front) = keeper.front {
        front.send(Message::Ended(ending));
    }
    linux::exit(0)
}

impl<'a> Keeper<'a> {
    fn new(worker: Pid, front: Option<Channel>, signals: &'a Signals, clock: StopClock) -> Self {
        Self { worker, front, signals, clock, ending: None, worker_knows: false, stopped: Vec::new() }
    }

    /// One in place of one that died, of which the worker was told by the kernel.
    pub(super) fn successor(worker: Pid, signals: &'a Signals, clock: StopClock) -> Self {
        Self { worker_knows: true, ..Self::new(worker, None, signals, clock) }
    }

    /// Waits until the worker has ended, ends what is left of it, and gives its end.
    pub(super) fn finish(&mut self) -> Ending {
        self.take_note();
        while self.ending.is_none() && self.front.is_some() {
            self.wait(None);
        }
        if self.ending.is_none() {
            self.end_worker();
        }
        let ended_by_itself = matches!(self.ending, Some(Ending::Exited(_)));
        if !(ended_by_itself && self.front.is_some() && self.let_leftovers_end()) {
            tree::end_all(linux::reap);
        }
        // One that had to be killed had been asked to end before.
        self.ending.unwrap_or(Ending::Signaled(libc::SIGTERM))
    }

    /// Waits for a change, for at most `limit`, and takes note.
    fn wait(&mut self, limit: Option<Duration>) {
        let mut sources = vec![self.signals.as_fd()];
        sources.extend(self.front.as_ref().map(Channel::as_fd));
        let ready = linux::wait_readable(&sources, limit);
        self.take_note();
        if ready.get(1) == Some(&true) {
            self.listen_to_front();
        }
    }

    /// Looks what has become of the children.
    fn take_note(&mut self) {
        while self.signals.next().is_some() {}
        while let Some((pid, change)) = linux::next_change() {
            if pid == self.worker {
                self.note(change);
            }
        }
    }

    fn note(&mut self, change: Change) {
        match change {
            Change::Ended(ending) => self.ending = Some(ending),
            Change::Stopped => {
                self.clock.stop();
                // What the script itself had paused stays so when we go on.
                self.stopped = tree::freeze(self.worker);
                self.stopped.retain(|process| !process.is_stopped());
            }
            Change::Continued => {
                self.clock.go();
                self.stopped.drain(..).for_each(|process| process.signal_quietly(libc::SIGCONT));
            }
        }
    }

    fn listen_to_front(&mut self) {
        match self.front.as_mut().and_then(Channel::receive) {
            Some(Message::Forward(number)) if self.ending.is_none() => {
                linux::forward_to_child(self.worker, number);
            }
            Some(_) => {}
            None => self.front = None,
        }
    }

    /// Asks the worker to end; it is killed with all the rest if it doesn't.
    fn end_worker(&mut self) {
        if !self.worker_knows {
            linux::signal_child(self.worker, libc::SIGTERM);
        }
        // Whatever is stopped hears of it only when it goes on.
        linux::signal_child(self.worker, libc::SIGCONT);
        tree::below(self.worker).iter().for_each(|process| process.signal_quietly(libc::SIGCONT));
        let deadline = Instant::now() + GRACE;
        while self.ending.is_none() && Instant::now() < deadline {
            self.wait(Some(deadline.saturating_duration_since(Instant::now())));
        }
    }

    /// Whether all ended without being killed.
    fn let_leftovers_end(&mut self) -> bool {
        if self.all_gone_within(LEFTOVERS) {
            return true;
        }
        for process in tree::below(linux::own_pid()) {
            process.signal_quietly(libc::SIGTERM);
            process.signal_quietly(libc::SIGCONT);
        }
        self.all_gone_within(GRACE)
    }

    fn all_gone_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if tree::below(linux::own_pid()).is_empty() {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.front.is_none() {
                return false;
            }
            self.wait(Some(left.min(INTERVAL)));
        }
    }
}
