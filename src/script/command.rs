//! `Command` in scripts: `cmd`, `sh`, the builders, and how commands are joined.

use super::{
    convert,
    define::{function, property},
    error::{invalid, thrown},
    options::seconds,
    scope::{self, ScriptResult},
};
use crate::{
    Error,
    command::{Job, OutputTarget, StdinSource},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use std::{fmt, sync::Arc};

/// What to run, as scripts hold it: a command, a pipeline, or one after the other.
#[derive(Clone, PartialEq)]
pub struct Command(Arc<Job>);

impl Command {
    /// What the executor takes.
    pub fn job(&self) -> &Job {
        &self.0
    }

    /// The same with each of its commands changed.
    fn each(&self, mut change: impl FnMut(crate::Command) -> crate::Command) -> Self {
        Self::from(Job::clone(&self.0).map(&mut change))
    }

    /// The same with its one command changed; `what` could not be said of several.
    fn only(&self, what: &str, change: impl FnOnce(crate::Command) -> crate::Command) -> ScriptResult<Self> {
        match &*self.0 {
            Job::Command(command) => Ok(Self::from(change(command.clone()))),
            _ => Err(invalid(format!("{what} belongs to one command: set it before they are joined"))),
        }
    }

    /// The same with the command changed that reads its input.
    fn first(&self, change: impl FnOnce(crate::Command) -> crate::Command) -> ScriptResult<Self> {
        let mut change = Some(change);
        self.at_one_end(|index, _| index == 0, &mut |command| apply_once(&mut change, command))
    }

    /// The same with the command changed whose output is its output.
    fn last(&self, change: impl FnOnce(crate::Command) -> crate::Command) -> ScriptResult<Self> {
        let mut change = Some(change);
        self.at_one_end(|index, count| index + 1 == count, &mut |command| apply_once(&mut change, command))
    }

    fn at_one_end(
        &self,
        is_it: impl Fn(usize, usize) -> bool,
        change: &mut dyn FnMut(crate::Command) -> crate::Command,
    ) -> ScriptResult<Self> {
        if matches!(&*self.0, Job::Then(..) | Job::OrElse(..)) {
            return Err(invalid("a sequence has no input or output of its own: set it on its parts"));
        }
        let count = self.0.commands().len();
        let mut index = 0;
        Ok(self.each(|command| {
            let here = is_it(index, count);
            index += 1;
            if here { change(command) } else { command }
        }))
    }
}

fn apply_once(
    change: &mut Option<impl FnOnce(crate::Command) -> crate::Command>,
    command: crate::Command,
) -> crate::Command {
    match change.take() {
        Some(change) => change(command),
        None => command,
    }
}

impl From<Job> for Command {
    fn from(job: Job) -> Self {
        Self(Arc::new(job))
    }
}

impl From<crate::Command> for Command {
    fn from(command: crate::Command) -> Self {
        Job::from(command).into()
    }
}

impl From<crate::Pipeline> for Command {
    fn from(pipeline: crate::Pipeline) -> Self {
        Job::from(pipeline).into()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Command>("Command");
    register_constructors(engine);
    register_arguments(engine);
    register_environment(engine);
    register_input_and_output(engine);
    register_conditions(engine);
    register_composition(engine);
    register_printing(engine);
    register_operators(engine);
}

fn register_constructors(engine: &mut Engine) {
    function(
        engine,
        "cmd(program: string) -> Command",
        r#"
A command that runs `program`, which is looked for on the host's `PATH` unless it has a slash in it.

```rhai
print(cmd("grep").arg("-n").arg("a b"));  // grep -n 'a b'
```
"#,
        |program: ImmutableString| program_of(&program),
    );
    function(
        engine,
        "cmd(program: string, args: array) -> Command",
        r#"
A command with its arguments. Each arrives exactly as it is, whatever is in it.

```rhai
print(cmd("grep", ["-n", "it's here", 5]));  // grep -n 'it'\''s here' 5
```
"#,
        |program: ImmutableString, args: Array| -> ScriptResult<Command> {
            let args = convert::arguments(&Dynamic::from(args))?;
            program_of(&program)?.only("an argument", |command| command.args(args))
        },
    );
    function(
        engine,
        "sh(text: string) -> Command",
        r#"
A command that runs `sh -c text`: the text is a shell's, with all that a shell does to it. To put
values into it use the template form, which quotes each.

```rhai
print(sh("echo $((6 * 7)); exit 3").unchecked().text());  // 42
```
"#,
        |text: ImmutableString| Command::from(crate::Command::shell(&*text)),
    );
}

fn program_of(program: &str) -> ScriptResult<Command> {
    if program.is_empty() {
        return Err(invalid("an empty command: there is no program to run"));
    }
    Ok(crate::Command::new(program).into())
}

fn register_arguments(engine: &mut Engine) {
    function(
        engine,
        "arg(command: Command, value: any) -> Command",
        r#"
The command with one argument more: a text, a number, a bool or a character. A value that begins
with a dash is an argument like any other; where it could be taken for an option, write `--` before it.

```rhai
print(cmd("head").arg("-n").arg(3));  // head -n 3
```
"#,
        |command: &mut Command, value: Dynamic| -> ScriptResult<Command> {
            let value = convert::argument(&value)?;
            command.only("an argument", |command| command.arg(value))
        },
    );
    function(
        engine,
        "args(command: Command, values: array) -> Command",
        r#"
The command with more arguments, one for each item.

```rhai
let files = ["a.txt", "b c.txt"];
print(cmd("ls").args(files));  // ls a.txt 'b c.txt'
```
"#,
        |command: &mut Command, values: Array| -> ScriptResult<Command> {
            let values = convert::arguments(&Dynamic::from(values))?;
            command.only("an argument", |command| command.args(values))
        },
    );
}

fn register_environment(engine: &mut Engine) {
    function(
        engine,
        "env(command: Command, name: string, value: any) -> Command",
        r#"
The command with an environment variable set; of a pipeline or sequence, all its commands.

```rhai
print(sh("echo $GREETING").env("GREETING", "hello").text());  // hello
```
"#,
        |command: &mut Command, name: ImmutableString, value: Dynamic| -> ScriptResult<Command> {
            let (name, value) = variable(&name, &value)?;
            Ok(command.each(|command| command.env(&name, &value)))
        },
    );
    function(
        engine,
        "env(command: Command, variables: map) -> Command",
        r#"
The command with each of these environment variables set.

```rhai
print(sh("echo $A$B").env(#{ A: "x", B: 1 }).text());  // x1
```
"#,
        |command: &mut Command, variables: Map| -> ScriptResult<Command> {
            let variables = variables
                .iter()
                .map(|(name, value)| variable(name, value))
                .collect::<ScriptResult<Vec<_>>>()?;
            Ok(command.each(|command| {
                variables.iter().fold(command, |command, (name, value)| command.env(name, value))
            }))
        },
    );
    function(
        engine,
        "unset_env(command: Command, name: string) -> Command",
        r#"
The command without this environment variable.

```rhai
print(sh("echo ${HOME-unset}").unset_env("HOME").text());  // unset
```
"#,
        |command: &mut Command, name: ImmutableString| command.each(|command| command.env_remove(&*name)),
    );
    function(
        engine,
        "clear_env(command: Command) -> Command",
        r#"
The command with an empty environment; what was set before is forgotten too.

```rhai
print(cmd("/usr/bin/env").env("A", 1).clear_env().env("B", 2).text());  // B=2
```
"#,
        |command: &mut Command| command.each(crate::Command::env_clear),
    );
    function(
        engine,
        "dir(command: Command, path: string) -> Command",
        r#"
The command in this directory of its host.

```rhai
print(cmd("pwd").dir("/").text());  // /
```
"#,
        |command: &mut Command, path: ImmutableString| command.each(|command| command.current_dir(&*path)),
    );
}

pub(super) fn variable(name: &str, value: &Dynamic) -> ScriptResult<(String, String)> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(invalid(format!("{name:?} is no name for an environment variable")));
    }
    Ok((name.to_owned(), convert::argument(value)?))
}

fn register_input_and_output(engine: &mut Engine) {
    function(
        engine,
        "stdin(command: Command, input: string | blob) -> Command",
        r#"
The command with this input. Without it a command's input is empty.

```rhai
print(cmd("tr", ["a-z", "A-Z"]).stdin("hello").text());  // HELLO
```
"#,
        |command: &mut Command, input: Dynamic| -> ScriptResult<Command> {
            let input = convert::blob_or_text(&input)?;
            command.first(|command| command.stdin_bytes(input))
        },
    );
    function(
        engine,
        "stdin_file(command: Command, path: string) -> Command",
        r#"
The command with a file of its host as its input.

```rhai
print(cmd("wc", ["-c"]).stdin_file("/dev/null").text());  // 0
```
"#,
        |command: &mut Command, path: ImmutableString| {
            command.first(|command| command.stdin(StdinSource::File(path.as_str().into())))
        },
    );
    function(
        engine,
        "inherit_stdin(command: Command) -> Command",
        r#"
The command with the standard input of `rexec` itself as its input.

```rhai no_run what it reads depends on how rexec was started
let answer = cmd("cat").inherit_stdin().text();
```
"#,
        |command: &mut Command| command.first(|command| command.stdin(StdinSource::Inherit)),
    );
    function(
        engine,
        "stdout_file(command: Command, path: string) -> Command",
        r#"
The command with its output going to a file of its host, which is made anew.

```rhai
cmd("echo", ["hello"]).stdout_file("/dev/null").run();
print("done");  // done
```
"#,
        |command: &mut Command, path: ImmutableString| {
            command.last(|command| command.stdout(OutputTarget::File(path.as_str().into())))
        },
    );
    function(
        engine,
        "append_file(command: Command, path: string) -> Command",
        r#"
The command with its output going to the end of a file of its host.

```rhai
cmd("echo", ["hello"]).append_file("/dev/null").run();
print("done");  // done
```
"#,
        |command: &mut Command, path: ImmutableString| {
            command.last(|command| command.stdout(OutputTarget::Append(path.as_str().into())))
        },
    );
    function(
        engine,
        "stderr_file(command: Command, path: string) -> Command",
        r#"
The command with its errors going to a file of its host, which is made anew.

```rhai
print(sh("echo oops >&2; echo fine").stderr_file("/dev/null").run().stderr == "");  // true
```
"#,
        |command: &mut Command, path: ImmutableString| {
            command.each(|command| command.stderr(OutputTarget::File(path.as_str().into())))
        },
    );
    function(
        engine,
        "merge_stderr(command: Command) -> Command",
        r#"
The command with its errors going where its output goes, which also keeps their order.

```rhai
print(sh("echo one; echo two >&2").merge_stderr().lines());  // ["one", "two"]
```
"#,
        |command: &mut Command| command.each(crate::Command::merge_stderr),
    );
    function(
        engine,
        "tty(command: Command) -> Command",
        r#"
The command with a terminal of its own. Its two outputs are then one, and lines end in a carriage
return.

```rhai
print(sh("test -t 1 && echo terminal").tty().lines());  // ["terminal"]
```
"#,
        |command: &mut Command| command.only("a terminal", crate::Command::tty),
    );
    function(
        engine,
        "output_limit(command: Command, bytes: int) -> Command",
        r#"
The command with this many bytes kept of each of its outputs (8 MiB unless set): the first and the
last half. The command itself is not stopped by it.

```rhai
let output = sh("yes | head -n 1000").output_limit(100).run();
print(output.truncated);  // true
```
"#,
        |command: &mut Command, bytes: i64| -> ScriptResult<Command> {
            let bytes = usize::try_from(bytes)
                .map_err(|_| invalid(format!("output_limit: {bytes} is no number of bytes")))?;
            Ok(command.each(|command| command.output_limit(bytes)))
        },
    );
}

fn register_conditions(engine: &mut Engine) {
    function(
        engine,
        "timeout(command: Command, seconds: any) -> Command",
        r#"
The command with a time limit: after it, it is asked to end, then killed, with all that it started,
and the error says `timeout`. Of a pipeline or sequence, each command.

```rhai
try {
    cmd("sleep", [5]).timeout(0.1).run();
} catch (error) {
    print(error.kind);  // timeout
}
```
"#,
        |command: &mut Command, limit: Dynamic| -> ScriptResult<Command> {
            let limit = seconds(&limit)?;
            Ok(command.each(|command| command.timeout(limit)))
        },
    );
    function(
        engine,
        "grace(command: Command, seconds: any) -> Command",
        r#"
The command with this much time to end after it was asked to, before it is killed (half a second
unless set).

```rhai
print(cmd("sleep", [5]).grace("2s").timeout(1));  // sleep 5
```
"#,
        |command: &mut Command, grace: Dynamic| -> ScriptResult<Command> {
            let grace = seconds(&grace)?;
            Ok(command.each(|command| command.grace(grace)))
        },
    );
    function(
        engine,
        "unchecked(command: Command) -> Command",
        r#"
The command with any exit code being fine. An end by a signal, by a time limit or by a lost
connection still throws.

```rhai
print(sh("exit 3").unchecked().run().code);  // 3
```
"#,
        |command: &mut Command| command.each(crate::Command::unchecked),
    );
    function(
        engine,
        "ok_codes(command: Command, codes: array) -> Command",
        r#"
The command with these exit codes being fine, and no others.

```rhai
print(sh("exit 1").ok_codes([0, 1]).run().code);  // 1
```
"#,
        |command: &mut Command, codes: Array| -> ScriptResult<Command> {
            let codes = codes.iter().map(exit_code).collect::<ScriptResult<Vec<_>>>()?;
            Ok(command.each(|command| command.ok_codes(codes.iter().copied())))
        },
    );
    function(
        engine,
        "label(command: Command, text: string) -> Command",
        r#"
The command with this name in reports, instead of its text.

```rhai
print(cmd("true").label("check").run().success);  // true
```
"#,
        |command: &mut Command, text: ImmutableString| command.each(|command| command.label(text.as_str())),
    );
    function(
        engine,
        "secret(command: Command, value: string) -> Command",
        r#"
The command with this value shown as `***` wherever it is printed, logged or recorded.

```rhai
print(cmd("login", ["--password", "hunter2"]).secret("hunter2"));  // login --password ***
```
"#,
        |command: &mut Command, value: ImmutableString| {
            scope::keep_secret(&value);
            command.each(|command| command.secret(value.as_str()))
        },
    );
    function(
        engine,
        "daemon(command: Command) -> Command",
        r#"
The command with what it leaves in the background living on, on purpose.

```rhai no_run it would leave a process behind
cmd("/etc/init.d/thing", ["start"]).daemon().run();
```
"#,
        |command: &mut Command| command.each(crate::Command::daemon),
    );
    function(
        engine,
        "detach(command: Command, name: string) -> Command",
        r#"
The command living on under this name when the script ends or the connection is lost;
`host.attach(name)` gives it back. A host that can't do this throws `unsupported`.

```rhai
print(cmd("sleep", [60]).detach("nap"));  // sleep 60
```
"#,
        |command: &mut Command, name: ImmutableString| {
            command.only("a name to detach under", |command| command.detach(name.as_str()))
        },
    );
    function(
        engine,
        "reads(command: Command) -> Command",
        r#"
The command marked as changing nothing on its host, so that a dry run runs it.

```rhai
print(cmd("uname").reads().text() != "");  // true
```
"#,
        |command: &mut Command| command.each(crate::Command::reads_only),
    );
}

fn exit_code(value: &Dynamic) -> ScriptResult<i32> {
    let code = value.as_int().ok().and_then(|code| i32::try_from(code).ok());
    code.ok_or_else(|| invalid(format!("ok_codes: {} is no exit code", convert::describe(value))))
}

fn register_composition(engine: &mut Engine) {
    function(
        engine,
        "|(command: Command, next: Command) -> Command",
        r#"
A pipeline: the output of one goes to the input of the next. It fails as a shell's `pipefail` has
it, and its `Output` has the status of each stage.

```rhai
let sorted = cmd("printf", ["b\\na\\n"]) | cmd("sort");
print(sorted.lines());  // ["a", "b"]
```
"#,
        |command: &mut Command, next: Command| command.pipe(next),
    );
    for (signature, both) in [
        ("|(command: Command, next: any) -> Command", true),
        ("|(command: any, next: Command) -> Command", false),
    ] {
        let documentation = r#"
The same with a text or an array in place of one of them.

```rhai
print(cmd("printf", ["b\\na\\n"]) | "sort -r" | ["head", "-n", 1]);  // printf 'b\na\n' | sort -r | head -n 1
```
"#;
        match both {
            true => function(engine, signature, documentation, |command: &mut Command, next: Dynamic| {
                command.pipe(convert::command(&next)?)
            }),
            false => function(engine, signature, documentation, |command: Dynamic, next: Command| {
                convert::command(&command)?.pipe(next)
            }),
        }
    }
    function(
        engine,
        "then(command: Command, next: any) -> Command",
        r#"
Both, the second only if the first succeeded, as a shell's `&&`.

```rhai
print(cmd("false").then("echo never").try_run().success);  // false
```
"#,
        |command: &mut Command, next: Dynamic| -> ScriptResult<Command> {
            Ok(command.job().clone().then(convert::command(&next)?.job().clone()).into())
        },
    );
    function(
        engine,
        "or_else(command: Command, next: any) -> Command",
        r#"
Both, the second only if the first failed, as a shell's `||`.

```rhai
print(cmd("false").or_else("echo rescued").text());  // rescued
```
"#,
        |command: &mut Command, next: Dynamic| -> ScriptResult<Command> {
            Ok(command.job().clone().or_else(convert::command(&next)?.job().clone()).into())
        },
    );
}

impl Command {
    fn pipe(&self, next: Command) -> ScriptResult<Command> {
        let stage = |command: &Command| match command.job() {
            Job::Command(command) => Ok(crate::Pipeline::from(command.clone())),
            Job::Pipeline(pipeline) => Ok(pipeline.clone()),
            _ => Err(thrown(
                Error::unsupported("a sequence can't be a stage of a pipeline")
                    .with_hint("write it as a shell's text, with `$sh`"),
            )),
        };
        Ok(stage(self)?.pipe(stage(&next)?).into())
    }
}

fn register_printing(engine: &mut Engine) {
    function(
        engine,
        "to_string(command: Command) -> string",
        r#"
The command as one could paste it into a shell, with its secrets masked.

```rhai
print("" + cmd("echo", ["a b"]));  // echo 'a b'
```
"#,
        |command: &mut Command| command.to_string(),
    );
    function(
        engine,
        "to_debug(command: Command) -> string",
        r#"
The same, as it prints inside arrays and maps.

```rhai
print([cmd("echo", ["a b"])]);  // [echo 'a b']
```
"#,
        |command: &mut Command| command.to_string(),
    );
    property(
        engine,
        "program(command: Command) -> string",
        r#"
The program; of a pipeline or sequence, that of its first command.

```rhai
print(cmd("ls", ["-l"]).program);  // ls
```
"#,
        |command: &mut Command| {
            let commands = command.job().commands();
            commands
                .first()
                .map_or_else(String::new, |first| first.get_program().to_string_lossy().into_owned())
        },
    );
    property(
        engine,
        "arguments(command: Command) -> array",
        r#"
Its arguments; of a pipeline or sequence, those of its first command.

```rhai
print(cmd("ls", ["-l", "a b"]).arguments);  // ["-l", "a b"]
```
"#,
        |command: &mut Command| {
            let commands = command.job().commands();
            let args = commands.iter().take(1).flat_map(|first| first.get_args());
            convert::array(args.map(|arg| arg.to_string_lossy().into_owned()))
        },
    );
    property(
        engine,
        "stages(command: Command) -> array",
        r#"
Its commands one by one, in the order in which they stand.

```rhai
print((cmd("a") | cmd("b") | cmd("c")).stages);  // [a, b, c]
```
"#,
        |command: &mut Command| -> Array {
            let commands = command.job().commands();
            commands.into_iter().map(|command| Dynamic::from(Command::from(command.clone()))).collect()
        },
    );
}

/// What looks like a shell's operator and is none, with what to write instead.
const NO_OPERATORS: [(&str, &str); 15] = [
    (">", "to write its output to a file use `.stdout_file(path)`"),
    (">>", "to append its output to a file use `.append_file(path)`"),
    ("<", "to read its input from a file use `.stdin_file(path)`"),
    ("<<", "to give it a text as input use `.stdin(text)`"),
    ("&", "to start it in the background use `.spawn()`"),
    (">=", ""),
    ("<=", ""),
    ("+", "to add an argument use `.arg(value)`"),
    ("-", ""),
    ("*", ""),
    ("/", ""),
    ("%", ""),
    ("^", ""),
    ("**", ""),
    ("+=", "to add an argument use `.arg(value)`"),
];

fn register_operators(engine: &mut Engine) {
    function(
        engine,
        "==(a: Command, b: Command) -> bool",
        r#"
Whether both are the same command under the same conditions.

```rhai
print(cmd("ls").arg("-l") == cmd("ls", ["-l"]));  // true
```
"#,
        |a: &mut Command, b: Command| *a == b,
    );
    function(
        engine,
        "!=(a: Command, b: Command) -> bool",
        r#"
Whether they differ.

```rhai
print(cmd("ls") != cmd("ls").dir("/"));  // true
```
"#,
        |a: &mut Command, b: Command| *a != b,
    );
    // Without these Rhai would quietly give `false` for `command > "file"`.
    for (operator, instead) in NO_OPERATORS {
        let refuse = move || -> ScriptResult<Dynamic> {
            let error = Error::invalid(format!("`{operator}` means nothing for a Command"));
            Err(thrown(if instead.is_empty() { error } else { error.with_hint(instead) }))
        };
        engine.register_fn(operator, move |_: Command, _: Command| refuse());
        engine.register_fn(operator, move |_: Command, _: Dynamic| refuse());
        if !matches!(operator, "+" | "+=") {
            engine.register_fn(operator, move |_: Dynamic, _: Command| refuse());
        }
    }
    // A text and a Command make a text, as with any value.
    engine.register_fn("+", |text: ImmutableString, command: Command| format!("{text}{command}"));
    engine.register_fn("+", |command: Command, text: ImmutableString| format!("{command}{text}"));
}
