//! An error that nobody caught, for people and for programs.

use super::style::Style;
use crate::script::{CallSite, ScriptError};
use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::ops::Range;

/// What is written to standard error, without the last newline, and with secrets masked.
pub(super) fn render(error: &ScriptError, style: Style) -> String {
    let text = if style.json { as_json(error).to_string() } else { for_people(error, style.colour) };
    error.mask(&text)
}

/// The message; the script's line with a caret; the calls that led there; the end of what the
/// command wrote; what can be done about it.
fn for_people(error: &ScriptError, colour: bool) -> String {
    let mut places = error.places.iter();
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some(innermost) = places.next() {
        elements.push(snippet(innermost).into());
    }
    elements.extend(places.map(|place| Level::NOTE.message(describe_call(place)).into()));
    if let Some(tail) = tail(error) {
        elements.push(Level::NOTE.with_name(Some("output")).message(tail).into());
    }
    if let Some(hint) = &error.hint {
        elements.push(Level::HELP.with_name(Some("hint")).message(hint).into());
    }
    let report = Level::ERROR.primary_title(&error.message).elements(elements);
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[report]).trim_end().to_owned()
}

fn snippet(place: &CallSite) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let line = place.text.as_deref().unwrap_or_default();
    let caret = AnnotationKind::Primary.span(word_at(line, place.column));
    Snippet::source(line).line_start(place.line.max(1)).path(&place.source).annotation(caret)
}

/// The bytes of the word at a column, or of the one character there.
fn word_at(line: &str, column: usize) -> Range<usize> {
    let mut characters = line.char_indices().skip(column.saturating_sub(1));
    let Some((start, first)) = characters.next() else { return line.len()..line.len() };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rest = characters.take_while(|(_, c)| is_word(first) && is_word(*c));
    let end = rest.last().map_or(start + first.len_utf8(), |(last, c)| last + c.len_utf8());
    start..end
}

fn describe_call(place: &CallSite) -> String {
    let function = place.function.as_ref().map(|name| format!("in `{name}`, ")).unwrap_or_default();
    let text = place.text.as_ref().map(|text| format!(": {}", text.trim())).unwrap_or_default();
    format!("{function}called at {}:{}:{}{text}", place.source, place.line, place.column)
}

fn tail(error: &ScriptError) -> Option<String> {
    error.error.as_ref()?.tail()
}

fn as_json(error: &ScriptError) -> Value {
    let cause = error.error.as_ref();
    let output = error.output();
    let status = output.map(|output| output.status);
    json!({ "error": {
        "kind": error.kind,
        "message": error.message,
        "places": error.places.iter().map(place_as_json).collect::<Vec<_>>(),
        "host": cause.and_then(|cause| cause.host()),
        "command": cause.and_then(|cause| cause.command()),
        "code": status.and_then(|status| status.code()),
        "signal": status.and_then(|status| status.signal()).map(|signal| signal.to_string()),
        "stdout": output.map(|output| output.stdout.text()),
        "stderr": output.map(|output| output.stderr.text()),
        "hint": error.hint,
    }})
}

fn place_as_json(place: &CallSite) -> Value {
    json!({
        "source": place.source,
        "line": place.line,
        "column": place.column,
        "text": place.text,
        "function": place.function,
    })
}
