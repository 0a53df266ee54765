//! Filters: lines that are dropped or rewritten on their way to handlers and loops.

use super::{Event, Process, lock};
use crate::script::{
    convert::describe, define::function, error::invalid, process::Closure, scope::ScriptResult,
};
use regex::bytes::Regex;
use rhai::{Dynamic, Engine, FnPtr, ImmutableString, NativeCallContext};

/// Decides on each line of output.
#[derive(Clone)]
pub(super) enum Filter {
    /// Keeps the lines that match.
    Matching(Regex),
    /// Asks a closure.
    Closure(Closure),
}

/// What the filters of a process leave of an event: nothing, itself, or another text. What is no
/// line passes.
pub(super) fn apply(process: &Process, event: Event) -> ScriptResult<Option<Event>> {
    if event.bytes().is_none() {
        return Ok(Some(event));
    }
    let filters = lock(&process.inner().filters).clone();
    let mut event = event;
    for filter in filters {
        match filter.apply(process, event)? {
            Some(left) => event = left,
            None => return Ok(None),
        }
    }
    Ok(Some(event))
}

impl Filter {
    fn apply(&self, process: &Process, event: Event) -> ScriptResult<Option<Event>> {
        let closure = match self {
            Filter::Matching(pattern) => {
                let matches = event.bytes().is_some_and(|line| pattern.is_match(line));
                return Ok(matches.then_some(event));
            }
            Filter::Closure(closure) => closure,
        };
        let line = event.text().unwrap_or_default();
        let answer = closure.call(Some(Dynamic::from(process.clone())), vec![Dynamic::from(line)])?;
        if answer.is_unit() {
            return Ok(None);
        }
        if let Ok(keep) = answer.as_bool() {
            return Ok(keep.then_some(event));
        }
        match answer.read_lock::<ImmutableString>() {
            Some(text) => Ok(Some(event.rewritten(&text))),
            None => Err(invalid(format!(
                "filter: the closure is to return a bool, or the line's new text, or () to drop it, and not {}",
                describe(&answer)
            ))),
        }
    }
}

/// A pattern, or an error that says what is wrong with it.
pub(in crate::script) fn pattern(function: &str, text: &str) -> ScriptResult<Regex> {
    Regex::new(text).map_err(|problem| {
        let problem = problem.to_string();
        let last = problem.lines().last().unwrap_or_default().trim_start_matches("error: ");
        invalid(format!("{function}: `{text}` is no regular expression: {last}"))
    })
}

fn add(process: &Process, filter: Filter) -> Process {
    lock(&process.inner().filters).push(filter);
    process.inner().observe();
    process.clone()
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "filter(process: Process, closure: function) -> Process",
        r#"
Asks a closure about each line of output before handlers and loops see it: `true` keeps the line,
`false` or `()` drops it, a text takes its place. Gives the process, for more filters; they are
asked in turn. What `wait` collects is what the command wrote.

```rhai
let process = local().spawn($`printf 'one\ntwo\nthree\n'`)
    .filter(|line| line != "two")
    .filter(|line| line.to_upper());
let lines = [];
for line in process.lines() { lines.push(line); }
print(lines);  // ["ONE", "THREE"]
```
"#,
        |context: NativeCallContext, process: &mut Process, closure: FnPtr| {
            add(process, Filter::Closure(Closure::new(&context, closure)))
        },
    );
    function(
        engine,
        "grep(process: Process, pattern: string) -> Process",
        r#"
Drops the lines of output that don't match a regular expression, before handlers and loops see them.

```rhai
let lines = [];
for line in local().spawn($`printf 'a1\nb\na2\n'`).grep("^a").lines() { lines.push(line); }
print(lines);  // ["a1", "a2"]
```
"#,
        |process: &mut Process, text: ImmutableString| -> ScriptResult<Process> {
            Ok(add(process, Filter::Matching(pattern("grep", &text)?)))
        },
    );
}
