//! Systems without a guard: one process, and its signals.

use super::Request;
use crate::{Error, Result, event::Signal};
use std::{collections::HashMap, ffi::OsString, thread, time::Duration};

pub(super) fn enter() -> Result<Worker> {
    Ok(Worker)
}

pub(super) fn stopped_for() -> Duration {
    Duration::ZERO
}

pub(super) fn spawn_outside(_: &[OsString]) -> Result<u32> {
    Err(Error::unsupported("starting a process that outlives rexec needs Linux"))
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Worker;

impl Worker {
    pub(super) fn on_request(self, mut handler: Box<dyn FnMut(Request) + Send>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .and_then(|runtime| {
                thread::Builder::new().name("signals".into()).spawn(move || {
                    let mut presses = HashMap::new();
                    runtime.block_on(each_signal(|signal| {
                        let presses = presses.entry(signal).or_insert(0);
                        *presses += 1;
                        handler(Request { signal, presses: *presses });
                    }));
                })
            })
            .map(drop)
            .map_err(|error| Error::from_io("cannot listen to signals", error))
    }

    pub(super) fn exit(self, code: i32) -> ! {
        std::process::exit(code)
    }

    pub(super) fn exit_by(self, signal: Signal) -> ! {
        std::process::exit(128 + signal.linux_number())
    }
}

#[cfg(unix)]
async fn each_signal(mut handle: impl FnMut(Signal)) {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).ok();
    let (mut int, mut term) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    let (mut hup, mut quit) = (listen(SignalKind::hangup()), listen(SignalKind::quit()));
    loop {
        handle(tokio::select! {
            () = next(&mut int) => Signal::Int,
            () = next(&mut term) => Signal::Term,
            () = next(&mut hup) => Signal::Hup,
            () = next(&mut quit) => Signal::Quit,
        });
    }
}

#[cfg(unix)]
async fn next(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        // It can't be listened to: then it does what it does to any program.
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn each_signal(mut handle: impl FnMut(Signal)) {
    while tokio::signal::ctrl_c().await.is_ok() {
        handle(Signal::Int);
    }
}
