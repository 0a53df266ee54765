//! What helps while somebody types: completion, hints, colours, and whether a line is done.

use super::{
    complete::{self, Candidate},
    highlight,
    incomplete::{Input, judge},
    scan::{End, scan},
    vocabulary::Vocabulary,
};
use crate::script::session::Names;
use rhai::Engine;
use rustyline::{
    Context, Helper,
    completion::Completer,
    highlight::{CmdKind, Highlighter},
    hint::{Hinter, HistoryHinter},
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{
    borrow::Cow,
    cell::Cell,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// The names that the session knows, as of the last line that ran.
#[derive(Clone, Default)]
pub(super) struct SharedNames(Arc<RwLock<Arc<Names>>>);

impl SharedNames {
    pub(super) fn set(&self, names: Names) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
    }

    pub(super) fn get(&self) -> Arc<Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Helps the editor.
pub(super) struct Assistant {
    engine: Arc<Engine>,
    names: SharedNames,
    /// Read when it is first needed: the prompt is to be there at once.
    vocabulary: OnceLock<Vocabulary>,
    history: HistoryHinter,
    /// Of the terminal, in columns.
    width: Cell<usize>,
}

/// More candidates than this are shown by name only.
const MANY: usize = 24;

impl Assistant {
    pub(super) fn new(engine: Arc<Engine>, names: SharedNames) -> Self {
        Self {
            engine,
            names,
            vocabulary: OnceLock::new(),
            history: HistoryHinter::new(),
            width: Cell::new(80),
        }
    }

    /// The terminal is so wide now.
    pub(super) fn set_width(&self, columns: usize) {
        self.width.set(columns);
    }

    pub(super) fn names(&self) -> Arc<Names> {
        self.names.get()
    }

    pub(super) fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| Vocabulary::of(&self.engine))
    }

    /// Whether the text is a whole.
    pub(super) fn judge(&self, text: &str) -> Input {
        if text.starts_with(':') {
            return Input::Whole;
        }
        judge(&self.engine, &self.names(), text)
    }
}

/// The name that a candidate begins with.
fn name_of(display: &str) -> &str {
    display.split(['(', ' ']).next().unwrap_or_default()
}

/// So much that it stays on one line.
fn cut(display: &str, width: usize) -> String {
    if display.chars().count() < width {
        return display.to_owned();
    }
    let kept: String = display.chars().take(width.saturating_sub(2)).collect();
    format!("{kept}…")
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Candidate;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Candidate>)> {
        let (start, mut candidates) = complete::complete(&self.names(), self.vocabulary(), &line[..at]);
        let names_only = candidates.len() > MANY;
        for candidate in &mut candidates {
            let shown = &mut candidate.display;
            *shown = if names_only { name_of(shown).to_owned() } else { cut(shown, self.width.get()) };
        }
        Ok((start, candidates))
    }
}

impl rustyline::completion::Candidate for Candidate {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.replacement
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        // Whoever presses Enter on two empty lines wants to know what is missing.
        let gives_up = text.ends_with("\n\n") && matches!(scan(text).end, End::Code | End::LineComment);
        Ok(match self.judge(text) {
            Input::Unfinished if !gives_up => ValidationResult::Incomplete,
            _ => ValidationResult::Valid(None),
        })
    }
}

impl Hinter for Assistant {
    type Hint = Hint;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Hint> {
        if at < line.len() || line.trim().is_empty() {
            return None;
        }
        if let Some(callee) = line.strip_suffix('(') {
            return complete::signature_of(&self.names(), self.vocabulary(), callee).map(Hint::Told);
        }
        self.history.hint(line, at, context).map(Hint::Offered)
    }
}

/// What stands dimmed behind the cursor.
pub(super) enum Hint {
    /// To be read.
    Told(String),
    /// To be taken with the right arrow key.
    Offered(String),
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        match self {
            Hint::Told(text) | Hint::Offered(text) => text,
        }
    }

    fn completion(&self) -> Option<&str> {
        match self {
            Hint::Told(_) => None,
            Hint::Offered(text) => Some(text),
        }
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if line.starts_with(':') { line.into() } else { highlight::highlight(line).into() }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        highlight::prompt(prompt).into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        highlight::dim(hint).into()
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        // A character may change what the whole line is; moving changes nothing.
        kind != CmdKind::MoveCursor
    }
}
