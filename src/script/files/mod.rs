//! Files in scripts: reading, writing, moving and looking at them on any host.

mod access;
mod contents;
mod mode;
mod temp_dirs;
mod transfer;
mod tree;

pub(super) use temp_dirs::TempDirs;

use access::{Access, permit};

use super::{
    hosts::Host,
    scope::{self, ScriptResult},
};
use crate::executor::Files;
use rhai::Engine;
use std::future::Future;

pub(super) fn register(engine: &mut Engine) {
    contents::register(engine);
    tree::register(engine);
    transfer::register(engine);
    temp_dirs::register(engine);
}

/// A host's files, with its own directory for relative paths.
fn files_of(host: &Host) -> Files {
    let files = host.executor().files();
    match host.dir() {
        Some(dir) => files.in_dir(dir),
        None => files,
    }
}

/// Does something that only reads.
fn reading<T, F>(host: &Host, accesses: &[Access], work: impl FnOnce(Files) -> F) -> ScriptResult<T>
where
    F: Future<Output = crate::Result<T>>,
{
    permit(host, accesses)?;
    scope::wait(work(files_of(host)))
}

/// Does something that changes files. A dry run only says that it `would`, and gives what stands
/// for "nothing was done".
fn changing<T, F>(
    host: &Host,
    accesses: &[Access],
    would: &str,
    work: impl FnOnce(Files) -> F,
) -> ScriptResult<T>
where
    T: Default,
    F: Future<Output = crate::Result<T>>,
{
    permit(host, accesses)?;
    match is_dry(host, would)? {
        true => Ok(T::default()),
        false => scope::wait(work(files_of(host))),
    }
}

/// Whether this is a dry run; then it has been said what `would` be done.
fn is_dry(host: &Host, would: &str) -> ScriptResult<bool> {
    let run = scope::current()?.run;
    if run.settings.dry_run {
        run.eprint(&format!("would {would} on {}", host.name()));
    }
    Ok(run.settings.dry_run)
}
