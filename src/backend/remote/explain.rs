//! Why a command could not be started, from what its shim told.

use crate::{
    Error, ErrorKind,
    command::{Command, OutputTarget, StdinSource},
};
use std::path::Path;

/// What could not be started, and why.
pub(super) fn explain(command: &Command, what: char, why: char) -> Error {
    let kind = if why == 'N' || why == 'T' { ErrorKind::NotFound } else { ErrorKind::Denied };
    let file = |target: &OutputTarget| match target {
        OutputTarget::File(path) | OutputTarget::Append(path) => path.display().to_string(),
        OutputTarget::Events => String::new(),
    };
    let directory = command.current_dir.as_deref().unwrap_or(Path::new("")).display();
    let reason = match why {
        'N' => "no such file or directory",
        'I' => "is a directory",
        _ => "permission denied",
    };
    let program = command.program.display();
    let message = match what {
        'C' if why == 'T' => format!("`{directory}` is not a directory"),
        'C' => format!("directory `{directory}`: {reason}"),
        'P' if why == 'N' && !command.program.to_string_lossy().contains('/') => {
            format!("program `{program}` not found")
        }
        'P' => format!("program `{program}`: {reason}"),
        'I' => {
            let StdinSource::File(path) = &command.stdin else { return Error::new(kind, "no input") };
            format!("open `{}` as input: {reason}", path.display())
        }
        'O' => format!("open `{}` for output: {reason}", file(&command.stdout)),
        _ => format!("open `{}` for output: {reason}", file(&command.stderr)),
    };
    Error::new(kind, message).with_command(command.to_string())
}
