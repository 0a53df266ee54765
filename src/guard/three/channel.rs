//! What the front and the keeper say to each other.

use super::linux::{self, Pid};
use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Exited(i32),
    Signaled(i32),
}

impl Ending {
    /// Ends this process in the same way.
    pub(super) fn imitate(self) -> ! {
        match self {
            Ending::Exited(code) => linux::exit(code),
            Ending::Signaled(number) => linux::die_of(number),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The keeper has a worker.
    Worker(Pid),
    /// The front asks for a signal to the worker.
    Forward(i32),
    /// The worker has ended, and all that it left.
    Ended(Ending),
}

/// One end of the line between the two; its other end closes when the process there dies.
#[derive(Debug)]
pub(super) struct Channel(UnixStream);

impl Channel {
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        UnixStream::pair().map(|(one, other)| (Self(one), Self(other)))
    }

    /// Sends a message, if there is still somebody to read it.
    pub(super) fn send(&mut self, message: Message) {
        let (kind, value) = match message {
            Message::Worker(pid) => (b'w', pid.as_raw()),
            Message::Forward(number) => (b'f', number),
            Message::Ended(Ending::Exited(code)) => (b'e', code),
            Message::Ended(Ending::Signaled(number)) => (b's', number),
        };
        let mut frame = [kind, 0, 0, 0, 0];
        frame[1..].copy_from_slice(&value.to_ne_bytes());
        // A peer that died is noticed where messages are received.
        let _ = self.0.write_all(&frame);
    }

    /// The next message, or `None` once the process at the other end is gone.
    pub(super) fn receive(&mut self) -> Option<Message> {
        let mut frame = [0; 5];
        self.0.read_exact(&mut frame).ok()?;
        let [kind, value @ ..] = frame;
        let value = i32::from_ne_bytes(value);
        match kind {
            b'w' => Some(Message::Worker(Pid::from_raw(value))),
            b'f' => Some(Message::Forward(value)),
            b'e' => Some(Message::Ended(Ending::Exited(value))),
            b's' => Some(Message::Ended(Ending::Signaled(value))),
            _ => None,
        }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
