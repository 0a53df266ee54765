//! All text that a session has run, so that a place in a function that was typed long ago can be
//! shown.
//!
//! The engine knows a function's position, and not in which text. So each text is compiled as if it
//! stood below all that came before, and a line's number says which text it is in.

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

/// All text of a session.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    lines: Vec<String>,
    /// In order.
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    source: Source,
    /// The index of its first line.
    first_line: usize,
}

impl Transcript {
    /// Adds text, and gives it as it is to be compiled, with `prelude` in the room that is left for
    /// what came before. The first text has no room.
    pub(super) fn add(&mut self, source: Source, text: &str, prelude: &str) -> String {
        let first_line = self.lines.len();
        self.texts.push(Text { source, first_line });
        self.lines.extend(text.lines().map(str::to_owned));
        let prelude = if first_line > 0 { prelude } else { "" };
        format!("{prelude}{}{text}", "\n".repeat(first_line))
    }

    /// All of it, as the engine counts its lines.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
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
        place.source = text.source.to_string();
        place.text = self.lines.get(index).cloned();
        if let Source::File(_) = text.source {
            place.line -= text.first_line;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(source: &str, line: usize) -> ScriptError {
        let site = CallSite { source: source.into(), line, column: 1, text: None, function: None };
        ScriptError {
            kind: "script".into(),
            message: String::new(),
            places: vec![site],
            hint: None,
            error: None,
        }
    }

    #[test]
    fn a_place_is_found_in_the_text_that_it_is_in() {
        let mut transcript = Transcript::default();
        transcript.add(Source::Prompt, "fn f() {\n  throw 1\n}", "");
        let padded = transcript.add(Source::File("lib.rhai".into()), "let a = 1;\nfn g() { f() }", "1;");
        assert_eq!(padded.lines().nth(4), Some("fn g() { f() }"));
        transcript.add(Source::Prompt, "g()", "");

        let show = |source, line| {
            let error = transcript.relocate(place(source, line));
            let site = &error.places[0];
            format!("{}:{} {}", site.source, site.line, site.text.as_deref().unwrap_or("-"))
        };
        assert_eq!(show("repl", 2), "repl:2   throw 1");
        // The engine says who called, and not where the function stands.
        assert_eq!(show("repl", 5), "lib.rhai:2 fn g() { f() }");
        assert_eq!(show("repl", 6), "repl:6 g()");
        assert_eq!(show("std/retry", 5), "std/retry:5 -");
    }
}
