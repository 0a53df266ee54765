//! The mark in a command's environment, by which all that it started can be found.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

/// The variable that carries the marks of a command, one for each rexec around it, outermost
/// first, with `:` between.
pub(super) const VARIABLE: &str = "REXEC_COMMAND_ID";

/// What all marks of one backend begin with: random, since a mark is proof enough to kill for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BackendId(String);

impl BackendId {
    pub(super) fn random() -> Self {
        // The keys of a `RandomState` come from the system's source of randomness.
        let half = || RandomState::new().build_hasher().finish();
        Self(format!("{:016x}{:016x}", half(), half()))
    }

    pub(super) fn mark(&self, count: u64) -> Mark {
        Mark(format!("{self}-{count}"))
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark(String);

impl Mark {
    /// The variable's value for a command that would inherit `inherited`.
    pub(super) fn value(&self, inherited: Option<&OsStr>) -> OsString {
        let mut value = inherited.filter(|text| !text.is_empty()).map(OsStr::to_owned).unwrap_or_default();
        if !value.is_empty() {
            value.push(":");
        }
        value.push(&self.0);
        value
    }
}

/// Whose mark is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum MarkOf<'a> {
    /// Those of one command.
    Command(&'a Mark),
    /// Those of all commands of a backend.
    Backend(&'a BackendId),
}

impl MarkOf<'_> {
    /// Whether a process with this environment (`NAME=value`, each ended by a NUL) is one of them.
    pub(super) fn is_in(self, environment: &[u8]) -> bool {
        let variables = environment.split(|&byte| byte == 0);
        let value = variables
            .filter_map(|variable| variable.strip_prefix(VARIABLE.as_bytes()))
            .find_map(|rest| rest.strip_prefix(b"="));
        value.is_some_and(|value| value.split(|&byte| byte == b':').any(|mark| self.made(mark)))
    }

    fn made(self, mark: &[u8]) -> bool {
        match self {
            MarkOf::Command(own) => mark == own.0.as_bytes(),
            MarkOf::Backend(id) => {
                mark.strip_prefix(id.0.as_bytes()).is_some_and(|rest| rest.starts_with(b"-"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_mark_is_found_among_those_of_other_commands_around_it() {
        let (outer, inner) = (BackendId::random(), BackendId::random());
        let mark = inner.mark(7);
        let value = mark.value(Some(&outer.mark(1).value(None)));
        let environment = [b"PATH=/bin\0REXEC_COMMAND_ID=", value.as_bytes(), b"\0HOME=/\0"].concat();
        assert!(MarkOf::Command(&mark).is_in(&environment));
        assert!(MarkOf::Command(&outer.mark(1)).is_in(&environment));
        assert!(MarkOf::Backend(&inner).is_in(&environment));
        assert!(!MarkOf::Command(&inner.mark(70)).is_in(&environment));
        assert!(!MarkOf::Command(&outer.mark(11)).is_in(&environment));
        assert!(!MarkOf::Backend(&BackendId::random()).is_in(&environment));
    }

    #[test]
    fn a_mark_in_another_variable_is_none() {
        let mark = BackendId::random().mark(1);
        let environment = [b"OLD_REXEC_COMMAND_ID=", mark.0.as_bytes(), b"\0"].concat();
        assert!(!MarkOf::Command(&mark).is_in(&environment));
    }
}
