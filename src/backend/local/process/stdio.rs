//! What the three standard descriptors of a command are: pipes, files, nothing.

use super::{
    input::{Feed, Input},
    pump::Source,
    redirect,
    tty::Terminal,
};
use crate::{
    Error, Result,
    backend::{ProcessStdin, typing::typed},
    command::{Command, OutputTarget, StdinSource},
    event::OutputStream,
};
use async_process::Stdio;
use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};
use tokio::net::unix::pipe;

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
    /// The terminal that the command runs in.
    pub(super) terminal: Option<OwnedFd>,
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
    let terminal = command.tty.then(|| open_terminal(command, &mut outputs)).transpose()?;
    let (stdin, input) = stdin(command, directory, place.upstream, terminal.as_ref()).await?;
    let device = terminal.map(|terminal| terminal.device);
    let mut output = async |stream, target: &OutputTarget| match (target, &device) {
        (OutputTarget::Events, Some(device)) => Ok(Out::Terminal(device.try_clone().map_err(no_pipe)?)),
        (OutputTarget::Events, None) => piped(stream, &mut outputs),
        (OutputTarget::File(path) | OutputTarget::Append(path), _) => {
            let append = matches!(target, OutputTarget::Append(_));
            to_file(stream, &resolve(directory, path), append).await
        }
    };
    let (out, downstream) = match &command.stdout {
        OutputTarget::Events if place.has_next => {
            let (reader, writer) = io::pipe().map_err(no_pipe)?;
            (Out::Pipe(writer), Some(reader))
        }
        target => (output(OutputStream::Stdout, target).await?, None),
    };
    let err = if command.merge_stderr {
        out.try_clone().map_err(no_pipe)?
    } else {
        output(OutputStream::Stderr, &command.stderr).await?
    };
    Ok(Wiring { stdio: Some([stdin, out.into(), err.into()]), outputs, input, downstream, terminal: device })
}

async fn stdin(
    command: &Command,
    directory: Option<&Path>,
    upstream: Option<PipeReader>,
    terminal: Option<&Terminal>,
) -> Result<(Stdio, Input)> {
    if let Some(reader) = upstream {
        return Ok((reader.into(), Input::None));
    }
    match &command.stdin {
        StdinSource::File(path) => {
            let path = resolve(directory, path);
            let file = redirect::read(&path)
                .await
                .map_err(|error| Error::from_io(format!("input `{}`", path.display()), error))?;
            Ok((file.into(), Input::None))
        }
        StdinSource::Inherit => Ok((Stdio::inherit(), Input::None)),
        source => match terminal {
            Some(terminal) => from_terminal(source, terminal),
            None => from_pipe(source),
        },
    }
}

fn from_pipe(source: &StdinSource) -> Result<(Stdio, Input)> {
    Ok(match source {
        StdinSource::Piped => {
            let (stdio, sender) = input_pipe()?;
            (stdio, Input::Handle(ProcessStdin::new(sender)))
        }
        StdinSource::Bytes(bytes) if !bytes.is_empty() => {
            let (stdio, sender) = input_pipe()?;
            (stdio, Input::Feed(Feed::new(bytes.clone(), sender)))
        }
        _ => (Stdio::null(), Input::None),
    })
}

fn from_terminal(source: &StdinSource, terminal: &Terminal) -> Result<(Stdio, Input)> {
    let keyboard = terminal.keyboard();
    let input = match source {
        StdinSource::Piped => Input::Handle(ProcessStdin::new(keyboard)),
        StdinSource::Bytes(bytes) => Input::Feed(Feed::new(typed(bytes), keyboard)),
        _ => Input::Feed(Feed::new(typed(b""), keyboard)),
    };
    Ok((terminal.device.try_clone().map_err(no_pipe)?.into(), input))
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
    Terminal(OwnedFd),
}

impl Out {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Out::Pipe(writer) => Out::Pipe(writer.try_clone()?),
            Out::File(file) => Out::File(file.try_clone()?),
            Out::Terminal(device) => Out::Terminal(device.try_clone()?),
        })
    }
}

impl From<Out> for Stdio {
    fn from(out: Out) -> Self {
        match out {
            Out::Pipe(writer) => writer.into(),
            Out::File(file) => file.into(),
            Out::Terminal(device) => device.into(),
        }
    }
}

fn piped(stream: OutputStream, outputs: &mut Vec<(OutputStream, Source)>) -> Result<Out> {
    let (reader, writer) = io::pipe().map_err(no_pipe)?;
    let receiver = pipe::Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(no_pipe)?;
    outputs.push((stream, Source::Pipe(receiver)));
    Ok(Out::Pipe(writer))
}

async fn to_file(stream: OutputStream, path: &Path, append: bool) -> Result<Out> {
    let file = redirect::write(path, append)
        .await
        .map_err(|error| Error::from_io(format!("file `{}` for {}", path.display(), stream.name()), error))?;
    Ok(Out::File(file))
}

/// A terminal's two outputs are one. What is given to a command to read is not echoed among them,
/// since nobody sits there and types it.
fn open_terminal(command: &Command, outputs: &mut Vec<(OutputStream, Source)>) -> Result<Terminal> {
    let interactive = command.stdin == StdinSource::Piped;
    let terminal = Terminal::open(interactive).map_err(|error| Error::from_io("open a terminal", error))?;
    outputs.push((OutputStream::Stdout, Source::Terminal(terminal.screen.clone())));
    Ok(terminal)
}

fn resolve(directory: Option<&Path>, path: &Path) -> PathBuf {
    directory.map_or_else(|| path.to_owned(), |directory| directory.join(path))
}

fn no_pipe(error: io::Error) -> Error {
    Error::from_io("make a pipe for the command", error)
}
