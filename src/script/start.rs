//! The one way by which a script's commands start: defaults, limits and dry runs apply here.

use super::{hosts::Host, policy::Action, record, run::Run};
use crate::{
    HostProcess, Output, Result,
    command::{Command, EnvChange, Job},
    event::ExitStatus,
};
use std::{env, path::PathBuf, time::Instant};

/// What is to happen with a job that a script wants to run.
pub(super) enum Permit {
    /// It starts, as it is here.
    Start(Job),
    /// It is only said what would start.
    Pretend(Output),
}

/// Prepares a job for a host: its defaults, those of the run, and whether it starts at all.
///
/// # Errors
///
/// `Denied` where the policy does not let it.
pub(super) fn permit(run: &Run, host: &Host, job: &Job) -> Result<Permit> {
    let job = host.with_defaults(job.clone()).map(&mut |mut command| {
        command.timeout = command.timeout.or(run.settings.timeout);
        command
    });
    if !run.settings.policy.is_empty() {
        job.commands().into_iter().try_for_each(|command| check_policy(run, host, command))?;
    }
    if run.settings.dry_run && !job.commands().iter().all(|command| command.reads_only) {
        run.eprint(&format!("would run on {}: {job}", host.name()));
        if let Some(recorder) = run.recorder() {
            recorder.command(host.name(), &job.to_string(), true);
        }
        let output = Output::new(ExitStatus::Exited(0), job.to_string(), host.name().to_owned());
        return Ok(Permit::Pretend(output));
    }
    Ok(Permit::Start(job))
}

/// Starts a job that was permitted, and notes in the record what becomes of it.
///
/// # Errors
///
/// Where it can't be started.
pub(super) async fn spawn(run: &Run, host: &Host, job: Job) -> Result<HostProcess> {
    let Some(recorder) = run.recorder() else { return host.executor().spawn(job).await };
    let id = recorder.command(host.name(), &job.to_string(), false);
    let started = Instant::now();
    match host.executor().spawn(job).await {
        Ok(process) => Ok(record::observed(process, recorder, id, started)),
        Err(error) => {
            recorder.failed(id, &error);
            Err(error)
        }
    }
}

fn check_policy(run: &Run, host: &Host, command: &Command) -> Result<()> {
    let program = command.program.to_string_lossy();
    let env: Vec<_> = command
        .env
        .iter()
        .map(|change| match change {
            EnvChange::Set(name, _) | EnvChange::Unset(name) => name.to_string_lossy(),
        })
        .collect();
    let env: Vec<&str> = env.iter().map(AsRef::as_ref).collect();
    let resolved = (host.kind() == "local").then(|| resolve(command)).flatten();
    run.check(&Action::Run { host: host.name(), program: &program, resolved: resolved.as_deref(), env: &env })
}

/// The file on this machine that a command's program is, behind links.
fn resolve(command: &Command) -> Option<PathBuf> {
    let dir = command.current_dir.clone().or_else(|| env::current_dir().ok())?;
    which::which_in(&command.program, env::var_os("PATH"), dir).ok()?.canonicalize().ok()
}
