//! Processes that outlive their owner under a name: the commands that start, find and signal one.
//!
//! On its host such a process has a folder, with its output, its process id, and in the end its
//! status. A small POSIX shell program, which lives as long as the process does, writes them; it
//! needs nothing on the host but `sh` and `setsid` (util-linux or busybox).

use crate::{
    Error, Result,
    command::{Command, Job},
    event::{ExitStatus, Signal},
};
use std::{ffi::OsStr, path::Path};

/// The exit code with which the starting command says that the name is taken: `EX_TEMPFAIL` of
/// `sysexits.h`.
pub(crate) const NAME_IS_TAKEN: i32 = 75;

/// Starts `"$@"` in the folder `$0`, and ends as soon as it runs. What it reads goes through a
/// file, since its own input ends with it.
const START: &str = r#"
umask 077
dir=$0; keep=$1; shift
mkdir -p "$dir" || exit
if [ -e "$dir/pid" ] && [ ! -e "$dir/status" ] && kill -0 "$(cat "$dir/keeper")" 2>/dev/null; then exit 75; fi
rm -f "$dir/pid" "$dir/status" "$dir/stdout" "$dir/stderr"
command -v "$1" >/dev/null || exit 127
command -v setsid >/dev/null || { echo "setsid is missing: it comes with util-linux and busybox" >&2; exit 69; }
cat >"$dir/stdin" || exit
: >"$dir/stdout"; : >"$dir/stderr"
setsid sh -c "$keep" "$dir" "$@" </dev/null >/dev/null 2>&1 &
while [ ! -e "$dir/pid" ] && [ ! -e "$dir/status" ]; do sleep 0.01 2>/dev/null || sleep 1; done
"#;

/// Runs `"$@"` in a session of its own, and writes down how it ended. About a child that a signal
/// killed a shell writes a message to its standard error, and about an exit code it does not.
const KEEP: &str = r#"
dir=$0
exec 2>"$dir/message"
echo $$ >"$dir/keeper"
trap : HUP INT TERM
setsid sh -c 'echo $$ >"$0/pid.new" && mv "$0/pid.new" "$0/pid" && exec 2>>"$0/stderr" && exec "$@"' "$dir" "$@" <"$dir/stdin" >>"$dir/stdout"
status=$?
kind=exited; [ -s "$dir/message" ] && kind=signaled
echo "$kind $status" >"$dir/status.new" && mv "$dir/status.new" "$dir/status"
"#;

/// Checks that a name can be that of a folder.
///
/// # Errors
///
/// [`Invalid`](crate::ErrorKind::Invalid) for an empty name, and for one with anything but
/// letters, digits, `.`, `_` and `-`.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(Error::invalid(format!(
            "`{name}` can't name a detached process: use letters, digits, `.`, `_` and `-`"
        )));
    }
    Ok(())
}

/// The command that prints the folder in which a host keeps its detached processes, as the XDG
/// base directory specification has it.
pub fn state_folder() -> Command {
    Command::shell(r#"printf %s "${XDG_STATE_HOME:-${HOME:-/tmp}/.local/state}/rexec/detached""#).reads_only()
}

/// The command that starts a job as a detached process in this folder, with the environment, the
/// directory and the input of the job.
///
/// # Errors
///
/// [`Unsupported`](crate::ErrorKind::Unsupported) for a pipeline or a sequence, a terminal,
/// redirects, and input that comes while it runs.
pub fn start(job: &Job, folder: &Path) -> Result<Command> {
    let Job::Command(command) = job else {
        return Err(Error::unsupported("only a single command can be detached: put the others into `sh -c`"));
    };
    refuse_what_does_not_last(command)?;
    let mut starter = command.clone();
    starter.program = "sh".into();
    starter.args = [OsStr::new("-c"), OsStr::new(START), folder.as_os_str(), OsStr::new(KEEP)]
        .into_iter()
        .map(OsStr::to_owned)
        .chain([command.program.clone()])
        .chain(command.args.iter().cloned())
        .collect();
    starter.label = Some(command.title());
    (starter.detach, starter.timeout, starter.merge_stderr) = (None, None, false);
    Ok(starter.daemon())
}

fn refuse_what_does_not_last(command: &Command) -> Result<()> {
    use crate::command::{OutputTarget, StdinSource};
    let redirected = command.stdout != OutputTarget::Events || command.stderr != OutputTarget::Events;
    let what = match &command.stdin {
        _ if command.tty => "a terminal",
        _ if redirected => "a redirect of its output, which is kept anyway,",
        StdinSource::Piped | StdinSource::Inherit => "input that comes while it runs",
        _ => return Ok(()),
    };
    Err(Error::unsupported(format!("a detached process can't have {what}")).with_command(command.to_string()))
}

/// The command that sends a signal to the process group `pid`. Its exit code says nothing: shells
/// disagree about it.
pub fn signal(pid: u32, signal: Signal) -> Command {
    // The one form that every shell's own `kill` reads as a group, and none as something else.
    const KILL: &str = r#"kill -s "$1" -- "-$2" 2>/dev/null; :"#;
    Command::new("/bin/sh").args(["-c", KILL, "kill"]).arg(signal.to_string()).arg(pid.to_string())
}

/// The command that writes what the process in this folder has written and writes, each output to
/// its own, until it has ended or whoever keeps it is gone. It may end a little early: what came
/// last is then still to be read from the files.
pub fn follow(folder: &Path, keeper: u32) -> Command {
    const FOLLOW: &str = r#"
tail -c +1 -f "$0/stdout" & a=$!
tail -c +1 -f "$0/stderr" >&2 & b=$!
while [ ! -e "$0/status" ] && kill -0 "$1" 2>/dev/null; do sleep 0.05 2>/dev/null || sleep 1; done
kill "$a" "$b"; wait
"#;
    Command::shell(FOLLOW).arg(folder).arg(keeper.to_string()).reads_only()
}

/// How the process ended, from its `status` file.
pub fn parse_status(text: &str) -> Option<ExitStatus> {
    let (kind, number) = text.trim().split_once(' ')?;
    let number: i32 = number.parse().ok()?;
    Some(match (kind, Signal::from_linux_number(number - 128)) {
        ("signaled", Some(signal)) => ExitStatus::Signaled(signal),
        _ => ExitStatus::Exited(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_an_exit_code_from_a_signal() {
        assert_eq!(parse_status("exited 143\n"), Some(ExitStatus::Exited(143)));
        assert_eq!(parse_status("signaled 143\n"), Some(ExitStatus::Signaled(Signal::Term)));
        assert_eq!(parse_status(""), None);
    }

    #[test]
    fn the_words_of_the_command_stay_words() {
        let job = Job::from(Command::new("echo").arg("a b; rm").env("X", "1").detach("n"));
        let starter = start(&job, Path::new("/state/n")).unwrap();
        assert_eq!(starter.args.last().unwrap(), "a b; rm");
        assert!(starter.daemon && starter.detach.is_none());
        assert_eq!(starter.title(), "echo 'a b; rm'");
    }

    #[test]
    fn a_name_is_no_path() {
        assert!(check_name("web-1.2").is_ok());
        for name in ["", "..", "a/b", "a b", ".hidden"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
