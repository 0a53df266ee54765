//! Where a command's input comes from and where its output goes.

use bytes::Bytes;
use std::path::PathBuf;

/// Where a command's standard input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StdinSource {
    /// Nothing: it reads the end of its input at once. A command never gets the terminal or the
    /// pipe of the program that started it unless it is told to.
    #[default]
    Empty,
    /// These bytes, then the end.
    Bytes(Bytes),
    /// A file on the command's host; a relative path is taken from the command's directory.
    File(PathBuf),
    /// What is written to [`Process::take_stdin`](crate::Process::take_stdin).
    Piped,
    /// The standard input of this program.
    Inherit,
}

/// Where one of a command's outputs goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputTarget {
    /// To the events of its process.
    #[default]
    Events,
    /// To a file on the command's host, made anew; a relative path is taken from the command's
    /// directory.
    File(PathBuf),
    /// To the end of a file on the command's host.
    Append(PathBuf),
}
