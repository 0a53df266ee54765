//! Finds the program and the directory of a command, so that what is wrong with them is said
//! before anything runs.
//!
//! The kernel gives one and the same error for a missing program, a missing directory and a
//! missing interpreter. And a program that is named by its full path is started faster, also when
//! the command has another `PATH` or another directory.

use super::{environment, unix};
use crate::{Error, ErrorKind, Result, command::Command};
use std::{
    ffi::OsStr,
    fs,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// The directory in which the command runs, as a full path; `None` for our own.
pub(super) fn directory(command: &Command) -> Result<Option<PathBuf>> {
    let Some(path) = &command.current_dir else { return Ok(None) };
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => return Err(Error::from_io(format!("directory `{shown}`"), error)),
        Ok(found) if !found.is_dir() => {
            return Err(Error::new(ErrorKind::NotFound, format!("`{shown}` is not a directory")));
        }
        Ok(_) => {}
    }
    unix::may_execute(path).map_err(|error| Error::from_io(format!("directory `{shown}`"), error))?;
    let full = std::path::absolute(path).map_err(|error| Error::from_io(format!("`{shown}`"), error))?;
    Ok(Some(full))
}

/// The file of the command's program, as a full path. One with a slash in it is looked for in the
/// command's directory, any other in its `PATH`.
pub(super) fn find(command: &Command, directory: Option<&Path>) -> Result<PathBuf> {
    let program = command.program.as_os_str();
    if program.as_bytes().contains(&b'/') {
        let file = directory.unwrap_or(Path::new("")).join(program);
        return check(&file).map(|()| file);
    }
    // With a dot, so that a file found here is not looked for on the `PATH` once more.
    search(program, &environment::search_path(command), directory.unwrap_or(Path::new(".")))
}

/// As a shell does: the first file that can be run; one that is there but can't be is remembered
/// for the message.
fn search(program: &OsStr, path: &OsStr, base: &Path) -> Result<PathBuf> {
    let mut refused = None;
    // An empty entry means the current directory (POSIX.1-2024, XBD 8.3).
    for entry in std::env::split_paths(path) {
        let file = base.join(entry).join(program);
        match check(&file) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() == ErrorKind::Denied => refused = refused.or(Some(error)),
            Err(_) => {}
        }
    }
    Err(refused.unwrap_or_else(|| not_on_path(program, path, base)))
}

fn not_on_path(program: &OsStr, path: &OsStr, base: &Path) -> Error {
    let shown = program.display();
    let error = Error::new(ErrorKind::NotFound, format!("program `{shown}` not found"));
    if base.join(program).is_file() {
        error.with_hint(format!("it is in the command's directory: write `./{shown}` to run that"))
    } else {
        error.with_hint(format!("it is in no directory of PATH={}", path.display()))
    }
}

/// Whether this file can be run.
fn check(file: &Path) -> Result<()> {
    let shown = file.display();
    match fs::metadata(file) {
        Err(error) => Err(Error::from_io(format!("program `{shown}`"), error)),
        Ok(found) if found.is_dir() => {
            Err(Error::new(ErrorKind::Denied, format!("`{shown}` is a directory and can't be run")))
        }
        Ok(_) => unix::may_execute(file).map_err(|error| {
            Error::from_io(format!("program `{shown}`"), error)
                .with_hint(format!("is it executable? `chmod +x {shown}` makes it so"))
        }),
    }
}

/// What the kernel's refusal to run this file, which was found before, means.
pub(super) fn explain(file: &Path, error: io::Error) -> Error {
    let shown = file.display();
    match error.raw_os_error() {
        Some(libc::E2BIG) => Error::new(ErrorKind::Invalid, "the arguments and the environment are too long")
            .with_hint("give them as input, or in a file")
            .with_source(error),
        Some(libc::ENOEXEC) => {
            Error::new(ErrorKind::Denied, format!("`{shown}` is no program for this machine"))
                .with_hint("a script begins with a line such as `#!/bin/sh`")
                .with_source(error)
        }
        Some(libc::ENOENT) => missing_interpreter(file).with_source(error),
        _ => Error::from_io(format!("start `{shown}`"), error),
    }
}

/// The file is there, so what is not there is what should run it.
fn missing_interpreter(file: &Path) -> Error {
    let shown = file.display();
    let message = match interpreter(file) {
        Some(name) => format!("the interpreter of `{shown}`, `{name}`, was not found"),
        None => format!("`{shown}`, or the loader that it needs, was not found"),
    };
    Error::new(ErrorKind::NotFound, message)
}

/// What stands behind `#!` in the first line.
fn interpreter(file: &Path) -> Option<String> {
    let mut head = Vec::new();
    fs::File::open(file).ok()?.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    // A file from Windows has a carriage return there, which can't be seen unless it is escaped.
    let name = line.trim_matches([' ', '\t']).split([' ', '\t']).next()?;
    Some(name.escape_debug().to_string())
}
