//! Refuses commands that can't be started as they stand, on any host, before anything is opened
//! or run.

use crate::{
    Error, Result,
    command::{Command, EnvChange, OutputTarget, StdinSource},
};
use std::ffi::OsStr;

/// Looks through the stages of a pipeline, or a command on its own.
pub(crate) fn check(stages: &[Command]) -> Result<()> {
    for (index, stage) in stages.iter().enumerate() {
        let in_context = |error: Error| error.with_command(stage.to_string());
        check_words(stage).and_then(|()| check_redirects(stage)).map_err(in_context)?;
        if stages.len() > 1 {
            check_stage(stage, index > 0).map_err(in_context)?;
        }
    }
    Ok(())
}

/// The kernel takes words that end at the first NUL byte: what has one in it would be cut.
fn check_words(command: &Command) -> Result<()> {
    refuse_nul("the program", &command.program)?;
    for (index, arg) in command.args.iter().enumerate() {
        refuse_nul(&format!("argument {}", index + 1), arg)?;
    }
    for change in &command.env {
        let (EnvChange::Set(name, _) | EnvChange::Unset(name)) = change;
        let shown = name.display();
        if name.is_empty() || name.as_encoded_bytes().contains(&b'=') || name.as_encoded_bytes().contains(&0)
        {
            return Err(Error::invalid(format!("`{shown}` can't be the name of an environment variable")));
        }
        if let EnvChange::Set(_, value) = change {
            refuse_nul(&format!("the environment variable `{shown}`"), value)?;
        }
    }
    Ok(())
}

fn refuse_nul(what: &str, word: &OsStr) -> Result<()> {
    if word.as_encoded_bytes().contains(&0) {
        return Err(Error::invalid(format!("{what} has a NUL byte in it, and no program can be given one"))
            .with_hint("give it as input instead"));
    }
    Ok(())
}

fn check_redirects(command: &Command) -> Result<()> {
    if command.merge_stderr && command.stderr != OutputTarget::Events {
        return Err(Error::invalid("standard error can't go to a file and to standard output at once"));
    }
    if command.detach.is_some() {
        return Err(Error::unsupported("a detached command can only be spawned: nobody waits for its end"));
    }
    Ok(())
}

fn check_stage(stage: &Command, reads_from_another: bool) -> Result<()> {
    if reads_from_another && stage.stdin != StdinSource::Empty {
        return Err(Error::invalid("only the first stage of a pipeline can be given input")
            .with_hint("the others read what the one before them writes"));
    }
    if stage.tty {
        return Err(Error::unsupported("a stage of a pipeline can't have a terminal"));
    }
    Ok(())
}
