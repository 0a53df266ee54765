//! Whether to use colour and to draw.

use super::arguments::Form;
use std::{
    env,
    io::{self, IsTerminal},
};

/// How what goes to standard error looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Colours may be used.
    pub(super) colour: bool,
    /// A line that was written may be changed: there is somebody who looks at it.
    pub(super) animation: bool,
    /// JSON is asked for.
    pub(super) json: bool,
}

impl Style {
    /// As asked for, and as the surroundings have it: a terminal is needed for all but text, and
    /// `NO_COLOR` (no-color.org), `CI` and `TERM=dumb` say that nobody looks at one.
    pub(super) fn new(form: Form) -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let animation = form == Form::Pretty && io::stderr().is_terminal() && !is_dumb && !is_set("CI");
        Self { colour: animation && !is_set("NO_COLOR"), animation, json: form == Form::Json }
    }
}
