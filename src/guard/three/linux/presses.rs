//! Signals that are handled, and counted: how often somebody asked the worker to end.

use super::Pid;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::{
    io::{self, Read},
    os::{fd::IntoRawFd, unix::net::UnixStream},
    sync::atomic::{AtomicI32, AtomicU32, Ordering},
    time::Duration,
};

/// The signals that ask a program to end.
const SIGNALS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// How often one signal came, and from where.
struct Tally {
    /// The kernel made it, for a terminal.
    kernel: AtomicU32,
    /// A process sent it to the worker.
    direct: AtomicU32,
    /// The keeper passed on what a process had sent to the front.
    forwarded: AtomicU32,
    /// The front or the keeper died.
    lost: AtomicU32,
}

impl Tally {
    const fn new() -> Self {
        Self {
            kernel: AtomicU32::new(0),
            direct: AtomicU32::new(0),
            forwarded: AtomicU32::new(0),
            lost: AtomicU32::new(0),
        }
    }

    /// A signal that a process sent to our whole group (`kill -INT -PGID`) comes twice: directly,
    /// and by way of the front. One from the terminal comes directly only. The loss of both front
    /// and keeper is no reason to hurry.
    fn presses(&self) -> u32 {
        let load = |count: &AtomicU32| count.load(Ordering::Relaxed);
        load(&self.kernel) + load(&self.direct).max(load(&self.forwarded)) + load(&self.lost).min(1)
    }
}

static TALLIES: [Tally; SIGNALS.len()] = [const { Tally::new() }; SIGNALS.len()];
static FRONT: AtomicI32 = AtomicI32::new(0);
static KEEPER: AtomicI32 = AtomicI32::new(0);
static WAKER: AtomicI32 = AtomicI32::new(-1);

/// Counts signals from now on.
pub(in super::super) struct Presses {
    wake: UnixStream,
    told: [u32; SIGNALS.len()],
}

impl Presses {
    pub(in super::super) fn count(front: Pid, keeper: Pid) -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        waker.set_nonblocking(true)?;
        FRONT.store(front.as_raw(), Ordering::Relaxed);
        KEEPER.store(keeper.as_raw(), Ordering::Relaxed);
        // Open for ever: a signal may come at any time.
        WAKER.store(waker.into_raw_fd(), Ordering::Relaxed);
        SIGNALS.into_iter().try_for_each(handle)?;
        Ok(Self { wake, told: [0; SIGNALS.len()] })
    }

    /// Waits for signals, for at most `limit`, and gives each that has come since the last call,
    /// with how often it came in all.
    pub(in super::super) fn wait(&mut self, limit: Option<Duration>) -> Vec<(i32, u32)> {
        // The limit is not zero, and nothing else can be wrong with it.
        let _ = self.wake.set_read_timeout(limit.map(|limit| limit.max(Duration::from_millis(1))));
        // How many wake-ups there were does not matter, nor whether the limit passed.
        let _ = self.wake.read(&mut [0; 64]);
        let mut news = Vec::new();
        for ((signal, tally), told) in SIGNALS.iter().zip(&TALLIES).zip(&mut self.told) {
            let presses = tally.presses();
            if presses > *told {
                *told = presses;
                news.push((*signal as i32, presses));
            }
        }
        news
    }
}

/// Has a signal counted, unless it was ignored when the program was started: `nohup` and a
/// shell's `&` mean that. `TERM` always is: the keeper uses it.
fn handle(signal: Signal) -> io::Result<()> {
    let handler = SigHandler::SigAction(on_signal);
    let action = SigAction::new(handler, SaFlags::SA_RESTART | SaFlags::SA_SIGINFO, SigSet::empty());
    // SAFETY: the handler does nothing but what signal-safety(7) allows.
    let previous = unsafe { sigaction(signal, &action) }?;
    if matches!(previous.handler(), SigHandler::SigIgn) && signal != Signal::SIGTERM {
        // SAFETY: puts back what was there.
        unsafe { sigaction(signal, &previous) }?;
    }
    Ok(())
}

/// Touches atomic integers and calls write(2), as signal-safety(7) asks.
extern "C" fn on_signal(number: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to a handler that was installed with SA_SIGINFO,
    // and this is a signal for which the sender's number is in it, if a process sent it.
    let (code, sender) = unsafe { ((*info).si_code, (*info).si_pid()) };
    if let Some(index) = SIGNALS.iter().position(|signal| *signal as i32 == number) {
        let is_relative =
            [&FRONT, &KEEPER].into_iter().any(|relative| relative.load(Ordering::Relaxed) == sender);
        let tally = &TALLIES[index];
        let count = match (code, is_relative) {
            (1.., _) => &tally.kernel,
            (libc::SI_QUEUE, true) => &tally.forwarded,
            (_, true) => &tally.lost,
            (_, false) => &tally.direct,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
    let errno = nix::errno::Errno::last_raw();
    // SAFETY: write(2) reads one byte, which lives that long. When the socket is full, there is
    // somebody awake already.
    unsafe { libc::write(WAKER.load(Ordering::Relaxed), [0_u8].as_ptr().cast(), 1) };
    nix::errno::Errno::set_raw(errno);
}
