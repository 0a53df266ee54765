//! `Output` in scripts: how a command ended and what it wrote.

use super::{
    convert,
    define::{function, property},
    error::thrown,
    scope::ScriptResult,
    toolbox::formats,
};
use crate::{Error, event::ExitStatus};
use rhai::{Array, Blob, Dynamic, Engine};
use std::sync::Arc;

/// What a command left, as scripts hold it.
#[derive(Clone, Debug)]
pub struct Output(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    output: crate::Output,
    dry: bool,
}

impl Output {
    /// What was collected.
    pub fn get(&self) -> &crate::Output {
        &self.0.output
    }

    /// What a command that a dry run did not run left: nothing.
    pub(super) fn of_dry_run(output: crate::Output) -> Self {
        Self(Arc::new(Inner { output, dry: true }))
    }

    /// Its standard output as text, without the newlines at its end.
    ///
    /// # Errors
    ///
    /// Where something of it was left out.
    pub(super) fn text(&self) -> ScriptResult<String> {
        self.whole().map(crate::Output::text)
    }

    /// The lines of its standard output.
    ///
    /// # Errors
    ///
    /// Where something of it was left out.
    pub(super) fn lines(&self) -> ScriptResult<Array> {
        let text = self.whole()?.stdout.text();
        Ok(convert::array(text.lines().map(str::to_owned)))
    }

    /// Its standard output, read as JSON.
    ///
    /// # Errors
    ///
    /// Where it is none, or something of it was left out.
    pub(super) fn json(&self) -> ScriptResult<Dynamic> {
        let output = self.whole()?;
        let data = formats::from_json::<formats::Data>(&output.stdout.bytes());
        data.map(|data| data.0).map_err(|error| {
            thrown(error.with_command(&*output.command).with_host(&*output.host).with_output(output.clone()))
        })
    }

    /// Half of an output is no output to compute with.
    fn whole(&self) -> ScriptResult<&crate::Output> {
        let output = self.get();
        if !output.stdout.is_truncated() {
            return Ok(output);
        }
        let kept = output.stdout.bytes().len();
        let error = Error::new(
            crate::ErrorKind::Io,
            format!("its output of {} bytes is longer than the {kept} that are kept", output.stdout.total()),
        );
        Err(thrown(
            error
                .with_command(&*output.command)
                .with_host(&*output.host)
                .with_hint("keep more with `.output_limit(bytes)`, read it as it comes with `spawn`, or take what was kept from `.stdout`"),
        ))
    }
}

impl From<crate::Output> for Output {
    fn from(output: crate::Output) -> Self {
        Self(Arc::new(Inner { output, dry: false }))
    }
}

/// The exit code, or `()`.
pub(super) fn code(status: ExitStatus) -> Dynamic {
    status.code().map_or(Dynamic::UNIT, |code| Dynamic::from(i64::from(code)))
}

/// The name of the signal, or `()`.
pub(super) fn signal(status: ExitStatus) -> Dynamic {
    convert::text_or_unit(status.signal().map(|signal| signal.to_string()))
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Output>("Output");
    register_status(engine);
    register_contents(engine);
    register_circumstances(engine);
}

fn register_status(engine: &mut Engine) {
    property(
        engine,
        "code(output: Output) -> int | ()",
        r#"
The exit code, or `()` where the command did not end by itself.

```rhai
print(local().try_run($`false`).code);  // 1
```
"#,
        |output: &mut Output| code(output.get().status),
    );
    property(
        engine,
        "signal(output: Output) -> string | ()",
        r#"
The name of the signal that ended the command, or `()`.

```rhai
print(local().try_run($sh`kill -TERM $$`).signal);  // TERM
```
"#,
        |output: &mut Output| signal(output.get().status),
    );
    property(
        engine,
        "success(output: Output) -> bool",
        r#"
Whether it ended with code 0.

```rhai
print(local().run($`true`).success);  // true
```
"#,
        |output: &mut Output| output.get().success(),
    );
}

fn register_contents(engine: &mut Engine) {
    property(
        engine,
        "stdout(output: Output) -> string",
        r#"
What it wrote to its standard output, as it is. Invalid UTF-8 is replaced; where something was left
out in the middle, a line there says so.

```rhai
print(local().run($`echo hello`).stdout == "hello\n");  // true
```
"#,
        |output: &mut Output| output.get().stdout.text(),
    );
    property(
        engine,
        "stderr(output: Output) -> string",
        r#"
What it wrote to its standard error, likewise.

```rhai
print(local().run($sh`echo oops >&2`).stderr == "oops\n");  // true
```
"#,
        |output: &mut Output| output.get().stderr.text(),
    );
    property(
        engine,
        "text(output: Output) -> string",
        r#"
What it wrote to its standard output, without the newlines at its end. Throws where something of it
was left out.

```rhai
print(local().run($`printf 'a\nb\n\n'`).text == "a\nb");  // true
```
"#,
        |output: &mut Output| output.text(),
    );
    property(
        engine,
        "lines(output: Output) -> array",
        r#"
The lines of its standard output. Throws where something of it was left out.

```rhai
print(local().run($`printf 'a\nb\n'`).lines);  // ["a", "b"]
```
"#,
        |output: &mut Output| output.lines(),
    );
    property(
        engine,
        "json(output: Output) -> any",
        r#"
Its standard output, read as JSON. Throws where it is none, or something of it was left out.

```rhai
print(local().run($`echo '{"port": 80}'`).json().port);  // 80
```
"#,
        |output: &mut Output| output.json(),
    );
    property(
        engine,
        "bytes(output: Output) -> blob",
        r#"
The exact bytes of its standard output that were kept.

```rhai
print(local().run($`printf '\377\000'`).bytes.len());  // 2
```
"#,
        |output: &mut Output| -> Blob { output.get().stdout.bytes() },
    );
    property(
        engine,
        "truncated(output: Output) -> bool",
        r#"
Whether something of its outputs was left out: they were longer than the command's `output_limit`.

```rhai
print(local().run($`echo hello`).truncated);  // false
```
"#,
        |output: &mut Output| output.get().is_truncated(),
    );
}

fn register_circumstances(engine: &mut Engine) {
    property(
        engine,
        "duration(output: Output) -> float",
        r#"
The seconds from its start until its end.

```rhai
print(local().run($`sleep 0.1`).duration >= 0.1);  // true
```
"#,
        |output: &mut Output| output.get().duration.as_secs_f64(),
    );
    property(
        engine,
        "host(output: Output) -> string",
        r#"
The name of the host where it ran.

```rhai
print(local().run($`true`).host);  // local
```
"#,
        |output: &mut Output| output.get().host.clone(),
    );
    property(
        engine,
        "command(output: Output) -> string",
        r#"
The command as it prints, with its secrets masked.

```rhai
print(local().run($`echo ${"a b"}`).command);  // echo 'a b'
```
"#,
        |output: &mut Output| output.get().command.clone(),
    );
    property(
        engine,
        "stages(output: Output) -> array",
        r#"
Of a pipeline, the `Output` of each stage: its status and its standard error.

```rhai
let output = local().try_run($`false | cat`);
print(output.stages.map(|stage| stage.code));  // [1, 0]
```
"#,
        |output: &mut Output| -> Array {
            output.get().stages.iter().map(|stage| Dynamic::from(Output::from(stage.clone()))).collect()
        },
    );
    property(
        engine,
        "dry(output: Output) -> bool",
        r#"
Whether this is the empty output of a command that a dry run did not run.

```rhai
print(local().run($`true`).dry);  // false
```
"#,
        |output: &mut Output| output.0.dry,
    );
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(output: Output) -> string"),
            r#"
How it ended, in a line.

```rhai
print(local().try_run($`false`));  // ended with exit code 1: `false` on local
```
"#,
            |output: &mut Output| {
                let output = output.get();
                format!("{}: `{}` on {}", output.status, output.command, output.host)
            },
        );
    }
}
