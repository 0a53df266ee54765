//! The terminal's settings, put back where the editor can't do it itself.

#[cfg(unix)]
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::io;

/// The settings that the terminal had in the beginning.
pub(super) struct Terminal {
    #[cfg(unix)]
    settings: Option<Termios>,
}

impl Terminal {
    /// Remembers them; nothing where there is no terminal.
    pub(super) fn save() -> Self {
        #[cfg(unix)]
        return Self { settings: tcgetattr(io::stdin()).ok() };
        #[cfg(not(unix))]
        Self {}
    }

    /// Puts them back, with the cursor on a line of its own.
    pub(super) fn restore(&self) {
        #[cfg(unix)]
        if let Some(settings) = &self.settings {
            use std::io::Write;
            // A terminal that is gone needs nothing of this.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, settings);
            let _ = io::stdout().write_all(BRACKETED_PASTE_OFF);
        }
    }
}

/// What the editor switched on beyond the settings; and a new line.
#[cfg(unix)]
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l\r\n";
