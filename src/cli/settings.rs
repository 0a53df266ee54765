//! The terminal's settings, put back when the program ends in the middle of a question.

#[cfg(unix)]
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

/// The settings that the terminal had in the beginning.
pub(super) struct Settings {
    #[cfg(unix)]
    saved: Mutex<Option<Termios>>,
}

impl Settings {
    /// Remembers them; nothing where there is no terminal.
    pub(super) fn save() -> Self {
        #[cfg(unix)]
        return Self { saved: Mutex::new(tcgetattr(std::io::stdin()).ok()) };
        #[cfg(not(unix))]
        Self {}
    }

    /// Puts them back, if something has changed them.
    pub(super) fn restore(&self) {
        #[cfg(unix)]
        if let Some(saved) = &*self.saved.lock().unwrap_or_else(PoisonError::into_inner)
            && tcgetattr(std::io::stdin()).is_ok_and(|now| now != *saved)
        {
            // A terminal that is gone needs nothing of this.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, saved);
        }
    }
}
