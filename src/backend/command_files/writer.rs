//! A file that is being written by commands: taken into a draft, then put in place.

use super::{
    pending::Pending,
    run::{Running, Tool},
    texts,
};
use crate::{
    Error, ErrorKind, Result,
    backend::{
        AnyBackend, BatchEvent, BoxFuture, Checksum, FileWriter, Process, ProcessStdin, WriteOptions,
        check_arrived, show,
    },
    event::{Capture, OutputStream},
};
use std::{
    ffi::OsString,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task,
};
use tokio::{io::AsyncWrite, task::JoinHandle};

/// What becomes of what was written.
pub(super) enum Plan {
    /// It goes into a draft, which is then put in the place of the file.
    Replace(WriteOptions),
    /// It goes into the file itself; then its mode and owner are set.
    InPlace(WriteOptions),
    /// It is an archive, whose files are then put in their places below the path.
    Spread,
}

/// Takes what is written, and finishes it on [`commit`](FileWriter::commit).
pub(super) struct CommandWriter {
    backend: AnyBackend,
    path: PathBuf,
    plan: Plan,
    /// Makes the draft's name unique.
    draft: String,
    /// What is about to take the contents.
    starting: Option<JoinHandle<Result<Running>>>,
    /// What takes the contents; `None` once they have ended.
    running: Option<Running>,
    stdin: Option<ProcessStdin>,
    /// Finds out why it takes no more. The lock is never contended: it makes this `Sync`.
    failing: Option<Mutex<BoxFuture<'static, Result<Vec<u8>>>>>,
    is_finished: bool,
    pending: Arc<Pending>,
}

/// Begins to write.
pub(super) async fn open(
    tool: &Tool<'_>,
    pending: Arc<Pending>,
    path: &Path,
    plan: Plan,
) -> Result<Box<dyn FileWriter>> {
    let draft = unique_name();
    let (text, word) = match &plan {
        Plan::Replace(_) => (texts::DRAFT, draft.as_str()),
        Plan::Spread => (texts::UNPACK, draft.as_str()),
        Plan::InPlace(options) => (texts::IN_PLACE, if options.append { "a" } else { "w" }),
    };
    // A task of its own: if this future is dropped while the text starts on the host, what that makes
    // there is still taken away, and not before it is made.
    let starting = tokio::spawn(tool.start_piped(text, &[path.as_os_str(), word.as_ref()]));
    let mut writer = CommandWriter {
        backend: tool.backend().clone(),
        path: path.to_owned(),
        plan,
        draft,
        starting: Some(starting),
        running: None,
        stdin: None,
        failing: None,
        is_finished: false,
        pending,
    };
    writer.wait_until_ready().await?;
    Ok(Box::new(writer))
}

/// Not to be guessed, since the directory may be anybody's: the keys of a `RandomState` come from
/// the system's source of randomness.
fn unique_name() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

impl CommandWriter {
    /// The text says by an empty line that it takes the contents from now on.
    async fn wait_until_ready(&mut self) -> Result<()> {
        if let Some(starting) = &mut self.starting {
            let started = starting.await;
            self.starting = None;
            self.running = Some(started.map_err(|error| Error::from_io("start to write", error.into()))??);
        }
        let running = self.running.as_mut().expect("it has just been started");
        let mut complaints = Capture::new(4096);
        while let Some(event) = running.events.recv_batch().await {
            match event {
                BatchEvent::Output(batch) if batch.stream() == OutputStream::Stdout => {
                    self.stdin = running.process.take_stdin();
                    return Ok(());
                }
                BatchEvent::Output(batch) => complaints.push(batch.bytes()),
                _ => {}
            }
        }
        let status = running.process.wait().await;
        Err(running.context.failure(status, &complaints))
    }

    async fn finish(mut self, expected: Option<Checksum>) -> Result<()> {
        if let Some(stdin) = self.stdin.take() {
            stdin.close().await?;
        }
        let Some(running) = self.running.take() else {
            return Err(Error::new(ErrorKind::Io, format!("{} was not written whole", show(&self.path))));
        };
        let context = running.context.clone();
        running.answer().await?;
        let expected = expected.unwrap_or_default();
        let found = self.put_in_place(&Tool::with_context(&self.backend, context), &expected).await?;
        self.is_finished = true;
        match found.as_slice() {
            [] => Ok(()),
            sum => check_arrived(&self.path, &expected, String::from_utf8_lossy(sum).trim_end()),
        }
    }

    /// What takes the contents has ended: it says why.
    fn fail(&mut self) {
        self.stdin = None;
        self.failing =
            self.running.take().map(|running| Mutex::new(Box::pin(running.answer()) as BoxFuture<_>));
    }

    fn poll_reason(&mut self, context: &mut task::Context<'_>) -> task::Poll<io::Error> {
        let Some(failing) = &mut self.failing else {
            return task::Poll::Ready(io::ErrorKind::BrokenPipe.into());
        };
        let failing = failing.get_mut().unwrap_or_else(PoisonError::into_inner);
        let answer = task::ready!(failing.as_mut().poll(context));
        self.failing = None;
        task::Poll::Ready(match answer {
            Err(error) => io::Error::other(error),
            // It ended well with less than it was to take.
            Ok(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }

    /// Gives the checksum of what arrived, if it may not be the expected one.
    async fn put_in_place(&self, tool: &Tool<'_>, expected: &str) -> Result<Vec<u8>> {
        let (path, draft, sum) = (self.path.as_os_str(), self.draft.as_ref(), expected.as_ref());
        match &self.plan {
            Plan::Replace(options) => {
                tool.ask(texts::FINISH, &[path, draft, &mode(options), &owner(options), sum]).await
            }
            Plan::Spread => tool.ask(texts::SPREAD, &[path, draft, sum]).await,
            Plan::InPlace(options) => {
                tool.act(texts::ADJUST, &[path, &mode(options), &owner(options)]).await?;
                // There is no draft that could be compared before anything is changed.
                if expected.is_empty() { Ok(Vec::new()) } else { tool.ask(texts::CHECKSUM, &[path]).await }
            }
        }
    }
}

fn mode(options: &WriteOptions) -> OsString {
    options.mode.map(|mode| format!("{mode:04o}")).unwrap_or_default().into()
}

fn owner(options: &WriteOptions) -> OsString {
    options.owner.clone().unwrap_or_default().into()
}

impl FileWriter for CommandWriter {
    fn commit(self: Box<Self>, expected: Option<Checksum>) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.finish(expected))
    }
}

impl Drop for CommandWriter {
    fn drop(&mut self) {
        let text = match self.plan {
            Plan::Replace(_) => texts::DISCARD,
            Plan::Spread => texts::DISCARD_ARCHIVE,
            Plan::InPlace(_) => return,
        };
        if self.is_finished {
            return;
        }
        let (starting, running, stdin) = (self.starting.take(), self.running.take(), self.stdin.take());
        let (backend, path, draft) = (self.backend.clone(), self.path.clone(), self.draft.clone());
        self.pending.add(async move {
            let started = match starting {
                Some(starting) => starting.await.ok().and_then(Result::ok),
                None => running,
            };
            if let Some(running) = started {
                running.process.cancel().await;
            }
            drop(stdin);
            if let Ok(tool) = Tool::new(&backend, "clean up beside", &path) {
                // Where the host is gone nothing can be done: the draft stays, under its hidden name.
                let _ = tool.act(text, &[path.as_os_str(), draft.as_ref()]).await;
            }
        });
    }
}

impl AsyncWrite for CommandWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> task::Poll<io::Result<usize>> {
        if let Some(stdin) = &mut self.stdin {
            match task::ready!(Pin::new(stdin).poll_write(context, bytes)) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.fail(),
                written => return task::Poll::Ready(written),
            }
        }
        self.poll_reason(context).map(Err)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(context),
            None => task::Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        // Its end is `commit`.
        self.poll_flush(context)
    }
}
