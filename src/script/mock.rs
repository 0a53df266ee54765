//! `mock` in scripts: a host that answers as told, for tests of scripts.

use super::{
    command::Command,
    convert,
    define::{function, property},
    error::{invalid, thrown},
    hosts::Host,
    options::{Seconds, options},
    scope::ScriptResult,
};
use crate::{
    Error, ErrorKind, Executor, MockBackend, Signal,
    backend::mock::{Answer, Call},
    event::ExitStatus,
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use serde::Deserialize;

/// What `mock` takes beside the answers.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MockOptions {
    name: Option<String>,
    files: std::collections::BTreeMap<String, String>,
}

/// An answer that is more than a text.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AnswerOptions {
    stdout: Option<String>,
    stderr: Option<String>,
    code: Option<i32>,
    signal: Option<String>,
    delay: Option<Seconds>,
    forever: bool,
    error: Option<String>,
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "mock(answers: map) -> Host",
        r#"
A host for tests, which runs nothing: it answers to commands as told, and remembers them.

Keys are globs on the command as it prints, in which `*` fits spaces and slashes too; where several fit,
the one with the most plain characters counts. A key with ` | ` in it answers to a whole pipeline. A
command that no key fits throws `not_found`.

An answer is what the command writes, or a map with any of `stdout`, `stderr`, `code`, `signal` (that
ends it), `delay` (for so long it runs after it has written), `forever` (until a signal ends it; a line
without its newline is told at the end, as of any process) and `error` (the kind of error with which it can't be started, such as `"connect"`; with `"disconnected"` its
host is lost while it runs). An array gives its answers in turn, the last one again and again.

```rhai
let host = mock(#{
    "systemctl is-active *": "active",
    "df": #{ stderr: "df: no such device", code: 1 },
    "curl *": ["starting", "ready"],
});
print(host.text("systemctl is-active nginx"));  // active
print(host.ok("df"));                           // false
host.run("curl localhost");
print(host.text("curl localhost"));             // ready
print(host.calls.len());                        // 4
```
"#,
        |answers: Map| mock(&answers, MockOptions::default()),
    );
    function(
        engine,
        "mock(answers: map, options: map) -> Host",
        r#"
The same with options: `name`, with which it prints as `mock://name`; `files`, the contents of its files
by their paths. Files live in memory, and everything that works on a host's files works on them.

```rhai
let host = mock(#{}, #{ name: "web1", files: #{ "/etc/motd": "welcome" } });
print(host.name);  // mock://web1
```
"#,
        |answers: Map, given: Map| mock(&answers, options("mock", &given)?),
    );
    property(
        engine,
        "calls(host: Host) -> array",
        r#"
The Commands that a mock was asked to run, in order: those that nothing fitted too, and each stage of a
pipeline.

```rhai
let host = mock(#{ "*": "" });
host.run($`ls ${"a b"}`);
print(host.calls[0]);                   // ls 'a b'
print(host.calls[0] == $`ls "a b"`);    // true
```
"#,
        |host: &mut Host| -> ScriptResult<Array> {
            let history = history(host)?;
            Ok(history.into_iter().map(|call| Dynamic::from(Command::from(call.command))).collect())
        },
    );
    property(
        engine,
        "inputs(host: Host) -> array",
        r#"
For each of a mock's `calls` the text that it was given to read.

```rhai
let host = mock(#{ "psql": "" });
host.run($`psql`.stdin("select 1"));
print(host.inputs);  // ["select 1"]
```
"#,
        |host: &mut Host| -> ScriptResult<Array> {
            Ok(convert::array(history(host)?.into_iter().map(|call| call.stdin.text())))
        },
    );
}

fn history(host: &Host) -> ScriptResult<Vec<Call>> {
    let mock = host.executor().backend().downcast_ref::<MockBackend>();
    let mock = mock.ok_or_else(|| {
        let message = format!("only a mock remembers what it was asked to run, and not {}", host.name());
        thrown(Error::unsupported(message))
    })?;
    Ok(mock.history())
}

fn mock(answers: &Map, options: MockOptions) -> ScriptResult<Host> {
    let mut mock = MockBackend::builder();
    if let Some(name) = &options.name {
        mock = mock.named(name);
    }
    for (path, contents) in options.files {
        if !path.starts_with('/') {
            return Err(invalid(format!("mock: the path of a file begins with `/`, and {path:?} does not")));
        }
        mock = mock.file(path, contents);
    }
    for (key, value) in answers {
        mock = mock.answers(key.as_str(), answers_of(key, value)?);
    }
    Ok(Executor::new("mock", mock.build()).into())
}

/// One answer, or several in turn.
fn answers_of(key: &str, value: &Dynamic) -> ScriptResult<Vec<Answer>> {
    match value.read_lock::<Array>() {
        None => Ok(vec![answer(key, value)?]),
        Some(list) if list.is_empty() => Err(invalid(format!("mock: there is no answer for `{key}`"))),
        Some(list) => list.iter().map(|value| answer(key, value)).collect(),
    }
}

fn answer(key: &str, value: &Dynamic) -> ScriptResult<Answer> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Answer::text(text.as_str()));
    }
    match value.read_lock::<Map>() {
        Some(map) => from_options(key, options("mock", &map)?),
        None => Err(invalid(format!(
            "mock: the answer for `{key}` is a text, a map, or an array of those; and not {}",
            convert::describe(value)
        ))),
    }
}

fn from_options(key: &str, told: AnswerOptions) -> ScriptResult<Answer> {
    let ends = [told.code.is_some(), told.signal.is_some(), told.error.is_some(), told.forever];
    if ends.into_iter().filter(|&end| end).count() > 1 {
        let message = "has one end: give one of `code`, `signal`, `error` and `forever`";
        return Err(invalid(format!("mock: the command of `{key}` {message}")));
    }
    let mut answer = Answer::new().stdout(told.stdout.unwrap_or_default());
    answer = answer.stderr(told.stderr.unwrap_or_default());
    if let Some(Seconds(delay)) = told.delay {
        answer = answer.delay(delay);
    }
    if told.forever {
        answer = answer.forever();
    }
    if let Some(code) = told.code {
        answer = answer.code(code);
    }
    if let Some(signal) = told.signal {
        answer = answer.signal(signal.parse::<Signal>().map_err(|error| thrown(error.into()))?);
    }
    match told.error {
        Some(kind) => failure(answer, &kind),
        None => Ok(answer),
    }
}

/// The kinds of error that keep a command from being started.
const KINDS: [ErrorKind; 5] =
    [ErrorKind::Connect, ErrorKind::Denied, ErrorKind::Io, ErrorKind::NotFound, ErrorKind::Unsupported];

fn failure(answer: Answer, kind: &str) -> ScriptResult<Answer> {
    if kind == ErrorKind::Disconnected.name() {
        return Ok(answer.status(ExitStatus::Disconnected));
    }
    match KINDS.into_iter().find(|known| known.name() == kind) {
        Some(kind) => {
            Ok(Answer::error(Error::new(kind, format!("the mock was told to fail ({})", kind.name()))))
        }
        None => {
            let known = KINDS.map(ErrorKind::name).join("`, `");
            Err(invalid(format!("mock: unknown error `{kind}`: use `{known}` or `disconnected`")))
        }
    }
}
