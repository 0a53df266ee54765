//! Requests to end the program: the first cancels the script, the second ends everything.

use super::{console::Terminal, exit::Exit};
use crate::{
    Result,
    event::Signal,
    guard::{Guard, Request},
};
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Whether somebody asked the program to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt {
    signal: Arc<OnceLock<Signal>>,
    /// Cancelled when somebody did.
    pub(super) cancellation: CancellationToken,
}

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen(guard: Guard, terminal: Arc<Terminal>) -> Result<Self> {
        let interrupt = Self::default();
        let told = interrupt.clone();
        guard.on_request(move |request| told.hear(request, guard, &terminal))?;
        Ok(interrupt)
    }

    fn hear(&self, request: Request, guard: Guard, terminal: &Terminal) {
        let Request { signal, presses } = request;
        if presses > 1 || signal == Signal::Quit {
            terminal.restore();
            Exit::Signal(signal).perform(guard);
        }
        if self.signal.set(signal).is_ok() {
            terminal.interrupted(signal);
        }
        self.cancellation.cancel();
    }

    /// The signal with which somebody asked.
    pub(super) fn signal(&self) -> Option<Signal> {
        self.signal.get().copied()
    }
}
