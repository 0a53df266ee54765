//! Values on their way between Rhai and our types.

use super::{command::Command, error, scope::ScriptResult};
use crate::{Error, command::words};
use rhai::{Array, Dynamic, ImmutableString};

/// A text, or `()` where there is none.
pub(super) fn text_or_unit(text: Option<impl Into<ImmutableString>>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| Dynamic::from(text.into()))
}

/// Texts as an array.
pub(super) fn array<T: Into<Dynamic>>(items: impl IntoIterator<Item = T>) -> Array {
    items.into_iter().map(Into::into).collect()
}

/// What a script may give where a command is expected: a Command, a text (split into words with no
/// shell), or an array of program and arguments.
pub(super) fn command(value: &Dynamic) -> ScriptResult<Command> {
    if let Some(command) = value.read_lock::<Command>() {
        return Ok(command.clone());
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        let words = words::split(&text).map_err(|problem| {
            error::thrown(Error::invalid(problem.to_string()).with_command(text.to_string()))
        })?;
        return from_words(words);
    }
    if let Some(items) = value.read_lock::<Array>() {
        return from_words(arguments_of(&items)?);
    }
    Err(error::invalid(format!(
        "expected a command: a template, a text, or an array of program and arguments; and not {}",
        describe(value)
    )))
}

fn from_words(words: Vec<String>) -> ScriptResult<Command> {
    let mut words = words.into_iter();
    let program = words.next().filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| error::invalid("an empty command: there is no program to run"))?;
    Ok(crate::Command::new(program).args(words).into())
}

/// One argument of a command: a text, a number, a bool or a character.
pub(super) fn argument(value: &Dynamic) -> ScriptResult<String> {
    scalar(value).ok_or_else(|| {
        error::invalid(format!("expected a text or a number as an argument, and not {}", describe(value)))
    })
}

/// Arguments of a command: an array of such values; nested arrays count as their items.
pub(super) fn arguments(value: &Dynamic) -> ScriptResult<Vec<String>> {
    match value.read_lock::<Array>() {
        Some(items) => arguments_of(&items),
        None => argument(value).map(|argument| vec![argument]),
    }
}

fn arguments_of(items: &Array) -> ScriptResult<Vec<String>> {
    let mut arguments = Vec::with_capacity(items.len());
    for item in items {
        arguments.extend(self::arguments(item)?);
    }
    Ok(arguments)
}

/// The text of a value that has exactly one: nothing that is `()`, a map, a closure or a handle.
pub(super) fn scalar(value: &Dynamic) -> Option<String> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Some(text.to_string());
    }
    let plain = value.is_int() || value.is_float() || value.is_bool() || value.is_char();
    plain.then(|| value.to_string())
}

/// A value in the middle of a message: what it is, in the script's words.
pub(super) fn describe(value: &Dynamic) -> String {
    if value.is_unit() {
        return "`()`, which is no value".into();
    }
    if value.is_map() {
        return "a map".into();
    }
    if value.is_array() {
        return "an array".into();
    }
    if value.is_fnptr() {
        return "a function".into();
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return format!("the text {:?}", &**text);
    }
    match scalar(value) {
        Some(text) => text,
        None => format!("a value of type {}", type_name(value)),
    }
}

/// A type's name without Rust's path in front of it.
fn type_name(value: &Dynamic) -> &'static str {
    value.type_name().rsplit("::").next().unwrap_or_default()
}

/// The bytes of a text or a blob.
pub(super) fn blob_or_text(value: &Dynamic) -> ScriptResult<bytes::Bytes> {
    if let Some(blob) = value.read_lock::<rhai::Blob>() {
        return Ok(bytes::Bytes::copy_from_slice(&blob));
    }
    match value.read_lock::<ImmutableString>() {
        Some(text) => Ok(bytes::Bytes::copy_from_slice(text.as_bytes())),
        None => Err(error::invalid(format!("expected a text or a blob, and not {}", describe(value)))),
    }
}
