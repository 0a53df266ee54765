//! `host.shell()`: an interactive shell in the terminal of this program.

use super::{
    define::function,
    error::thrown,
    execute::{self, Accept},
    hosts::Host,
    output::Output,
    scope::{self, ScriptResult},
};
use crate::{
    Error, ErrorKind,
    command::{Command, Job, OutputTarget, StdinSource},
};
use rhai::Engine;
use std::io::{self, IsTerminal};

/// The terminal of this program, whatever its outputs were sent to (`tty(4)`).
const TERMINAL: &str = "/dev/tty";

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "shell(host: Host) -> Output",
        r#"
An interactive shell on the host, in the terminal that the script was started in, until you leave it. Throws
where there is no terminal, and `unsupported` on a host that can have none.

```rhai no_run needs a terminal
ssh("deploy@web1").shell();
```
"#,
        |host: &mut Host| shell(host),
    );
}

fn shell(host: &mut Host) -> ScriptResult<Output> {
    if !io::stdin().is_terminal() {
        return Err(thrown(
            Error::invalid("a shell needs a terminal, and there is none").with_host(host.name()),
        ));
    }
    let (place, command) = match host.kind() {
        "local" => (host.clone(), Command::new(std::env::var_os("SHELL").unwrap_or_else(|| "sh".into()))),
        _ => (scope::current()?.run.local(), to_host(host)?),
    };
    execute::run(&place, &Job::from(in_terminal(command)), Accept::AnyStatus)
}

/// The command on this machine that opens a shell on that host.
#[cfg(all(unix, feature = "ssh"))]
fn to_host(host: &Host) -> ScriptResult<Command> {
    if host.has_defaults() {
        return Err(refused(
            host,
            "a shell over SSH begins as the user's login does: no directory, no environment",
        ));
    }
    match host.executor().backend().downcast_ref::<crate::SshBackend>() {
        Some(backend) => Ok(backend.shell()),
        None => Err(refused(host, "an interactive shell is not supported here")),
    }
}

#[cfg(not(all(unix, feature = "ssh")))]
fn to_host(host: &Host) -> ScriptResult<Command> {
    Err(refused(host, "an interactive shell is not supported here"))
}

fn refused(host: &Host, why: &str) -> Box<rhai::EvalAltResult> {
    thrown(Error::new(ErrorKind::Unsupported, why).with_host(host.name()))
}

fn in_terminal(command: Command) -> Command {
    let terminal = || OutputTarget::Append(TERMINAL.into());
    command.stdin(StdinSource::Inherit).stdout(terminal()).stderr(terminal())
}
