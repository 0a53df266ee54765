//! The environment that a command runs with.

use super::mark::{self, Mark};
use crate::{
    backend::local::DAEMON_MARK,
    command::{Command, EnvChange},
};
use std::{
    env,
    ffi::{OsStr, OsString},
};

/// Puts a command's changes to the environment, and its mark, into a standard library's command.
///
/// A daemon has no such mark, since what it leaves is not to be found, but one by which the guard
/// of the binary spares it. For all others the environment is after [`Command::env_clear`] exactly
/// what the command sets: there is no mark, and what leaves the command's process group and its tree
/// can't be found any longer.
pub(super) fn apply(command: &Command, mark: &Mark, to: &mut std::process::Command) {
    if command.clear_env {
        to.env_clear();
    }
    for change in &command.env {
        match change {
            EnvChange::Set(name, value) => to.env(name, value),
            EnvChange::Unset(name) => to.env_remove(name),
        };
    }
    if command.daemon {
        to.env(DAEMON_MARK, "1");
    } else if !command.clear_env {
        to.env(mark::VARIABLE, mark.value(variable(command, mark::VARIABLE).as_deref()));
    }
}

/// The value that a variable has for the command.
pub(super) fn variable(command: &Command, name: &str) -> Option<OsString> {
    for change in command.env.iter().rev() {
        match change {
            EnvChange::Set(set, value) if set == name => return Some(value.clone()),
            EnvChange::Unset(unset) if unset == name => return None,
            _ => {}
        }
    }
    if command.clear_env { None } else { env::var_os(name) }
}

/// Where a command's program is looked for: its own `PATH`, or if it has none, that of this
/// program.
pub(super) fn search_path(command: &Command) -> OsString {
    let path = variable(command, "PATH").or_else(|| env::var_os("PATH"));
    path.unwrap_or_else(|| OsStr::new("/usr/local/bin:/usr/bin:/bin").to_owned())
}
