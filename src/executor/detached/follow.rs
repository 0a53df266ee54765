//! Follows the output and the end of a detached process through the files on its host.

use crate::{
    ErrorKind, Result,
    backend::{AnyBackend, Backend, EventSender, EventStream, FileSystem, StatusSetter},
    event::{ExitStatus, Framer, OutputStream},
    executor::Executor,
    target::detached as plan,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::io::AsyncReadExt;

/// How long to wait before looking again, while there is something new at every look, and at the
/// most when there is nothing new for long.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

pub(super) struct Follow {
    executor: Executor<AnyBackend>,
    files: Arc<dyn FileSystem>,
    folder: PathBuf,
    /// The process that writes the files; when it is gone without a status, the host was stopped.
    keeper: u32,
    events: EventSender,
    outputs: [Log; 2],
}

impl Follow {
    pub(super) fn new(executor: Executor<AnyBackend>, folder: PathBuf, keeper: u32) -> (Self, EventStream) {
        let (events, stream) = EventStream::channel();
        let outputs = [OutputStream::Stdout, OutputStream::Stderr].map(|stream| Log::new(&folder, stream));
        let files = executor.backend().files();
        (Self { executor, files, folder, keeper, events, outputs }, stream)
    }

    pub(super) async fn run(mut self, pid: Option<u32>, setter: StatusSetter) {
        self.events.started(pid).await;
        let status = self.until_end().await.unwrap_or_else(|error| match error.kind() {
            ErrorKind::Disconnected | ErrorKind::Connect => ExitStatus::Disconnected,
            _ => ExitStatus::Unknown,
        });
        for output in &mut self.outputs {
            if let Some(batch) = output.framer.finish() {
                self.events.batch(batch).await;
            }
        }
        let status = setter.set(status, vec![status]);
        self.events.exited(status).await;
    }

    async fn until_end(&mut self) -> Result<ExitStatus> {
        let mut pause = LOOK_AGAIN.0;
        loop {
            // The status is read before the output: what was written before the end is then read.
            let status = self.status().await?;
            let mut news = false;
            for output in &mut self.outputs {
                news |= output.read_on(&*self.files, &self.events).await?;
            }
            if let Some(status) = status {
                return Ok(status);
            }
            pause = if news { LOOK_AGAIN.0 } else { (pause * 2).min(LOOK_AGAIN.1) };
            if pause == LOOK_AGAIN.1 && !self.keeper_lives().await? {
                return Ok(self.status().await?.unwrap_or(ExitStatus::Unknown));
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn status(&self) -> Result<Option<ExitStatus>> {
        match self.executor.files().read_to_string(self.folder.join("status")).await {
            Ok(text) => Ok(plan::parse_status(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn keeper_lives(&self) -> Result<bool> {
        Ok(self.executor.output(plan::is_alive(self.keeper)).await?.success())
    }
}

/// One output, as far as it was read.
struct Log {
    path: PathBuf,
    offset: u64,
    framer: Framer,
}

impl Log {
    fn new(folder: &std::path::Path, stream: OutputStream) -> Self {
        Self { path: folder.join(stream.name()), offset: 0, framer: Framer::new(stream, 0) }
    }

    /// Hands on what was written since the last look. Says whether there was anything.
    async fn read_on(&mut self, files: &dyn FileSystem, events: &EventSender) -> Result<bool> {
        let mut reader = files.read(&self.path, self.offset).await?;
        let before = self.offset;
        loop {
            let count = reader.read_buf(self.framer.buffer()).await.map_err(|error| {
                crate::Error::from_io(format_args!("read {}", self.path.display()), error)
            })?;
            self.offset += count as u64;
            if let Some(batch) = self.framer.take() {
                events.batch(batch).await;
            }
            if count == 0 {
                return Ok(self.offset > before);
            }
        }
    }
}
