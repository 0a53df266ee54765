//! `expect`: waits for a line that matches.

use super::{Event, Item, Process, filter, handlers, loops::Current};
use crate::{
    ErrorKind,
    script::{
        convert,
        define::{function, property},
        error::thrown,
        event::line_text,
        options::seconds,
        scope::{self, ScriptResult},
    },
};
use regex::bytes::Regex;
use rhai::{Array, Dynamic, Engine, ImmutableString};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// What was found.
#[derive(Clone)]
pub(super) struct Match(Arc<Found>);

struct Found {
    text: ImmutableString,
    line: ImmutableString,
    /// By number; the whole first.
    groups: Vec<Dynamic>,
    names: Vec<Option<String>>,
}

impl Match {
    fn new(pattern: &Regex, line: &[u8]) -> Option<Self> {
        let captures = pattern.captures(line)?;
        let text = |bytes: &[u8]| ImmutableString::from(String::from_utf8_lossy(bytes).as_ref());
        let groups =
            captures.iter().map(|group| convert::text_or_unit(group.map(|group| text(group.as_bytes()))));
        Some(Self(Arc::new(Found {
            text: text(&captures[0]),
            line: line_text(line),
            groups: groups.collect(),
            names: pattern.capture_names().map(|name| name.map(str::to_owned)).collect(),
        })))
    }

    fn group(&self, index: i64) -> Dynamic {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.0.groups.get(index).cloned())
            .unwrap_or(Dynamic::UNIT)
    }

    fn named(&self, name: &str) -> Dynamic {
        let index = self.0.names.iter().position(|known| known.as_deref() == Some(name));
        index.map_or(Dynamic::UNIT, |index| self.0.groups[index].clone())
    }
}

/// Takes a process's events up to the first line that matches.
fn expect(process: &Process, text: &str, limit: Option<Duration>) -> ScriptResult<Match> {
    // A carriage return before the newline is no part of the line that one sees.
    let pattern = filter::pattern("expect", text)?;
    let deadline = limit.map(|limit| Instant::now() + limit);
    let inner = process.inner();
    loop {
        let taken = scope::wait(async {
            let take = inner.reader.take(&inner.process);
            Ok(match deadline {
                None => Some(take.await),
                Some(deadline) => tokio::time::timeout_at(deadline, take).await.ok(),
            })
        })?;
        let (item, seen) = match taken {
            Some(Some(next)) => next,
            Some(None) => return Err(thrown(ended_without(process, text))),
            None => return Err(thrown(timed_out(process, text, limit.unwrap_or_default()))),
        };
        let found = match item {
            Item::Lines(lines) => {
                let mut current = Current::new(process, lines, seen);
                let found = find(&mut current, &pattern);
                current.give_back();
                found?
            }
            other => {
                let event = handlers::to_event(process, &other).expect("it is no batch of lines");
                if !seen {
                    handlers::call_handlers(process, &event)?;
                }
                match_in(&event, &pattern)
            }
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
}

fn find(current: &mut Current, pattern: &Regex) -> ScriptResult<Option<Match>> {
    while let Some(event) = current.advance()? {
        if let Some(found) = match_in(&event, pattern) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn match_in(event: &Event, pattern: &Regex) -> Option<Match> {
    let line = event.bytes()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Most lines don't match, and finding that out is cheaper without groups.
    if pattern.is_match(line) { Match::new(pattern, line) } else { None }
}

fn timed_out(process: &Process, text: &str, limit: Duration) -> crate::Error {
    let inner = process.inner();
    let message = format!("`{text}` was not in its output within {limit:?}");
    inner.error(ErrorKind::Timeout, message).with_output(inner.reader.so_far())
}

fn ended_without(process: &Process, text: &str) -> crate::Error {
    let inner = process.inner();
    let output = inner.reader.so_far();
    let message = format!("{}, and `{text}` was not in its output", output.status);
    inner.error(ErrorKind::Command, message).with_output(output)
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Match>("Match");
    function(
        engine,
        "expect(process: Process, pattern: string, limit: seconds) -> Match",
        r#"
Waits until the process writes a line that matches a regular expression, to either of its outputs,
and gives the match: it prints as the text that matched, and has `.groups`. The lines up to there
are taken; what comes after is left for the next `expect` or a loop.

Throws a `timeout`, with the tail of the output, where the limit passes, and `command` where the
process ends before.

```rhai
let server = local().spawn($sh`echo starting; echo "listening on port 8080"; sleep 60`);
let match = server.expect("port (\\d+)", 5);
print(match);           // port 8080
print(match.groups[1]); // 8080
```
"#,
        |process: &mut Process, text: ImmutableString, limit: Dynamic| {
            expect(process, &text, Some(seconds(&limit)?))
        },
    );
    function(
        engine,
        "expect(process: Process, pattern: string) -> Match",
        r#"
The same without a limit of its own: it waits until the process ends.

```rhai
print(local().spawn($`echo ready`).expect("read."));  // ready
```
"#,
        |process: &mut Process, text: ImmutableString| expect(process, &text, None),
    );
    register_match(engine);
}

fn register_match(engine: &mut Engine) {
    property(
        engine,
        "text(match: Match) -> string",
        r#"
The text that matched.

```rhai
print(local().spawn($`echo 'it is ready'`).expect("r\\w+", 5).text);  // ready
```
"#,
        |found: &mut Match| found.0.text.clone(),
    );
    property(
        engine,
        "line(match: Match) -> string",
        r#"
The whole line that it was in.

```rhai
print(local().spawn($`echo 'it is ready'`).expect("ready", 5).line);  // it is ready
```
"#,
        |found: &mut Match| found.0.line.clone(),
    );
    property(
        engine,
        "groups(match: Match) -> array",
        r#"
The texts of its groups, the whole match first; `()` for one that took no part. A group that has a
name is a property of the match as well.

```rhai
let match = local().spawn($`echo 'v1.2'`).expect("v(?<major>\\d+)\\.(\\d+)", 5);
print(match.groups);  // ["v1.2", "1", "2"]
print(match.major);   // 1
```
"#,
        |found: &mut Match| -> Array { found.0.groups.clone() },
    );
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(match: Match) -> string"),
            r#"
The text that matched.

```rhai
print(`found: ${local().spawn($`echo ready`).expect("ready", 5)}`);  // found: ready
```
"#,
            |found: &mut Match| found.0.text.clone(),
        );
    }
    engine.register_indexer_get(|found: &mut Match, index: i64| found.group(index));
    engine.register_indexer_get(|found: &mut Match, name: ImmutableString| found.named(&name));
    engine.register_fn("==", |found: &mut Match, text: ImmutableString| found.0.text == text);
    engine.register_fn("!=", |found: &mut Match, text: ImmutableString| found.0.text != text);
}
