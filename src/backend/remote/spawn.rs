//! Starts a command on a channel and stays with it to its end.

use super::{
    BoxWriter, Channel, ChannelEnd, ChannelRequest, Channels, Link,
    control::{Control, Past, Source},
    pump::{Next, Pump, Shared, Shim},
    records::{Records, Told},
    script::script,
    shim,
};
use crate::{
    Error, ErrorKind, Result,
    backend::{
        BoxFuture, EventSender, EventStream, HostProcess, ProcessParts, ProcessStdin, StatusSetter, Terms,
    },
    command::{Command, OutputTarget, StdinSource},
    event::{ExitStatus, OutputStream, Signal},
};
use std::{future::pending, path::Path, pin::pin, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// How long to wait for what should be told at once, if the connection is there.
const AT_ONCE: Duration = Duration::from_secs(5);

/// What the statuses of all stages come to as a whole.
pub(super) type Overall = Box<dyn Fn(&[ExitStatus]) -> ExitStatus + Send>;

pub(super) async fn spawn(
    link: &Arc<Link>,
    channels: &dyn Channels,
    stages: &[Command],
    terms: Terms,
    overall: Overall,
) -> Result<Option<HostProcess>> {
    let mark = link.next_mark();
    let records = Records::new();
    let script = script(stages, &mark, records.word(), &link.warden.system().sed)?;
    let text = shim::command(&format!("rexec-{mark}-"));
    let Some(channel) = channels.open(ChannelRequest { text, terminal: false }).await? else {
        return Ok(None);
    };
    let unowned = Unowned { link: Some(link), mark: &mark };
    let (sender, events) = EventStream::channel();
    let mut begin = Beginning::new(channel, stages.len(), records, sender.clone());
    let (pid, group) = match begin.started(&script).await {
        Begun::Started { pid, group } => (pid, group),
        Begun::Failed { stage, what, why } => {
            return Err(explain(&stages[stage.min(stages.len() - 1)], what, why));
        }
        Begun::Ended => return Err(begin.never_started(link).await),
    };
    unowned.hand_over();
    sender.started(Some(pid)).await;
    // It is the first to know.
    let _ = begin.shared.shim.set(Shim { link: Arc::downgrade(link), pid: group });
    let past = Arc::<Past>::default();
    let control = Arc::new(Control::new(link, group, mark.clone(), past.clone()));
    let (stdin, feed) = input(begin.stdin, &stages[0].stdin);
    let run = Run {
        link: link.clone(),
        stdout: begin.stdout,
        stderr: begin.stderr,
        shared: begin.shared,
        ended: Some(begin.ended),
        feed,
        past,
        stages: stages.len(),
        overall,
        mark,
        group,
    };
    Ok(Some(HostProcess::new(terms, |setter| {
        tokio::spawn(run.stay_with_it(setter, sender));
        ProcessParts { pid: Some(pid), events, stdin, control }
    })))
}

/// What was started, or may have been, and nobody owns yet: ended if nobody ever does.
struct Unowned<'a> {
    link: Option<&'a Link>,
    mark: &'a str,
}

impl Unowned<'_> {
    fn hand_over(mut self) {
        self.link = None;
    }
}

impl Drop for Unowned<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link {
            link.warden.kill_now(self.mark, None);
        }
    }
}

/// A channel until the command on it begins.
struct Beginning {
    stdin: BoxWriter,
    stdout: Pump,
    stderr: Pump,
    shared: Shared,
    ended: BoxFuture<'static, ChannelEnd>,
}

enum Begun {
    Started { pid: u32, group: u32 },
    Failed { stage: usize, what: char, why: char },
    Ended,
}

impl Beginning {
    fn new(channel: Channel, stages: usize, records: Records, events: EventSender) -> Self {
        let shared = Shared::new();
        let pump = |stream, stages, source| {
            Pump::new(stream, stages, source, records.clone(), events.clone(), shared.clone())
        };
        Self {
            stdin: channel.stdin,
            stdout: pump(OutputStream::Stdout, stages - 1..stages, channel.stdout),
            stderr: pump(OutputStream::Stderr, 0..stages, channel.stderr),
            shared,
            ended: channel.ended,
        }
    }

    async fn started(&mut self, script: &[u8]) -> Begun {
        let writing = async {
            // If nobody reads it, the other side has ended, and its last words come below.
            let _ = self.stdin.write_all(script).await;
            let _ = self.stdin.flush().await;
        };
        let reading = async {
            loop {
                match self.stderr.next(pending).await {
                    Next::Told(Told::Started { pid, group }) => return Begun::Started { pid, group },
                    Next::Told(Told::Failed { stage, what, why }) => {
                        return Begun::Failed { stage, what, why };
                    }
                    Next::Told(_) => {}
                    Next::End => return Begun::Ended,
                }
            }
        };
        tokio::join!(writing, reading).1
    }

    /// The channel has ended with no word from the shim.
    async fn never_started(mut self, link: &Link) -> Error {
        if timeout(AT_ONCE, link.warden.ping()).await.is_ok_and(|answer| answer.is_ok()) {
            // Whatever it is that ran there instead may have said why on either output.
            let _ = timeout(AT_ONCE, self.stdout.next(pending)).await;
            let said = [self.stdout.noise(), self.stderr.noise()].concat();
            let error = Error::new(ErrorKind::Io, "the host did not run a shell for this command");
            return if said.is_empty() { error } else { error.with_hint(format!("it said: {said}")) };
        }
        Error::new(ErrorKind::Disconnected, "the connection was lost before the command was known to run")
    }
}

/// What could not be started, and why.
fn explain(command: &Command, what: char, why: char) -> Error {
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

/// What we write to a command's input.
type Feed = BoxFuture<'static, ()>;

/// The handle for the owner of the process, if that one is to write, and what we write.
fn input(mut stdin: BoxWriter, source: &StdinSource) -> (Option<ProcessStdin>, Option<Feed>) {
    match source {
        StdinSource::Piped => (Some(ProcessStdin::new(stdin)), None),
        StdinSource::Bytes(bytes) => {
            let bytes = bytes.clone();
            let feed = async move {
                // A command need not read its input to the end.
                let _ = stdin.write_all(&bytes).await;
                let _ = stdin.shutdown().await;
            };
            (None, Some(Box::pin(feed)))
        }
        StdinSource::Inherit => (None, Some(Box::pin(super::inherit::copy_own_input(stdin)))),
        StdinSource::Empty | StdinSource::File(_) => (None, None),
    }
}

/// A command that runs.
struct Run {
    /// Keeps the connection open.
    link: Arc<Link>,
    stdout: Pump,
    stderr: Pump,
    shared: Shared,
    /// Keeps the channel open: it is not to be waited for while there is output to be read.
    ended: Option<BoxFuture<'static, ChannelEnd>>,
    feed: Option<Feed>,
    past: Arc<Past>,
    stages: usize,
    overall: Overall,
    mark: String,
    group: u32,
}

impl Run {
    /// Stays with it to its end.
    ///
    /// It has ended when the shim has told so and everything that it wrote was handed on. A reader
    /// that does not take the events keeps only the events waiting, not those who wait for the
    /// process.
    async fn stay_with_it(mut self, setter: StatusSetter, events: EventSender) {
        let feeding = self.feed.take().map(|feed| AbortOnDropHandle::new(tokio::spawn(feed)));
        let shared = self.shared.clone();
        let count = self.stages;
        let mut setter = Some(setter);
        let mut status = None;
        {
            let mut output = pin!(read_all(&mut self.stdout, &mut self.stderr, &shared, &self.past, count));
            let told_and_stalled = async {
                let mut end = shared.end.subscribe();
                let told = end.wait_for(|end| end.exit.is_some()).await.is_ok();
                shared.stalled().await;
                told
            };
            tokio::select! {
                biased;
                () = &mut output => {}
                true = told_and_stalled => {
                    self.past.end();
                    let stages = told_statuses(&shared, &self.past, count);
                    status = setter.take().map(|setter| setter.set((self.overall)(&stages), stages));
                    output.await;
                }
            }
        }
        self.past.end();
        drop(feeding);
        if let Some(setter) = setter {
            let stages = self.statuses().await;
            status = Some(setter.set((self.overall)(&stages), stages));
        }
        events.exited(status.unwrap_or(ExitStatus::Unknown)).await;
        // The session counts until the host has closed it; what was left in the background may
        // hold it open, and does not need it.
        drop((self.stdout, self.stderr));
        if let Some(ended) = self.ended {
            let _ = timeout(AT_ONCE, ended).await;
        }
    }

    /// How each stage ended.
    async fn statuses(&mut self) -> Vec<ExitStatus> {
        let mut stages = told_statuses(&self.shared, &self.past, self.stages);
        if stages.contains(&ExitStatus::Unknown) {
            let untold = self.untold().await;
            stages
                .iter_mut()
                .filter(|stage| **stage == ExitStatus::Unknown)
                .for_each(|stage| *stage = untold);
        } else if self.shared.end.borrow().exit.is_none() {
            // Something in the background holds the pipe of what marks the lines of a pipeline's
            // stages, for which the shim waits.
            self.link.warden.kill_one(self.group);
        }
        stages
    }

    /// The channel has ended, and the shim told nothing.
    async fn untold(&mut self) -> ExitStatus {
        let answer = timeout(AT_ONCE, self.link.warden.ping()).await;
        if !answer.is_ok_and(|answer| answer.is_ok()) {
            return ExitStatus::Disconnected;
        }
        // The connection is there, so it is the shim that is gone. It survives every signal but
        // one; what it left has nobody any longer.
        self.link.warden.kill_now(&self.mark, Some(self.group));
        let Some(ended) = self.ended.take() else { return ExitStatus::Unknown };
        match timeout(AT_ONCE, ended).await {
            Ok(ChannelEnd::Exited(_)) => ExitStatus::Unknown,
            _ => ExitStatus::Signaled(Signal::Kill),
        }
    }
}

/// How each stage ended, as the shim told it; unknown for one of which it did not.
fn told_statuses(shared: &Shared, past: &Past, count: usize) -> Vec<ExitStatus> {
    let end = shared.end.borrow();
    let stage = |index| match &end.exit {
        Some(told) if count == 1 => past.status(told, Source::None),
        _ => {
            let source = if index + 1 < count { Source::Reader } else { Source::None };
            end.stages.get(&index).map_or(ExitStatus::Unknown, |told| past.status(told, source))
        }
    };
    (0..count).map(stage).collect()
}

/// Hands on both outputs to their end.
///
/// That is where the shim says so; or, if it was killed, where nothing comes any longer.
async fn read_all(stdout: &mut Pump, stderr: &mut Pump, shared: &Shared, past: &Past, stages: usize) {
    let stdout = async {
        stdout.release().await;
        while !matches!(stdout.next(|| past.killed()).await, Next::Told(Told::End) | Next::End) {}
    };
    // What the stages of a pipeline left in the background may keep their standard errors open for
    // days, for which the shim waits.
    let over = || async {
        if shared.end.borrow().stages.len() < stages {
            past.killed().await;
        }
    };
    let stderr = async {
        stderr.release().await;
        while !matches!(stderr.next(over).await, Next::Told(Told::Exit(_)) | Next::End) {}
    };
    tokio::join!(stdout, stderr);
}
