//! What a command reads, where it comes from us.

use super::{BoxWriter, inherit::copy_own_input};
use crate::{
    backend::{BoxFuture, ProcessStdin, typing},
    command::{Command, StdinSource},
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What writes a command's input to its end.
pub(super) type Feed = BoxFuture<'static, ()>;

/// The handle for the owner of the process, if that one is to write, and what we write.
pub(super) fn input(stdin: BoxWriter, command: &Command) -> (Option<ProcessStdin>, Option<Feed>) {
    let stdin = if command.tty { Box::pin(Keyboard(stdin)) } else { stdin };
    match &command.stdin {
        StdinSource::Piped => (Some(ProcessStdin::new(stdin)), None),
        StdinSource::Inherit => (None, Some(Box::pin(copy_own_input(stdin)))),
        StdinSource::Bytes(bytes) if command.tty => {
            (None, Some(Box::pin(write(stdin, typing::typed(bytes)))))
        }
        StdinSource::Bytes(bytes) => (None, Some(Box::pin(write(stdin, bytes.clone())))),
        StdinSource::Empty if command.tty => (None, Some(Box::pin(write(stdin, typing::typed(b""))))),
        StdinSource::Empty | StdinSource::File(_) => (None, None),
    }
}

async fn write(mut stdin: BoxWriter, bytes: bytes::Bytes) {
    // A command need not read its input to the end.
    let _ = stdin.write_all(&bytes).await;
    let _ = stdin.shutdown().await;
}

/// The input side of a terminal on the far side. It stays open to the command's end: closing it
/// would hang up.
struct Keyboard(BoxWriter);

impl AsyncWrite for Keyboard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(context)
    }

    /// Ends the input, where the program reads by the line; the terminal stays.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_write(context, &[typing::END]).map_ok(drop)
    }
}
