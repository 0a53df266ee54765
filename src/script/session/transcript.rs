//! The text that a session has run, so that a place in a function that was typed long ago can be
//! shown.
//!
//! The engine knows a function's position, and not in which text. So each text is compiled as if it
//! stood below all those before it that left functions behind, and a line's number says which text it
//! is in.

use crate::script::{CallSite, ScriptError};
use std::{fmt, path::PathBuf};

/// Where text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was typed.
    Prompt,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Prompt => f.write_str("repl"),
            Source::File(path) => path.display().fmt(f),
        }
    }
}

/// What of a session's text may still be asked for.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    /// In order, one below the other. All but the last have left functions behind.
    texts: Vec<Text>,
    /// Whether the last one has too.
    keeps_last: bool,
    /// How many lines were typed.
    typed: usize,
}

#[derive(Debug)]
struct Text {
    source: Source,
    /// The index of its first line for the engine.
    first_line: usize,
    /// The number of its first line for people.
    first_number: usize,
    lines: Vec<String>,
}

impl Transcript {
    /// Adds text, and gives it as it is to be compiled, with `prelude` in the room that is left for
    /// what came before.
    pub(super) fn add(&mut self, source: Source, text: &str, prelude: &str) -> String {
        if !self.keeps_last {
            self.texts.pop();
        }
        self.keeps_last = false;
        // One line more, for the prelude.
        let first_line = self.texts.last().map_or(1, |last| last.first_line + last.lines.len());
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let first_number = match source {
            Source::Prompt => self.typed + 1,
            Source::File(_) => 1,
        };
        if source == Source::Prompt {
            self.typed += lines.len();
        }
        self.texts.push(Text { source, first_line, first_number, lines });
        format!("{prelude}{}{text}", "\n".repeat(first_line))
    }

    /// The last text has left functions behind.
    pub(super) fn keep_last(&mut self) {
        self.keeps_last = true;
    }

    /// All of it, as the engine counts its lines.
    pub(super) fn text(&self) -> String {
        let lines = self.texts.iter().flat_map(|text| &text.lines);
        std::iter::once("").chain(lines.map(String::as_str)).collect::<Vec<_>>().join("\n")
    }

    /// An error with its places as they were typed or stand in their file, and with their texts.
    pub(super) fn relocate(&self, mut error: ScriptError) -> ScriptError {
        error.places.iter_mut().for_each(|place| self.relocate_place(place));
        error
    }

    /// Places in modules are left alone.
    fn relocate_place(&self, place: &mut CallSite) {
        let Some(index) = place.line.checked_sub(1) else { return };
        let is_ours = self.texts.iter().any(|text| text.source.to_string() == place.source);
        let text = self.texts.iter().rev().find(|text| text.first_line <= index);
        let Some(text) = text.filter(|_| is_ours) else { return };
        let line = index - text.first_line;
        place.source = text.source.to_string();
        place.text = text.lines.get(line).cloned();
        place.line = text.first_number + line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(source: &str, line: usize) -> ScriptError {
        let site = CallSite { source: source.into(), line, column: 1, text: None, function: None };
        let mut error = ScriptError::from(crate::Error::invalid(""));
        error.places = vec![site];
        error
    }

    #[test]
    fn a_place_is_found_in_the_text_that_it_is_in() {
        let mut transcript = Transcript::default();
        transcript.add(Source::Prompt, "fn f() {\n  throw 1\n}", "");
        transcript.keep_last();
        // It leaves nothing behind, so nothing asks for it later.
        transcript.add(Source::Prompt, "1\n+ 2", "");
        let padded = transcript.add(Source::File("lib.rhai".into()), "let a = 1;\nfn g() { f() }", "1;");
        transcript.keep_last();
        assert_eq!(padded.lines().next(), Some("1;"));
        assert_eq!(padded.lines().nth(5), Some("fn g() { f() }"));
        transcript.add(Source::Prompt, "g()", "");

        let show = |source, line| {
            let error = transcript.relocate(place(source, line));
            let site = &error.places[0];
            format!("{}:{} {}", site.source, site.line, site.text.as_deref().unwrap_or("-"))
        };
        assert_eq!(show("repl", 3), "repl:2   throw 1");
        // The engine says who called, and not where the function stands.
        assert_eq!(show("repl", 6), "lib.rhai:2 fn g() { f() }");
        assert_eq!(show("repl", 7), "repl:6 g()");
        assert_eq!(show("std/retry", 6), "std/retry:6 -");
        assert_eq!(transcript.text().lines().nth(5), Some("fn g() { f() }"));
    }
}
