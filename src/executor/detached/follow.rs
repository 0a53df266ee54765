//! Follows the output and the end of a detached process through the files on its host.

use crate::{
    Error, ErrorKind, Result,
    backend::{AnyBackend, Backend, BatchEvent, EventSender, EventStream, FileSystem, StatusSetter},
    event::{ExitStatus, Framer, OutputStream},
    executor::Executor,
    target::detached as plan,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::io::AsyncReadExt;

pub(super) struct Follow {
    executor: Executor<AnyBackend>,
    files: Arc<dyn FileSystem>,
    folder: PathBuf,
    /// The process that writes the files; when it is gone without a status, the host was stopped.
    keeper: u32,
    events: EventSender,
    stdout: Log,
    stderr: Log,
}

impl Follow {
    pub(super) fn new(executor: Executor<AnyBackend>, folder: PathBuf, keeper: u32) -> (Self, EventStream) {
        let (events, stream) = EventStream::channel();
        let [stdout, stderr] =
            [OutputStream::Stdout, OutputStream::Stderr].map(|stream| Log::new(&folder, stream));
        let files = executor.backend().files();
        (Self { executor, files, folder, keeper, events, stdout, stderr }, stream)
    }

    pub(super) async fn run(mut self, pid: Option<u32>, setter: StatusSetter) {
        self.events.started(pid).await;
        let status = self.until_end().await.unwrap_or_else(|error| match error.kind() {
            ErrorKind::Disconnected | ErrorKind::Connect => ExitStatus::Disconnected,
            _ => ExitStatus::Unknown,
        });
        for log in [&mut self.stdout, &mut self.stderr] {
            if let Some(batch) = log.framer.finish() {
                self.events.batch(batch).await;
            }
        }
        let status = setter.set(status, vec![status]);
        self.events.exited(status).await;
    }

    async fn until_end(&mut self) -> Result<ExitStatus> {
        self.pass_on_what_comes().await?;
        for log in [&mut self.stdout, &mut self.stderr] {
            log.read_rest(&*self.files, &self.events).await?;
        }
        let status = self.executor.files().read_to_string(self.folder.join("status")).await;
        match status {
            Ok(text) => Ok(plan::parse_status(&text).unwrap_or(ExitStatus::Unknown)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ExitStatus::Unknown),
            Err(error) => Err(error),
        }
    }

    /// As it is written, until the process has ended.
    async fn pass_on_what_comes(&mut self) -> Result<()> {
        let mut run = self.executor.execute(plan::follow(&self.folder, self.keeper)).await?;
        while let Some(event) = run.events.recv_batch().await {
            match event {
                BatchEvent::Output(batch) => {
                    let log = match batch.stream() {
                        OutputStream::Stdout => &mut self.stdout,
                        OutputStream::Stderr => &mut self.stderr,
                    };
                    log.take(batch.bytes(), &self.events).await;
                }
                BatchEvent::Exited(ExitStatus::Disconnected) => {
                    return Err(Error::new(ErrorKind::Disconnected, "the connection was lost"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// One output, as far as it was read.
struct Log {
    path: PathBuf,
    offset: u64,
    framer: Framer,
}

impl Log {
    fn new(folder: &Path, stream: OutputStream) -> Self {
        Self { path: folder.join(stream.name()), offset: 0, framer: Framer::new(stream, 0) }
    }

    async fn take(&mut self, bytes: &[u8], events: &EventSender) {
        self.offset += bytes.len() as u64;
        self.framer.buffer().extend_from_slice(bytes);
        if let Some(batch) = self.framer.take() {
            events.batch(batch).await;
        }
    }

    /// What was written last, and did not come by itself.
    async fn read_rest(&mut self, files: &dyn FileSystem, events: &EventSender) -> Result<()> {
        let mut reader = files.read(&self.path, self.offset).await?;
        let mut chunk = vec![0; 64 << 10];
        loop {
            let read = reader.read(&mut chunk).await;
            let count =
                read.map_err(|error| Error::from_io(format_args!("read {}", self.path.display()), error))?;
            if count == 0 {
                return Ok(());
            }
            self.take(&chunk[..count], events).await;
        }
    }
}
