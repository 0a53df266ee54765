//! What the three standard descriptors of a command are: pipes, files, nothing.

use super::{input::Input, pump::Source};
use crate::{
    Error, Result,
    backend::ProcessStdin,
    command::{Command, OutputTarget, StdinSource},
    event::OutputStream,
};
use async_process::Stdio;
use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};
use tokio::{fs::OpenOptions, net::unix::pipe};

/// The descriptors of one command, and our ends of its pipes.
///
/// All of them are closed when something else is executed (`O_CLOEXEC`), so that no other command
/// inherits them and keeps a pipe open.
pub(super) struct Wiring {
    stdio: Option<[Stdio; 3]>,
    pub(super) outputs: Vec<(OutputStream, Source)>,
    pub(super) input: Input,
    /// Where the next stage of a pipeline reads.
    pub(super) downstream: Option<PipeReader>,
}

impl Wiring {
    /// The command's ends: its standard input, output and error. They are closed here when the
    /// command has been started with them, else its pipes would never end.
    pub(super) fn take_stdio(&mut self) -> [Stdio; 3] {
        self.stdio.take().expect("a command is started once")
    }
}

/// Where a command stands in a pipeline.
pub(super) struct Place {
    /// What it reads, if a stage before it writes that.
    pub(super) upstream: Option<PipeReader>,
    /// Whether another stage reads what it writes.
    pub(super) has_next: bool,
}

/// Makes the descriptors of a command that runs in this directory.
pub(super) async fn wire(command: &Command, directory: Option<&Path>, place: Place) -> Result<Wiring> {
    let mut outputs = Vec::new();
    let (stdin, input) = stdin(command, directory, place.upstream).await?;
    let (out, downstream) = match &command.stdout {
        OutputTarget::Events if place.has_next => {
            let (reader, writer) = io::pipe().map_err(no_pipe)?;
            (Out::Pipe(writer), Some(reader))
        }
        target => (output(OutputStream::Stdout, target, directory, &mut outputs).await?, None),
    };
    let err = if command.merge_stderr {
        out.try_clone().map_err(no_pipe)?
    } else {
        output(OutputStream::Stderr, &command.stderr, directory, &mut outputs).await?
    };
    Ok(Wiring { stdio: Some([stdin, out.into(), err.into()]), outputs, input, downstream })
}

async fn stdin(
    command: &Command,
    directory: Option<&Path>,
    upstream: Option<PipeReader>,
) -> Result<(Stdio, Input)> {
    if let Some(reader) = upstream {
        return Ok((reader.into(), Input::None));
    }
    Ok(match &command.stdin {
        StdinSource::Empty => (Stdio::null(), Input::None),
        StdinSource::Bytes(bytes) if bytes.is_empty() => (Stdio::null(), Input::None),
        StdinSource::Bytes(bytes) => {
            let (stdio, sender) = input_pipe()?;
            (stdio, Input::Bytes(bytes.clone(), sender))
        }
        StdinSource::Piped => {
            let (stdio, sender) = input_pipe()?;
            (stdio, Input::Handle(ProcessStdin::new(sender)))
        }
        StdinSource::File(path) => {
            let path = resolve(directory, path);
            let opened = OpenOptions::new().read(true).open(&path).await;
            let file =
                opened.map_err(|error| Error::from_io(format!("input `{}`", path.display()), error))?;
            (file.into_std().await.into(), Input::None)
        }
        StdinSource::Inherit => (Stdio::inherit(), Input::None),
    })
}

fn input_pipe() -> Result<(Stdio, pipe::Sender)> {
    let (reader, writer) = io::pipe().map_err(no_pipe)?;
    let sender = pipe::Sender::from_owned_fd(OwnedFd::from(writer)).map_err(no_pipe)?;
    Ok((reader.into(), sender))
}

/// Where one output goes: it is cloned for the other one where they are merged.
enum Out {
    Pipe(PipeWriter),
    File(std::fs::File),
}

impl Out {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Out::Pipe(writer) => Out::Pipe(writer.try_clone()?),
            Out::File(file) => Out::File(file.try_clone()?),
        })
    }
}

impl From<Out> for Stdio {
    fn from(out: Out) -> Self {
        match out {
            Out::Pipe(writer) => writer.into(),
            Out::File(file) => file.into(),
        }
    }
}

async fn output(
    stream: OutputStream,
    target: &OutputTarget,
    directory: Option<&Path>,
    outputs: &mut Vec<(OutputStream, Source)>,
) -> Result<Out> {
    let mut options = OpenOptions::new();
    let path = match target {
        OutputTarget::Events => {
            let (reader, writer) = io::pipe().map_err(no_pipe)?;
            let receiver = pipe::Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(no_pipe)?;
            outputs.push((stream, Source::Pipe(receiver)));
            return Ok(Out::Pipe(writer));
        }
        OutputTarget::File(path) => {
            options.write(true).create(true).truncate(true);
            path
        }
        OutputTarget::Append(path) => {
            options.append(true).create(true);
            path
        }
    };
    let path = resolve(directory, path);
    let opened = options.open(&path).await;
    let file = opened
        .map_err(|error| Error::from_io(format!("file `{}` for {}", path.display(), stream.name()), error))?;
    Ok(Out::File(file.into_std().await))
}

fn resolve(directory: Option<&Path>, path: &Path) -> PathBuf {
    directory.map_or_else(|| path.to_owned(), |directory| directory.join(path))
}

fn no_pipe(error: io::Error) -> Error {
    Error::from_io("make a pipe for the command", error)
}
