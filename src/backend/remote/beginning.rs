//! A channel until the command on it begins.

use super::{
    BoxWriter, Channel, ChannelEnd, Link,
    pump::{Next, Pump, Shared},
    records::{Records, Told},
};
use crate::{
    Error, ErrorKind,
    backend::{BoxFuture, EventSender},
    event::OutputStream,
};
use std::{future::pending, time::Duration};
use tokio::{io::AsyncWriteExt, time::timeout};

/// How long to wait for what should be told at once, if the connection is there.
pub(super) const AT_ONCE: Duration = Duration::from_secs(5);

/// A channel until the command on it begins.
pub(super) struct Beginning {
    pub(super) stdin: BoxWriter,
    pub(super) stdout: Pump,
    pub(super) stderr: Pump,
    pub(super) shared: Shared,
    pub(super) ended: BoxFuture<'static, ChannelEnd>,
    on_terminal: bool,
}

/// How it began, if it did.
pub(super) enum Begun {
    Started { pid: u32, group: u32 },
    Failed { stage: usize, what: char, why: char },
    Ended,
}

impl Beginning {
    pub(super) fn new(
        channel: Channel,
        stages: usize,
        on_terminal: bool,
        records: Records,
        events: EventSender,
    ) -> Self {
        let shared = Shared::default();
        let pump = |stream, stages, source| {
            Pump::new(stream, stages, source, records.clone(), events.clone(), shared.clone())
        };
        Self {
            stdin: channel.stdin,
            stdout: pump(OutputStream::Stdout, stages - 1..stages, channel.stdout),
            stderr: pump(OutputStream::Stderr, 0..stages, channel.stderr),
            shared,
            ended: channel.ended,
            on_terminal,
        }
    }

    /// Gives the shim its script, and waits for what comes of it.
    pub(super) async fn start(&mut self, script: &[u8]) -> Begun {
        // A terminal takes whole scripts only once the shim has prepared it.
        if self.on_terminal && self.stdout.next(pending).await != Next::Told(Told::Ready) {
            return Begun::Ended;
        }
        let writing = async {
            // If nobody reads it, the other side has ended, and its last words come below.
            let _ = self.stdin.write_all(script).await;
            let _ = self.stdin.flush().await;
        };
        let telling = if self.on_terminal { &mut self.stdout } else { &mut self.stderr };
        let reading = async {
            loop {
                match telling.next(pending).await {
                    Next::Told(Told::Started { pid, group }) => return Begun::Started { pid, group },
                    Next::Told(Told::Failed { stage, what, why }) => {
                        return Begun::Failed { stage, what, why };
                    }
                    Next::Told(_) => {}
                    Next::End => return Begun::Ended,
                }
            }
        };
        tokio::join!(writing, reading).1
    }

    /// Why the channel has ended with no word from the shim.
    pub(super) async fn never_started(mut self, link: &Link) -> Error {
        if timeout(AT_ONCE, link.warden.ping()).await.is_ok_and(|answer| answer.is_ok()) {
            // Whatever it is that ran there instead may have said why on either output.
            let _ = timeout(AT_ONCE, self.stdout.next(pending)).await;
            let _ = timeout(AT_ONCE, self.stderr.next(pending)).await;
            let said = [self.stdout.noise(), self.stderr.noise()].concat();
            let error = Error::new(ErrorKind::Io, "the host did not run a shell for this command");
            return if said.is_empty() { error } else { error.with_hint(format!("it said: {said}")) };
        }
        Error::new(ErrorKind::Disconnected, "the connection was lost before the command was known to run")
    }
}
