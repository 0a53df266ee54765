//! Which files a call touches, and whether the policy allows it.

use crate::script::{
    error::thrown,
    hosts::Host,
    policy::Action,
    scope::{self, ScriptResult},
};
use std::path::{Component, Path, PathBuf};

/// A file that a call reads or changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access<'a> {
    path: &'a Path,
    writes: bool,
    /// Whether a link at the end of the path is meant itself, and not what it points to.
    itself: bool,
}

impl<'a> Access<'a> {
    pub(super) fn read(path: &'a str) -> Self {
        Self { path: Path::new(path), writes: false, itself: false }
    }

    pub(super) fn write(path: &'a str) -> Self {
        Self { path: Path::new(path), writes: true, itself: false }
    }

    /// What is meant is the name, not what it points to if it is a link.
    pub(super) fn itself(self) -> Self {
        Self { itself: true, ..self }
    }
}

/// Whether the script may do this on that host.
///
/// # Errors
///
/// `denied` where it may not.
pub(super) fn permit(host: &Host, accesses: &[Access]) -> ScriptResult<()> {
    let run = scope::current()?.run;
    if run.settings.policy.is_empty() {
        return Ok(());
    }
    for access in accesses {
        let path = scope::wait(real_path(host, access))?;
        let action = match access.writes {
            true => Action::Write { host: host.name(), path: &path },
            false => Action::Read { host: host.name(), path: &path },
        };
        run.check(&action).map_err(thrown)?;
    }
    Ok(())
}

/// What the policy is about: the path with links followed, since a link would lead around it.
async fn real_path(host: &Host, access: &Access<'_>) -> crate::Result<PathBuf> {
    let files = match (host.kind(), std::env::current_dir()) {
        // Where relative paths begin is known on this machine.
        ("local", Ok(current)) => host.executor().files().in_dir(current),
        _ => host.executor().files(),
    };
    let files = match host.dir() {
        Some(dir) => files.in_dir(dir),
        None => files,
    };
    match (access.itself, access.path.components().next_back()) {
        (true, Some(Component::Normal(name))) => {
            let parent = access.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            Ok(files.real_path(parent.unwrap_or(Path::new("."))).await?.join(name))
        }
        _ => files.real_path(access.path).await,
    }
}
