//! The front: the process that the shell knows. It waits, passes signals on, and ends as the
//! worker ended.

use super::{
    channel::{Channel, Ending, Message},
    keeper::Keeper,
    linux::{self, Pid, Signals, StopClock},
    outside, tree,
};
use std::{
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
};

pub(super) struct Front {
    keeper: Pid,
    worker: Option<Pid>,
    channel: Channel,
    /// What the worker wants started outside of the guard; `None` once the worker is gone.
    orders: Option<UnixStream>,
    signals: Signals,
    clock: StopClock,
}

impl Front {
    pub(super) fn new(
        keeper: Pid,
        channel: Channel,
        orders: UnixStream,
        signals: Signals,
        clock: StopClock,
    ) -> Self {
        Self { keeper, worker: None, channel, orders: Some(orders), signals, clock }
    }

    pub(super) fn run(mut self) -> ! {
        if let Some(orders) = &self.orders {
            // Whoever reads our output must not have to wait for us, once the worker is gone.
            linux::keep_only(&[self.channel.as_fd(), orders.as_fd(), self.signals.as_fd()]);
        }
        loop {
            let mut sources = vec![self.signals.as_fd(), self.channel.as_fd()];
            sources.extend(self.orders.as_ref().map(UnixStream::as_fd));
            let ready = linux::wait_readable(&sources, None);
            if ready[0] {
                self.pass_signals_on();
            }
            if ready[1] {
                self.listen_to_keeper();
            }
            if ready.get(2) == Some(&true) && self.obey_worker().is_err() {
                self.orders = None;
            }
        }
    }

    fn pass_signals_on(&mut self) {
        while let Some(signal) = self.signals.next() {
            // One that the kernel made for the terminal has reached the worker's group as well.
            if signal.is_sent_by_a_process && signal.number != libc::SIGCHLD {
                self.channel.send(Message::Forward(signal.number));
            }
            if signal.number == libc::SIGTSTP {
                self.signals.stop_self();
            }
        }
    }

    fn listen_to_keeper(&mut self) {
        match self.channel.receive() {
            Some(Message::Worker(pid)) => self.worker = Some(pid),
            Some(Message::Ended(ending)) => {
                linux::wait_for(self.keeper);
                ending.imitate();
            }
            Some(Message::Forward(_)) => {}
            None => self.keep_in_its_place(),
        }
    }

    /// The keeper is gone. We have become the parent of its children, and do its work.
    fn keep_in_its_place(&mut self) -> ! {
        let last_words = linux::wait_for(self.keeper).unwrap_or(Ending::Exited(1));
        match self.worker {
            Some(worker) => Keeper::successor(worker, &self.signals, self.clock).finish().imitate(),
            // It never got so far as to tell us of one.
            None => {
                tree::end_all(linux::reap);
                last_words.imitate()
            }
        }
    }

    /// Starts something that is to survive us all.
    fn obey_worker(&mut self) -> io::Result<()> {
        let Some(orders) = &mut self.orders else { return Ok(()) };
        let mut length = [0; 4];
        orders.read_exact(&mut length)?;
        let mut order = vec![0; u32::from_ne_bytes(length) as usize];
        orders.read_exact(&mut order)?;
        let answer = outside::launch_as_front(&order).map_or_else(|errno| -errno, |pid| pid.as_raw());
        orders.write_all(&answer.to_ne_bytes())
    }
}
