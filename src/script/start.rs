//! The one way by which a script's commands start: defaults, limits and dry runs apply here.

use super::{hosts::Host, run::Run};
use crate::{Output, Result, command::Job, event::ExitStatus};

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
/// Where it may not.
pub(super) fn permit(run: &Run, host: &Host, job: &Job) -> Result<Permit> {
    let job = host.with_defaults(job.clone()).map(&mut |mut command| {
        command.timeout = command.timeout.or(run.settings.timeout);
        command
    });
    if run.settings.dry_run && !job.commands().iter().all(|command| command.reads_only) {
        run.eprint(&format!("would run on {}: {job}", host.name()));
        let output = Output::new(ExitStatus::Exited(0), job.to_string(), host.name().to_owned());
        return Ok(Permit::Pretend(output));
    }
    Ok(Permit::Start(job))
}
