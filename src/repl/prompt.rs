//! The prompt that a person types at.

use super::{
    Front,
    assistant::Assistant,
    colon::{self, Colon},
    history, tell,
    worker::{Answer, Request},
};
use crate::script::session::Source;
use rhai::Engine;
use rustyline::{
    Config, Editor,
    config::{ColorMode, CompletionType},
    error::ReadlineError,
    history::FileHistory,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const PROMPT: &str = "rexec> ";

/// Reads and runs lines until the person leaves. Gives the exit code.
pub(super) fn read(front: &Front, engine: Arc<Engine>) -> i32 {
    let (editor, history) = match new_editor(front, engine) {
        Ok(started) => started,
        Err(error) => {
            front.say(&format!("error: the terminal can't be used: {error}"));
            return 1;
        }
    };
    Prompt { front, editor, history }.read()
}

struct Prompt<'f> {
    front: &'f Front,
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
}

fn new_editor(
    front: &Front,
    engine: Arc<Engine>,
) -> rustyline::Result<(Editor<Assistant, FileHistory>, Option<PathBuf>)> {
    let config = history::configure(Config::builder())?
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .color_mode(if front.colour { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut path = history::default_path();
    let loaded = path.as_deref().map(|path| history::load(&config, path));
    let lines = match loaded {
        Some(Ok(lines)) => lines,
        None => FileHistory::with_config(&config),
        Some(Err(error)) => {
            let file = path.take().unwrap_or_default();
            front.say(&format!("what you type is not kept: {}: {error}", file.display()));
            FileHistory::with_config(&config)
        }
    };
    let mut editor = Editor::with_history(config, lines)?;
    editor.set_helper(Some(Assistant::new(engine, front.worker.names())));
    Ok((editor, path))
}

impl Prompt<'_> {
    fn read(mut self) -> i32 {
        let printer = self.editor.create_external_printer();
        // A terminal that can do nothing but show lines: what comes while somebody types just comes.
        let _server = printer.ok().and_then(|printer| self.front.screen.serve(printer).ok());
        self.front.say("rexec: `:help` says what there is, Ctrl-D leaves");
        loop {
            if let Some((columns, _)) = self.editor.dimensions() {
                self.assistant().set_width(columns.into());
            }
            let line = {
                let _typing = self.front.screen.typing();
                self.editor.readline(PROMPT)
            };
            match line {
                Ok(line) => {
                    if let Some(code) = self.run(&line) {
                        return code;
                    }
                }
                // Ctrl-C: the line is gone, and so is a handler that would not end.
                Err(ReadlineError::Interrupted) => self.front.interrupt.now(),
                Err(ReadlineError::Eof) => return 0,
                // The terminal is gone, or can't be used any more.
                Err(_) => return 1,
            }
        }
    }

    /// Gives an exit code if it is the last line.
    fn run(&mut self, line: &str) -> Option<i32> {
        if line.trim().is_empty() {
            return None;
        }
        if let Err(error) = history::keep(self.editor.history_mut(), self.history.as_deref(), line) {
            self.front.say(&format!("what you type is not kept any more: {error}"));
            self.history = None;
        }
        match line.strip_prefix(':') {
            Some(command) => self.obey(command),
            None => self.ask(Request::Run(Source::Prompt, line.to_owned())),
        }
    }

    fn ask(&self, request: Request) -> Option<i32> {
        match self.front.worker.ask(request) {
            Answer::Done | Answer::Failed(_) => None,
            Answer::Interrupted => {
                self.front.say("interrupted");
                None
            }
            Answer::Exit(code) => Some(code),
        }
    }

    fn obey(&self, command: &str) -> Option<i32> {
        match Colon::parse(command) {
            Err(problem) => self.front.say(&problem),
            Ok(Colon::Quit) => return Some(0),
            Ok(Colon::Help) => self.front.say(&colon::help()),
            Ok(Colon::Doc(name)) => self.front.say(&tell::documentation(
                &self.assistant().names(),
                self.assistant().vocabulary(),
                &name,
            )),
            Ok(Colon::Vars) => self.front.say(&tell::defined(&self.assistant().names())),
            Ok(Colon::Jobs) => return self.ask(Request::Jobs),
            Ok(Colon::Reset) => return self.ask(Request::Reset),
            Ok(Colon::Load(path)) => return self.load(&path),
        }
        None
    }

    fn load(&self, path: &Path) -> Option<i32> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.ask(Request::Run(Source::File(path.to_owned()), text)),
            Err(source) => {
                self.front
                    .say(&crate::Error::from_io(format_args!("read {}", path.display()), source).to_string());
                None
            }
        }
    }

    fn assistant(&self) -> &Assistant {
        self.editor.helper().expect("it was given in the beginning")
    }
}
