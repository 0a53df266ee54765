//! A terminal for one command.

use super::unix;
use crate::backend::typing::END;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use std::{
    io,
    os::fd::OwnedFd,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncWrite, Interest, unix::AsyncFd};

/// What `login(1)` gives a terminal that does not know its size.
pub(in crate::backend) const DEFAULT_SIZE: (u16, u16) = (24, 80);

/// A pseudo-terminal: the command gets one side of it, and we are the screen and the keyboard.
pub(super) struct Terminal {
    pub(super) screen: Arc<AsyncFd<OwnedFd>>,
    /// The command's side.
    pub(super) device: OwnedFd,
}

impl Terminal {
    /// A new one, as large as the terminal that this program has, or 24 rows of 80 columns.
    pub(super) fn open(echo: bool) -> io::Result<Self> {
        let (screen, device) = unix::open_terminal(unix::own_window_size().unwrap_or(DEFAULT_SIZE))?;
        if !echo {
            let mut settings = tcgetattr(&device)?;
            settings.local_flags.remove(LocalFlags::ECHO);
            tcsetattr(&device, SetArg::TCSANOW, &settings)?;
        }
        let screen = Arc::new(unix::watch(screen, Interest::READABLE | Interest::WRITABLE)?);
        Ok(Self { screen, device })
    }

    /// What is written here the command reads as if it were typed.
    pub(super) fn keyboard(&self) -> Keyboard {
        Keyboard(self.screen.clone())
    }
}

/// The input side of a terminal.
pub(super) struct Keyboard(Arc<AsyncFd<OwnedFd>>);

impl AsyncWrite for Keyboard {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(context))?;
            if let Ok(written) = ready.try_io(|fd| Ok(nix::unistd::write(fd.get_ref(), bytes)?)) {
                return Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the input, where the program reads by the line; the terminal stays.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write(context, &[END]).map_ok(drop)
    }
}
