//! Byte channels to a shell text on the far side.

use crate::{
    Result,
    backend::{BoxFuture, BoxReader},
};
use std::pin::Pin;
use tokio::io::AsyncWrite;

/// Where the far side's standard input is written.
pub type BoxWriter = Pin<Box<dyn AsyncWrite + Send + Sync>>;

/// Opens byte channels to one host.
pub trait Channels: Send + Sync + 'static {
    /// Opens a channel to a new session of the host, which runs this shell text, in a process
    /// group of its own. `None` where the host allows no further session on this connection.
    ///
    /// # Errors
    ///
    /// [`Disconnected`](crate::ErrorKind::Disconnected) where the connection is gone.
    fn open(&self, request: ChannelRequest) -> BoxFuture<'_, Result<Option<Channel>>>;
}

/// What a channel is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRequest {
    /// What the host's shell, whichever it is, is given to run: see [`shim`](super::shim).
    pub text: Vec<u8>,
    /// Whether it gets a terminal; its two outputs are then one.
    pub terminal: bool,
}

/// A channel to a shell text that runs.
pub struct Channel {
    /// Its standard input; dropping it ends that input.
    pub stdin: BoxWriter,
    /// Its standard output.
    pub stdout: BoxReader,
    /// Its standard error.
    pub stderr: BoxReader,
    /// Resolves when the session on the far side has ended. Dropping it closes the channel.
    pub ended: BoxFuture<'static, ChannelEnd>,
}

/// How a channel ended, as far as what carries it can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelEnd {
    /// What ran there ended with this exit code.
    Exited(i32),
    /// It ended in another way, or the connection did: nobody told an exit code.
    Untold,
}
