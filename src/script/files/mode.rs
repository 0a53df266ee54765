//! Modes as scripts write them: `"0644"` or `0o644`.

use crate::{
    executor::Mode,
    script::{convert::describe, error, scope::ScriptResult},
};
use rhai::{Dynamic, ImmutableString};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use std::fmt;

/// A mode that was given as an argument.
pub(super) fn from_value(value: &Dynamic) -> ScriptResult<Mode> {
    if let Ok(number) = value.as_int() {
        return Mode::from_number(number).map_err(error::thrown);
    }
    match value.read_lock::<ImmutableString>() {
        Some(text) => text.parse().map_err(error::thrown),
        None => Err(error::invalid(format!(
            "expected a mode, such as \"0644\" or 0o644, and not {}",
            describe(value)
        ))),
    }
}

/// A mode in a map of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ModeOption(pub(super) Mode);

impl<'de> Deserialize<'de> for ModeOption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeVisitor)
    }
}

struct ModeVisitor;

impl Visitor<'_> for ModeVisitor {
    type Value = ModeOption;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mode, such as \"0644\" or 0o644")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<ModeOption, E> {
        Mode::from_number(number).map(ModeOption).map_err(|error| E::custom(error.message()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ModeOption, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ModeOption, E> {
        text.parse().map(ModeOption).map_err(|error: crate::Error| E::custom(error.message()))
    }
}
