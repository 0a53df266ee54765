//! The worker's side: requests to end, and its end.

use super::{
    channel::Ending,
    linux::{self, Pid, Presses, StopClock},
    tree,
};
use crate::{Error, Result, event::Signal, guard::Request};
use std::{
    io::{self, Write},
    os::unix::net::UnixStream,
    sync::{Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

/// How long what the worker started may take to end once the keeper is gone. If the front is there,
/// it waits for less; if it is not, nobody is left but the worker.
const GRACE: Duration = Duration::from_millis(800);

/// How long the worker may then take to end, with its own ways to find what has left its tree.
const LAST_GRACE: Duration = Duration::from_secs(5);

static FAMILY: OnceLock<Family> = OnceLock::new();

/// Whom the worker has.
#[derive(Debug)]
struct Family {
    front: Pid,
    keeper: Pid,
    orders: Mutex<UnixStream>,
    clock: StopClock,
}

/// Proof that this process is the worker.
#[derive(Clone, Copy, Debug)]
pub(in crate::guard) struct Worker(&'static Family);

impl Worker {
    pub(super) fn new(front: Pid, keeper: Pid, orders: UnixStream, clock: StopClock) -> Self {
        Self(FAMILY.get_or_init(|| Family { front, keeper, orders: Mutex::new(orders), clock }))
    }

    pub(in crate::guard) fn on_request(self, handler: Box<dyn FnMut(Request) + Send>) -> Result<()> {
        let family = self.0;
        Presses::count(family.front, family.keeper)
            .and_then(|presses| {
                thread::Builder::new()
                    .name("signals".into())
                    .stack_size(256 * 1024)
                    .spawn(move || family.listen(presses, handler))
            })
            .map(drop)
            .map_err(|error| Error::from_io("cannot listen to signals", error))
    }

    pub(in crate::guard) fn exit(self, code: i32) -> ! {
        self.0.leave_nothing();
        std::process::exit(code)
    }

    pub(in crate::guard) fn exit_by(self, signal: Signal) -> ! {
        self.0.leave_nothing();
        // A closed output is no reason to stay.
        let _ = io::stdout().flush();
        Ending::Signaled(signal.linux_number()).imitate()
    }
}

impl Family {
    fn listen(&self, mut presses: Presses, mut handler: Box<dyn FnMut(Request) + Send>) {
        let mut hear = |presses: Vec<(i32, u32)>| {
            for (number, presses) in presses {
                if let Some(signal) = Signal::from_linux_number(number) {
                    handler(Request { signal, presses });
                }
            }
        };
        while !self.is_orphan() {
            hear(presses.wait(None));
        }
        // Whatever loses its parent from now on comes to us. A failure leaves us where we were.
        let _ = linux::adopt_orphans(true);
        for grace in [GRACE, LAST_GRACE] {
            let deadline = Instant::now() + grace;
            while let left = deadline.saturating_duration_since(Instant::now())
                && !left.is_zero()
            {
                hear(presses.wait(Some(left)));
            }
            tree::end_all(|| {});
        }
        Ending::Signaled(libc::SIGTERM).imitate()
    }

    /// Whether the keeper is gone. Its death has sent us a `TERM`.
    fn is_orphan(&self) -> bool {
        linux::parent_pid() != self.keeper
    }

    fn leave_nothing(&self) {
        if self.is_orphan() {
            // The dead are not ours to take away: some of our threads may be waiting for them.
            tree::end_all(|| {});
        }
    }
}

pub(in crate::guard) fn stopped_for() -> Duration {
    FAMILY.get().map_or(Duration::ZERO, |family| family.clock.stopped_for())
}

/// The line to the front, where there is one.
pub(super) fn orders() -> Option<&'static Mutex<UnixStream>> {
    FAMILY.get().map(|family| &family.orders)
}
