//! A terminal for one command.

use super::unix;
use bytes::{BufMut, Bytes, BytesMut};
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
const DEFAULT_SIZE: (u16, u16) = (24, 80);

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

/// The end of input, typed (Ctrl-D): hands on what was typed of a line so far, and if that is
/// nothing, ends the input.
const END: u8 = 4;

/// A terminal loses what is typed beyond 4095 bytes of one line (`termios(3)`).
const LONGEST_PIECE: usize = 1024;

/// The keys to press so that a program reads this text and then its end.
pub(super) fn typed(text: &[u8]) -> Bytes {
    let mut keys = BytesMut::with_capacity(text.len() + 2);
    let mut pending = 0;
    for &byte in text {
        keys.put_u8(byte);
        pending = if byte == b'\n' { 0 } else { pending + 1 };
        if pending == LONGEST_PIECE {
            keys.put_u8(END);
            pending = 0;
        }
    }
    if pending > 0 {
        keys.put_u8(END);
    }
    keys.put_u8(END);
    keys.freeze()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_ends_its_last_line_and_then_the_input() {
        assert_eq!(typed(b"").as_ref(), b"\x04");
        assert_eq!(typed(b"a\n").as_ref(), b"a\n\x04");
        assert_eq!(typed(b"a\nb").as_ref(), b"a\nb\x04\x04");
    }

    #[test]
    fn a_long_line_is_typed_in_pieces() {
        let keys = typed(&[b'x'; 2 * LONGEST_PIECE]);
        let pieces: Vec<_> = keys.split(|&key| key == END).map(<[_]>::len).collect();
        // The key after each piece hands it on, the one after nothing ends the input.
        assert_eq!(pieces, [LONGEST_PIECE, LONGEST_PIECE, 0, 0]);
    }
}
