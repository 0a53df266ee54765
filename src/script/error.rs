//! Errors on their way into a script (thrown objects) and out of it (for a report).

use crate::{Error, event::Capture};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, ParseError, Position};
use std::fmt;

/// An error of ours as a script throws it: scripts read its fields, and the engine fills in the
/// position.
pub(crate) fn thrown(error: Error) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE).into()
}

/// An error in what a script asked for, of kind `invalid`.
pub(super) fn invalid(message: impl Into<String>) -> Box<EvalAltResult> {
    thrown(Error::invalid(message))
}

/// The fields of a caught error.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Error>("Error");
    engine.register_get("kind", |error: &mut Error| error.kind().name().to_owned());
    engine.register_get("message", |error: &mut Error| error.to_string());
    engine.register_get("host", |error: &mut Error| text_or_unit(error.host()));
    engine.register_get("command", |error: &mut Error| text_or_unit(error.command()));
    engine.register_get("hint", |error: &mut Error| text_or_unit(error.hint()));
    engine.register_get("code", |error: &mut Error| {
        let code = error.status().and_then(crate::ExitStatus::code);
        code.map_or(Dynamic::UNIT, |code| Dynamic::from(i64::from(code)))
    });
    engine.register_get("signal", |error: &mut Error| {
        let signal = error.status().and_then(crate::ExitStatus::signal);
        signal.map_or(Dynamic::UNIT, |signal| Dynamic::from(signal.to_string()))
    });
    engine.register_get("stdout", |error: &mut Error| output_text(error, |output| &output.stdout));
    engine.register_get("stderr", |error: &mut Error| output_text(error, |output| &output.stderr));
    engine.register_fn("to_string", |error: &mut Error| error.to_string());
    engine.register_fn("to_debug", |error: &mut Error| error.to_string());
    // A thrown text is an error as well.
    engine.register_get("kind", |_: &mut ImmutableString| "thrown");
    engine.register_get("message", |text: &mut ImmutableString| text.clone());
}

fn output_text(error: &Error, which: impl Fn(&crate::Output) -> &Capture) -> String {
    error.output().map(|output| which(output).text()).unwrap_or_default()
}

fn text_or_unit(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| Dynamic::from(ImmutableString::from(text)))
}

/// Why a script ended before its end: what a report needs.
#[derive(Clone, Debug)]
pub struct ScriptError {
    /// The kind that a script would see: `command`, `timeout`, ..., `thrown` or `script`; `parse`
    /// where it did not get as far as running.
    pub kind: String,
    /// What happened, in one line.
    pub message: String,
    /// Where, innermost first: the place itself, then the calls that led there.
    pub places: Vec<CallSite>,
    /// The error of ours that was thrown, if it was one: host, command, status, tail, hint.
    pub error: Option<Error>,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// The file's path, `std/...` for an embedded module, `eval` or `repl`.
    pub source: String,
    /// Counted from 1; 0 where it isn't known.
    pub line: usize,
    /// In characters, counted from 1; 0 where it isn't known.
    pub column: usize,
    /// The text of that line, if the source is at hand.
    pub text: Option<String>,
    /// The function that the place is in; `None` for the script's top level.
    pub function: Option<String>,
}

impl ScriptError {
    /// Whether the script did not parse, so that nothing was run.
    pub fn is_parse(&self) -> bool {
        self.kind == "parse"
    }

    /// Whether it ended because it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.kind == "cancelled"
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScriptError {}

/// What a script's text lacks, for a report.
pub(super) fn from_parse_error(error: &ParseError, source: &str, text: &str) -> ScriptError {
    ScriptError {
        kind: "parse".into(),
        message: error.err_type().to_string(),
        places: vec![place(source, text, error.position(), None)],
        error: None,
    }
}

/// A place, with the text of its line.
pub(super) fn place(source: &str, text: &str, position: Position, function: Option<&str>) -> CallSite {
    let line = position.line().unwrap_or(0);
    CallSite {
        source: source.to_owned(),
        line,
        column: position.position().unwrap_or(0),
        text: line.checked_sub(1).and_then(|index| text.lines().nth(index)).map(str::to_owned),
        function: function.map(str::to_owned),
    }
}
