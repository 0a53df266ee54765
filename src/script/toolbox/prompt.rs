//! `ask`, `confirm` and `stdin`: what a script is told by whoever started it.

use crate::{
    Error, ErrorKind, Result,
    script::{
        console::{Answer, Console},
        define::{function, property},
        error::thrown,
        run::Run,
        scope::{self, ScriptResult},
    },
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString};
use std::{
    io::{self, BufRead},
    sync::{Arc, OnceLock},
};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Asks a question, and waits for the answer.
///
/// It is read on a thread of its own, which nothing can wake: whoever stops waiting leaves it behind,
/// and it ends with the process.
pub(super) async fn ask(run: &Run, question: String, answer: Answer) -> Result<String> {
    let console = run.console.clone();
    let (sender, receiver) = oneshot::channel();
    let ask = move || {
        // Nobody may be waiting any longer.
        let _ = sender.send(console.ask(&question, answer));
    };
    std::thread::Builder::new()
        .name("prompt".into())
        .spawn(ask)
        .map_err(|problem| Error::from_io("start a thread for a question", problem))?;
    let typed = receiver.await.map_err(|_| Error::new(ErrorKind::Io, "the terminal went away"))?;
    match typed {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(Error::new(ErrorKind::NotFound, "the input ended before an answer")),
        Err(problem) => Err(Error::from_io("ask on the terminal", problem)),
    }
}

fn ask_on_terminal(question: &str) -> ScriptResult<String> {
    let run = scope::current()?.run;
    if !run.console.is_interactive() {
        let error = Error::new(ErrorKind::NotFound, format!("nobody to ask: {question}"));
        return Err(thrown(error.with_hint("`ask` needs a terminal; `args` and `env` do not")));
    }
    scope::wait(ask(&run, format!("{question} "), Answer::Shown))
}

fn confirm(question: &str) -> ScriptResult<bool> {
    if !scope::current()?.run.console.is_interactive() {
        return Ok(false);
    }
    let answer = ask_on_terminal(&format!("{question} [y/N]"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "ask(question: string) -> string",
        r#"
Asks on the terminal, and gives the line that was typed. Where there is no terminal, it throws.

```rhai no_run needs a terminal
let name = ask("Which host?");
```
"#,
        |question: ImmutableString| ask_on_terminal(&question),
    );
    function(
        engine,
        "confirm(question: string) -> bool",
        r#"
Asks on the terminal, and says whether the answer was yes. Where there is no terminal, it is no.

```rhai
if confirm("Remove everything?") { print("removed") }
```
"#,
        |question: ImmutableString| confirm(&question),
    );
    register_stdin(engine);
}

/// The script's own standard input, read line by line by a thread of its own.
#[derive(Default)]
pub(crate) struct ScriptInput(OnceLock<Mutex<mpsc::Receiver<io::Result<Vec<u8>>>>>);

/// How many lines are read ahead.
const LINES_AHEAD: usize = 64;

impl ScriptInput {
    fn receiver(&self, console: &Arc<dyn Console>) -> &Mutex<mpsc::Receiver<io::Result<Vec<u8>>>> {
        self.0.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(LINES_AHEAD);
            let console = console.clone();
            let reader = std::thread::Builder::new().name("stdin".into());
            // Without the thread its sender is gone, which is an input that has ended.
            let _ = reader.spawn(move || read_lines(&mut *console.input(), &sender));
            Mutex::new(receiver)
        })
    }

    /// The next line, with its newline; `None` at the end.
    async fn next(&self, console: &Arc<dyn Console>) -> Result<Option<Vec<u8>>> {
        let line = self.receiver(console).lock().await.recv().await.transpose();
        line.map_err(|problem| Error::from_io("read standard input", problem))
    }
}

fn read_lines(input: &mut dyn BufRead, sender: &mpsc::Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut line = Vec::new();
        let message = match input.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => Ok(line),
            Err(problem) => Err(problem),
        };
        let is_last = message.is_err();
        if sender.blocking_send(message).is_err() || is_last {
            return;
        }
    }
}

/// What `stdin()` gives.
#[derive(Clone)]
struct Stdin(Arc<Run>);

impl Stdin {
    fn next_line(&self) -> ScriptResult<Option<String>> {
        let line = scope::wait(self.0.input.next(&self.0.console))?;
        Ok(line.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.trim_end_matches(['\n', '\r']).to_owned()
        }))
    }

    fn rest(&self) -> ScriptResult<String> {
        let mut bytes = Vec::new();
        while let Some(line) = scope::wait(self.0.input.next(&self.0.console))? {
            bytes.extend(line);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The lines as they come.
struct Lines(Stdin);

impl Iterator for Lines {
    type Item = std::result::Result<Dynamic, Box<EvalAltResult>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_line().map(|line| line.map(Dynamic::from)).transpose()
    }
}

impl IntoIterator for Stdin {
    type Item = std::result::Result<Dynamic, Box<EvalAltResult>>;
    type IntoIter = Lines;

    fn into_iter(self) -> Lines {
        Lines(self)
    }
}

fn register_stdin(engine: &mut Engine) {
    engine.register_type_with_name::<Stdin>("Stdin");
    engine.register_iterator_result::<Stdin, Dynamic>();
    function(
        engine,
        "stdin() -> Stdin",
        r#"
The script's own standard input: `for line in stdin()` takes its lines as they come. What was taken is
gone.

```rhai
for line in stdin() { print(line.to_upper()); }
```
"#,
        || -> ScriptResult<Stdin> { Ok(Stdin(scope::current()?.run)) },
    );
    property(
        engine,
        "text(input: Stdin) -> string",
        r#"
Everything that is left of the input.

```rhai
let settings = parse_yaml(stdin().text);
```
"#,
        |input: &mut Stdin| input.rest(),
    );
    property(
        engine,
        "lines(input: Stdin) -> array",
        r#"
All lines that are left of the input.

```rhai
print(stdin().lines.len);  // 0
```
"#,
        |input: &mut Stdin| -> ScriptResult<Array> { input.clone().into_iter().collect() },
    );
}
