//! `--record FILE`: every command, event and result of a run as JSON lines, with secrets masked.
//!
//! Each line has `time` (RFC 3339, UTC) and `type`; those about a command have its number in `id`:
//!
//! | type | further fields |
//! | --- | --- |
//! | `begin` | `script`, `args`, `version` |
//! | `command` | `id`, `host`, `command`, `dry` |
//! | `started` | `id`, `pid` |
//! | `stdout`, `stderr` | `id`, `stage` (of a pipeline), `line`, `partial` |
//! | `result` | `id`, `status` (as it prints), `code`, `signal`, `success`, `duration` |
//! | `failed` | `id`, `kind`, `message`: it never ran, or its end is not known |
//! | `end` | `exit_code`, `error` |
//!
//! A line is in the file when the call that wrote it returns, except for output, which is there by
//! the command's end. A record that can't be written any more (a full disk) is told once, and stops
//! nothing.

use super::masking::Masks;
use crate::{
    BatchEvent, Error, EventStream, HostProcess, Process as _, Result,
    backend::EventSender,
    event::{Batch, ExitStatus},
};
use serde::Serialize;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio_util::task::TaskTracker;

/// How long the end of the record waits for results.
const SETTLING: Duration = Duration::from_secs(1);

/// Writes the record of a run.
pub(crate) struct Recorder {
    out: Mutex<Out>,
    masks: Arc<Masks>,
    last_id: AtomicU64,
    observers: TaskTracker,
}

struct Out {
    writer: BufWriter<Box<dyn Write + Send>>,
    /// Why it stopped, until that was told.
    failure: Option<io::Error>,
    has_failed: bool,
}

/// A command in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordId(u64);

#[derive(Serialize)]
struct Entry<'a> {
    time: String,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'a> {
    Begin {
        script: &'a str,
        args: Vec<String>,
        version: &'a str,
    },
    Command {
        id: u64,
        host: &'a str,
        command: &'a str,
        dry: bool,
    },
    Started {
        id: u64,
        pid: Option<u32>,
    },
    Stdout {
        id: u64,
        stage: usize,
        line: &'a str,
        partial: bool,
    },
    Stderr {
        id: u64,
        stage: usize,
        line: &'a str,
        partial: bool,
    },
    Result {
        id: u64,
        status: &'a str,
        code: Option<i32>,
        signal: Option<String>,
        success: bool,
        duration: f64,
    },
    Failed {
        id: u64,
        kind: &'a str,
        message: &'a str,
    },
    End {
        exit_code: Option<i32>,
        error: Option<&'a str>,
    },
}

impl Recorder {
    /// Records into this file, which is made anew.
    ///
    /// # Errors
    ///
    /// Where it can't be made.
    pub(crate) fn create(path: &Path, masks: Arc<Masks>) -> Result<Self> {
        let file = File::create(path)
            .map_err(|source| Error::from_io(format_args!("record into {}", path.display()), source))?;
        Ok(Self::new(file, masks))
    }

    /// Records into a writer.
    pub(crate) fn new(writer: impl Write + Send + 'static, masks: Arc<Masks>) -> Self {
        let writer = BufWriter::new(Box::new(writer) as Box<dyn Write + Send>);
        Self {
            out: Mutex::new(Out { writer, failure: None, has_failed: false }),
            masks,
            last_id: AtomicU64::new(0),
            observers: TaskTracker::new(),
        }
    }

    /// The script begins.
    pub(crate) fn begin(&self, script: &str, args: &[String]) {
        let args = args.iter().map(|arg| self.masks.mask(arg).into_owned()).collect();
        self.write(SystemTime::now(), What::Begin { script, args, version: env!("CARGO_PKG_VERSION") });
    }

    /// A command is about to start, or in a dry run would be.
    pub(crate) fn command(&self, host: &str, command: &str, dry: bool) -> RecordId {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let command = &*self.masks.mask(command);
        self.write(SystemTime::now(), What::Command { id, host, command, dry });
        RecordId(id)
    }

    /// Its process runs.
    pub(crate) fn started(&self, RecordId(id): RecordId, pid: Option<u32>) {
        self.write(SystemTime::now(), What::Started { id, pid });
    }

    /// It wrote something.
    pub(crate) fn output(&self, RecordId(id): RecordId, batch: &Batch) {
        let stage = batch.stage();
        for line in batch.lines() {
            let text = line.text();
            let (line, partial) = (&*self.masks.mask(&text), line.is_partial());
            let what = match batch.stream() {
                crate::event::OutputStream::Stdout => What::Stdout { id, stage, line, partial },
                crate::event::OutputStream::Stderr => What::Stderr { id, stage, line, partial },
            };
            self.write_buffered(batch.time(), what);
        }
    }

    /// It ended.
    pub(crate) fn result(&self, RecordId(id): RecordId, status: ExitStatus, duration: Duration) {
        let what = What::Result {
            id,
            status: &status.to_string(),
            code: status.code(),
            signal: status.signal().map(|signal| signal.to_string()),
            success: status.success(),
            duration: duration.as_secs_f64(),
        };
        self.write(SystemTime::now(), what);
    }

    /// It never ran, or nobody knows how it ended.
    pub(crate) fn failed(&self, RecordId(id): RecordId, error: &Error) {
        let message = error.to_string();
        let message = &self.masks.mask(&message);
        self.write(SystemTime::now(), What::Failed { id, kind: error.kind().name(), message });
    }

    /// Waits until the results of commands that have ended are in, which is a moment at most.
    pub(crate) async fn settle(&self) {
        self.observers.close();
        // What was detached goes on for longer than anybody waits.
        let _ = tokio::time::timeout(SETTLING, self.observers.wait()).await;
    }

    /// The script has ended: with this code, or by this error.
    pub(crate) fn end(&self, exit_code: Option<i32>, error: Option<&str>) {
        let error = error.map(|text| self.masks.mask(text));
        self.write(SystemTime::now(), What::End { exit_code, error: error.as_deref() });
    }

    /// Why the record is not complete, if it isn't: given once.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        let failure = self.out.lock().unwrap_or_else(PoisonError::into_inner).failure.take()?;
        Some(Error::from_io("the record is incomplete", failure))
    }

    fn write(&self, time: SystemTime, what: What) {
        self.write_entry(time, what, true);
    }

    fn write_buffered(&self, time: SystemTime, what: What) {
        self.write_entry(time, what, false);
    }

    fn write_entry(&self, time: SystemTime, what: What, flush: bool) {
        let entry = Entry { time: timestamp(time), what };
        let mut line = serde_json::to_vec(&entry).expect("texts and numbers always become JSON");
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.has_failed {
            return;
        }
        let written = out.writer.write_all(&line);
        let written = written.and_then(|()| if flush { out.writer.flush() } else { Ok(()) });
        if let Err(failure) = written {
            (out.has_failed, out.failure) = (true, Some(failure));
        }
    }
}

/// The same process; what it tells is recorded on its way to whoever reads it.
/// Its duration counts from `started`, before it was spawned.
pub(crate) fn observed(
    mut process: HostProcess,
    recorder: &Arc<Recorder>,
    id: RecordId,
    started: Instant,
) -> HostProcess {
    let Some(events) = process.take_events() else { return process };
    let (sender, handed_on) = EventStream::channel();
    recorder.observers.spawn(observe(events, sender, recorder.clone(), id, started));
    process.with_events(handed_on)
}

async fn observe(
    mut events: EventStream,
    sender: EventSender,
    recorder: Arc<Recorder>,
    id: RecordId,
    started: Instant,
) {
    while let Some(event) = events.recv_batch().await {
        match event {
            BatchEvent::Started { pid } => {
                recorder.started(id, pid);
                sender.started(pid).await;
            }
            BatchEvent::Output(batch) => {
                recorder.output(id, &batch);
                sender.batch(batch).await;
            }
            BatchEvent::Exited(status) => {
                recorder.result(id, status, started.elapsed());
                return sender.exited(status).await;
            }
        }
    }
}

fn timestamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Framer, OutputStream, Signal};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn lines(&self) -> Vec<serde_json::Value> {
            let bytes = self.0.lock().unwrap().clone();
            let text = String::from_utf8(bytes).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    fn batch(text: &[u8]) -> Batch {
        let mut framer = Framer::new(OutputStream::Stdout, 0);
        framer.buffer().extend_from_slice(text);
        framer.finish().unwrap()
    }

    #[test]
    fn a_command_is_recorded_from_its_start_to_its_end_under_one_number() {
        let shared = Shared::default();
        let recorder = Recorder::new(shared.clone(), Arc::default());
        let first = recorder.command("local", "echo hi", false);
        let second = recorder.command("ssh://web1", "sleep 9", false);
        recorder.started(first, Some(42));
        recorder.output(first, &batch(b"hi\nthere"));
        recorder.result(first, ExitStatus::Exited(0), Duration::from_millis(1500));
        recorder.result(second, ExitStatus::Signaled(Signal::Term), Duration::ZERO);
        let lines = shared.lines();
        let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["command", "command", "started", "stdout", "stdout", "result", "result"]);
        assert_eq!(lines[4]["line"], "there");
        assert_eq!((&lines[5]["id"], &lines[5]["duration"]), (&1.into(), &1.5.into()));
        assert_eq!(
            (&lines[6]["id"], &lines[6]["signal"], &lines[6]["code"]),
            (&2.into(), &"TERM".into(), &serde_json::Value::Null)
        );
        let time = lines[0]["time"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }

    #[test]
    fn secrets_are_masked_in_commands_output_and_errors() {
        let shared = Shared::default();
        let masks = Arc::new(Masks::default());
        masks.add("hunter2");
        let recorder = Recorder::new(shared.clone(), masks);
        recorder.begin("x.rhai", &["--password=hunter2".into()]);
        let id = recorder.command("local", "login hunter2", false);
        recorder.output(id, &batch(b"as hunter2"));
        recorder.failed(id, &Error::invalid("no hunter2"));
        recorder.end(None, Some("no hunter2"));
        let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(text.matches("***").count(), 5);
    }

    #[test]
    fn output_that_is_no_text_stays_a_line_of_json() {
        let shared = Shared::default();
        let recorder = Recorder::new(shared.clone(), Arc::default());
        let id = recorder.command("local", "x", false);
        recorder.output(id, &batch(b"\xff\0\"\n"));
        recorder.result(id, ExitStatus::Exited(0), Duration::ZERO);
        assert_eq!(shared.lines()[1]["line"], "\u{fffd}\0\"");
    }

    #[test]
    fn a_full_disk_is_told_once_and_stops_nothing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let recorder = Recorder::new(Full, Arc::default());
        let id = recorder.command("local", "x", false);
        recorder.result(id, ExitStatus::Exited(0), Duration::ZERO);
        assert!(recorder.take_failure().is_some());
        assert!(recorder.take_failure().is_none());
    }
}
