//! `Event` in scripts: one thing that happened to a process.

use super::{
    define::{function, property},
    output,
    process::Process,
    toolbox::Time,
};
use crate::{ExitStatus, Line, LineEnding, OutputStream, ProcessEvent, event::Batch};
use rhai::{Blob, Dynamic, Engine, ImmutableString, Map};
use std::{sync::Arc, time::SystemTime};

/// One thing that happened, as scripts hold it.
///
/// Of a line of output it is a small handle on what was read: no text is made unless a script asks
/// for it.
#[derive(Clone)]
pub struct Event(Kind);

#[derive(Clone)]
enum Kind {
    Line { source: Arc<Lines>, start: u32, end: u32, ending: LineEnding },
    Other(Arc<Other>),
}

/// What the lines of one batch share.
pub(super) struct Lines {
    pub(super) batch: Arc<Batch>,
    pub(super) process: Process,
}

struct Other {
    kind: ImmutableString,
    host: String,
    process: Option<Process>,
    time: SystemTime,
    what: What,
}

enum What {
    Started {
        pid: Option<u32>,
    },
    Line(Line),
    Exited(ExitStatus),
    /// Whatever else there is to tell, by name.
    Fields(Map),
}

impl Event {
    /// The line with this index of a batch, which begins at `start`; and where the next one begins.
    pub(super) fn line(source: &Arc<Lines>, index: usize, start: usize) -> Option<(Self, usize)> {
        let &(end, ending) = source.batch.ends.get(index)?;
        let next = end as usize + usize::from(ending == LineEnding::Newline);
        let kind = Kind::Line { source: source.clone(), start: start as u32, end, ending };
        Some((Self(kind), next))
    }

    pub(super) fn started(process: &Process, pid: Option<u32>) -> Self {
        Self::of_process("started", process, What::Started { pid })
    }

    pub(super) fn exited(process: &Process, status: ExitStatus) -> Self {
        Self::of_process("exited", process, What::Exited(status))
    }

    /// Something that is told of a host, and of a process if there is one, with fields of its own.
    pub(crate) fn with_fields(kind: &str, host: &str, process: Option<Process>, fields: Map) -> Self {
        Self(Kind::Other(Arc::new(Other {
            kind: kind.into(),
            host: host.to_owned(),
            process,
            time: SystemTime::now(),
            what: What::Fields(fields),
        })))
    }

    /// What is told of a process that the script has no handle to.
    pub(super) fn without_process(host: &str, event: ProcessEvent) -> Self {
        let (kind, what) = match event {
            ProcessEvent::Started { pid } => ("started", What::Started { pid }),
            ProcessEvent::Stdout(line) => ("stdout", What::Line(line)),
            ProcessEvent::Stderr(line) => ("stderr", What::Line(line)),
            ProcessEvent::Exited(status) => ("exited", What::Exited(status)),
        };
        Self(Kind::Other(Arc::new(Other {
            kind: kind.into(),
            host: host.to_owned(),
            process: None,
            time: SystemTime::now(),
            what,
        })))
    }

    fn of_process(kind: &str, process: &Process, what: What) -> Self {
        Self(Kind::Other(Arc::new(Other {
            kind: kind.into(),
            host: process.host().name().to_owned(),
            process: Some(process.clone()),
            time: SystemTime::now(),
            what,
        })))
    }

    /// This line with another text.
    pub(super) fn rewritten(&self, text: &str) -> Self {
        let line = Line::new(text.as_bytes().to_vec(), LineEnding::Newline);
        Self(Kind::Other(Arc::new(Other {
            kind: self.kind(),
            host: self.host().to_owned(),
            process: self.process(),
            time: self.time(),
            what: What::Line(line),
        })))
    }

    /// What happened.
    pub(super) fn kind(&self) -> ImmutableString {
        match &self.0 {
            Kind::Line { source, .. } => source.batch.stream().name().into(),
            Kind::Other(other) => other.kind.clone(),
        }
    }

    /// Which output it is a line of.
    pub(super) fn stream(&self) -> Option<OutputStream> {
        match &self.0 {
            Kind::Line { source, .. } => Some(source.batch.stream()),
            Kind::Other(other) => match (&other.what, other.kind.as_str()) {
                (What::Line(_), "stderr") => Some(OutputStream::Stderr),
                (What::Line(_), _) => Some(OutputStream::Stdout),
                _ => None,
            },
        }
    }

    /// The bytes of the line.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Line { source, start, end, .. } => {
                Some(&source.batch.bytes()[*start as usize..*end as usize])
            }
            Kind::Other(other) => match &other.what {
                What::Line(line) => Some(line.bytes()),
                _ => None,
            },
        }
    }

    /// The line as text.
    pub(super) fn text(&self) -> Option<ImmutableString> {
        self.bytes().map(line_text)
    }

    fn is_partial(&self) -> bool {
        match &self.0 {
            Kind::Line { ending, .. } => *ending == LineEnding::Split,
            Kind::Other(other) => matches!(&other.what, What::Line(line) if line.is_partial()),
        }
    }

    pub(super) fn status(&self) -> Option<ExitStatus> {
        match &self.0 {
            Kind::Line { .. } => None,
            Kind::Other(other) => match &other.what {
                What::Exited(status) => Some(*status),
                _ => None,
            },
        }
    }

    fn host(&self) -> &str {
        match &self.0 {
            Kind::Line { source, .. } => source.process.host().name(),
            Kind::Other(other) => &other.host,
        }
    }

    /// The process that it happened to.
    pub(super) fn process(&self) -> Option<Process> {
        match &self.0 {
            Kind::Line { source, .. } => Some(source.process.clone()),
            Kind::Other(other) => other.process.clone(),
        }
    }

    fn pid(&self) -> Option<u32> {
        match &self.0 {
            Kind::Other(other) if matches!(other.what, What::Started { .. }) => match other.what {
                What::Started { pid } => pid,
                _ => None,
            },
            _ => self.process().and_then(|process| process.pid()),
        }
    }

    fn time(&self) -> SystemTime {
        match &self.0 {
            Kind::Line { source, .. } => source.batch.time(),
            Kind::Other(other) => other.time,
        }
    }

    fn stage(&self) -> Option<usize> {
        match &self.0 {
            Kind::Line { source, .. } => Some(source.batch.stage()),
            Kind::Other(_) => None,
        }
    }

    fn field(&self, name: &str) -> Option<Dynamic> {
        match &self.0 {
            Kind::Other(other) => match &other.what {
                What::Fields(fields) => fields.get(name).cloned(),
                _ => None,
            },
            Kind::Line { .. } => None,
        }
    }
}

/// A line as text: invalid UTF-8 is replaced, a carriage return at its end dropped.
pub(super) fn line_text(bytes: &[u8]) -> ImmutableString {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).as_ref().into()
}

/// A field by its own name, or else what this gives.
fn or_field(event: &Event, name: &str, known: Option<Dynamic>) -> Dynamic {
    known.or_else(|| event.field(name)).unwrap_or(Dynamic::UNIT)
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Event>("Event");
    register_contents(engine);
    register_ends(engine);
    register_circumstances(engine);
    // Events of services and containers have fields of their own.
    engine.register_indexer_get(|event: &mut Event, name: ImmutableString| or_field(event, &name, None));
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(event: Event) -> string"),
            r#"
What happened, in a line.

```rhai
for event in local().spawn($`echo hello`) {
    if event.kind == "stdout" { print(event); }  // stdout: hello
}
```
"#,
            |event: &mut Event| match (event.text(), event.status()) {
                (Some(text), _) => format!("{}: {text}", event.kind()),
                (None, Some(status)) => format!("exited: {status}"),
                (None, None) => event.kind().to_string(),
            },
        );
    }
}

fn register_contents(engine: &mut Engine) {
    property(
        engine,
        "kind(event: Event) -> string",
        r#"
What happened: `started`, `stdout`, `stderr`, `exited`, or of services and containers `restarted`,
`health` and others.

```rhai
let kinds = [];
for event in local().spawn($`echo hello`) { kinds.push(event.kind); }
print(kinds);  // ["started", "stdout", "exited"]
```
"#,
        |event: &mut Event| event.kind(),
    );
    property(
        engine,
        "line(event: Event) -> string | ()",
        r#"
The line that was written, or `()` for what is no output. Invalid UTF-8 is replaced, and a carriage
return at its end dropped.

```rhai
for event in local().spawn($`echo hello`) {
    if event.kind == "stdout" { print(event.line); }  // hello
}
```
"#,
        |event: &mut Event| or_field(event, "line", event.text().map(Dynamic::from)),
    );
    property(
        engine,
        "bytes(event: Event) -> blob | ()",
        r#"
The exact bytes of the line, without the newline; a carriage return before it is kept.

```rhai
for event in local().spawn($`printf 'a\r\n'`) {
    if event.kind == "stdout" { print(event.bytes.len()); }  // 2
}
```
"#,
        |event: &mut Event| match event.bytes() {
            Some(bytes) => Dynamic::from_blob(Blob::from(bytes)),
            None => Dynamic::UNIT,
        },
    );
    property(
        engine,
        "partial(event: Event) -> bool",
        r#"
Whether this is a piece of a line of more than 1 MiB, with more of that line to come.

```rhai
let pieces = [];
for event in local().spawn($sh`head -c 1500000 /dev/zero | tr '\000' x`) {
    if event.kind == "stdout" { pieces.push(event.partial); }
}
print(pieces);  // [true, false]
```
"#,
        |event: &mut Event| event.is_partial(),
    );
    property(
        engine,
        "stage(event: Event) -> int | ()",
        r#"
Of a line that a pipeline wrote: the stage that wrote it, counted from 0.

```rhai
for event in local().spawn($`echo hello | cat`) {
    if event.kind == "stdout" { print(event.stage); }  // 1
}
```
"#,
        |event: &mut Event| event.stage().map_or(Dynamic::UNIT, |stage| Dynamic::from(stage as i64)),
    );
}

fn register_ends(engine: &mut Engine) {
    property(
        engine,
        "code(event: Event) -> int | ()",
        r#"
Of `exited`: the exit code, or `()` where the process did not end by itself.

```rhai
for event in local().spawn($`false`) {
    if event.kind == "exited" { print(event.code); }  // 1
}
```
"#,
        |event: &mut Event| or_field(event, "code", event.status().map(output::code)),
    );
    property(
        engine,
        "signal(event: Event) -> string | ()",
        r#"
Of `exited`: the name of the signal that ended the process, or `()`.

```rhai
let process = local().spawn($`sleep 60`);
process.kill();
for event in process {
    if event.kind == "exited" { print(event.signal); }  // KILL
}
```
"#,
        |event: &mut Event| or_field(event, "signal", event.status().map(output::signal)),
    );
}

fn register_circumstances(engine: &mut Engine) {
    property(
        engine,
        "pid(event: Event) -> int | ()",
        r#"
The process id, where the host tells it.

```rhai
for event in local().spawn($`true`) {
    if event.kind == "started" { print(event.pid > 1); }  // true
}
```
"#,
        |event: &mut Event| {
            let pid = event.pid().map(|pid| Dynamic::from(i64::from(pid)));
            or_field(event, "pid", pid)
        },
    );
    property(
        engine,
        "host(event: Event) -> string",
        r#"
The name of the host where it happened.

```rhai
for event in local().spawn($`true`) {
    if event.kind == "exited" { print(event.host); }  // local
}
```
"#,
        |event: &mut Event| event.host().to_owned(),
    );
    property(
        engine,
        "process(event: Event) -> Process | ()",
        r#"
The process that it happened to.

```rhai
let process = local().spawn($`echo hello`);
for event in process {
    if event.kind == "stdout" { print(event.process.pid == process.pid); }  // true
}
```
"#,
        |event: &mut Event| event.process().map_or(Dynamic::UNIT, Dynamic::from),
    );
    property(
        engine,
        "time(event: Event) -> Time",
        r#"
When it was read.

```rhai
for event in local().spawn($`true`) {
    if event.kind == "exited" { print(now() - event.time < 60.0); }  // true
}
```
"#,
        |event: &mut Event| Time::from(event.time()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_at_the_end_is_no_part_of_the_text() {
        assert_eq!(line_text(b"a\r"), "a");
        assert_eq!(line_text(b"\xff\r\r"), "\u{fffd}\r");
    }
}
