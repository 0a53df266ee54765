//! What a script may do: `--allow` and `--deny`.
//!
//! A policy guards what rexec itself does for a script: where it runs commands, which programs it
//! starts, which files its file functions touch, which variables of the environment it reads. It is
//! no sandbox: a program that was allowed to start does what it likes, as the user who runs it. A
//! list of what is allowed therefore holds much more than a list of what is denied.
//!
//! | rule | is about |
//! | --- | --- |
//! | `local` | commands on this machine |
//! | `ssh:web*`, `ssh:deploy@web1` | commands and files on the hosts whose name fits |
//! | `docker:app*` | commands and files in the containers whose name fits |
//! | `program:systemctl`, `program:/opt/bin/x` | the programs that may be started, on any host |
//! | `read:/srv`, `write:/srv` | files there and below, in the file functions, on any host |
//! | `env:NAME*` | variables of rexec's environment, in `env` and `secret` |
//!
//! - Without rules everything is allowed. One rule that allows makes everything else denied, with
//!   one exception: programs are limited only by `program:` rules.
//! - A rule that denies wins over all that allow.
//! - A `program:` rule, whichever sort, also refuses shells and other programs that start what they
//!   are told (`env`, `xargs`, `sudo`, ...), unless one that allows names them: else `sh -c` would be
//!   a way around it. For the same reason commands that set `PATH` or `LD_*` are refused then.
//! - A program's bare name means what is found by that name; a path to it fits too where it leads
//!   to one of the system's own folders.
//! - Paths are compared resolved: a symbolic link is what it points to ([`resolve`]).

use crate::{Error, ErrorKind, Result};
use globset::{Glob, GlobMatcher};
use std::{
    fmt,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

/// The source of an error that the policy made; one that the host refused has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy does not allow it")]
pub struct DeniedByPolicy;

/// What is allowed and what is denied.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allow: Vec<Capability>,
    deny: Vec<Capability>,
}

/// Something that a script may want to do: one line of `--allow` or `--deny`.
#[derive(Clone, Debug)]
pub struct Capability {
    kind: Kind,
    /// As it was written.
    text: String,
}

#[derive(Clone, Debug)]
enum Kind {
    Local,
    Ssh(GlobMatcher),
    Docker(GlobMatcher),
    Program(Program),
    Read(PathBuf),
    Write(PathBuf),
    Env(GlobMatcher),
}

#[derive(Clone, Debug)]
enum Program {
    Name(GlobMatcher),
    Path(PathBuf),
}

/// What a script is about to do.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Run a command.
    Run {
        /// The host as it prints.
        host: &'a str,
        /// The program as the command names it.
        program: &'a str,
        /// The file that this means, with symbolic links resolved, where that is known.
        resolved: Option<&'a Path>,
        /// The variables that the command sets.
        env: &'a [&'a str],
    },
    /// Read a file or a folder, with [`resolve`] applied where the host is this machine.
    Read {
        /// The host as it prints.
        host: &'a str,
        /// The file.
        path: &'a Path,
    },
    /// Write, change or remove a file or a folder, with [`resolve`] applied likewise.
    Write {
        /// The host as it prints.
        host: &'a str,
        /// The file.
        path: &'a Path,
    },
    /// Read a variable of rexec's environment.
    Env {
        /// Its name.
        name: &'a str,
    },
}

impl Policy {
    /// A policy that allows everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows this; the first one makes everything else denied.
    pub fn allow(mut self, capability: Capability) -> Self {
        self.allow.push(capability);
        self
    }

    /// Denies this, whatever is allowed.
    pub fn deny(mut self, capability: Capability) -> Self {
        self.deny.push(capability);
        self
    }

    /// Whether there is no rule, so that everything is allowed.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// Whether a script may do this.
    ///
    /// # Errors
    ///
    /// [`Denied`](ErrorKind::Denied), with what would have to be allowed.
    ///
    /// ```
    /// use rexec::script::policy::{Action, Policy};
    ///
    /// let policy = Policy::new().allow("env:HOME".parse()?);
    /// assert!(policy.check(&Action::Env { name: "HOME" }).is_ok());
    /// assert!(policy.check(&Action::Env { name: "TOKEN" }).is_err());
    /// # Ok::<(), rexec::Error>(())
    /// ```
    pub fn check(&self, action: &Action) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        match *action {
            Action::Run { host, program, resolved, env } => {
                self.check_places(action, host, Need::Commands)?;
                self.check_program(action, &Invocation { program, resolved, env })
            }
            Action::Read { host, path } => {
                self.check_places(action, host, Need::Files)?;
                let reads = |kind: &Kind| matches!(kind, Kind::Read(root) if path.starts_with(root));
                self.check_rule(action, &reads, || format!("read:{}", path.display()))
            }
            Action::Write { host, path } => {
                self.check_places(action, host, Need::Files)?;
                let writes = |kind: &Kind| matches!(kind, Kind::Write(root) if path.starts_with(root));
                self.check_rule(action, &writes, || format!("write:{}", path.display()))
            }
            Action::Env { name } => {
                let reads = |kind: &Kind| matches!(kind, Kind::Env(pattern) if pattern.is_match(name));
                self.check_rule(action, &reads, || format!("env:{name}"))
            }
        }
    }

    /// Each of the places that a host leads through: `ssh://web1/docker/app` is two.
    fn check_places(&self, action: &Action, host: &str, need: Need) -> Result<()> {
        for place in places(host) {
            match &place {
                Place::Local if need == Need::Files => continue,
                // It answers as the script told it to, and runs nothing.
                Place::Mock => continue,
                Place::User(_) => self.check_program(action, &Invocation::of("sudo"))?,
                _ => self.check_rule(action, &|kind| place.fits(kind), || place.to_string())?,
            }
        }
        Ok(())
    }

    fn check_program(&self, action: &Action, run: &Invocation) -> Result<()> {
        if let Some(rule) = self.deny.iter().find(|rule| run.is_denied_by(&rule.kind)) {
            return Err(denied(action, &format!("`{rule}` is denied"), None));
        }
        let is_about_programs = |rule: &&Capability| matches!(rule.kind, Kind::Program(_));
        let allowed: Vec<&Capability> = self.allow.iter().filter(is_about_programs).collect();
        if allowed.is_empty() && !self.deny.iter().any(|rule| is_about_programs(&rule)) {
            return Ok(());
        }
        let name = run.name();
        if let Some(variable) = run.env.iter().find(|name| **name == "PATH" || name.starts_with("LD_")) {
            let why = format!("it sets `{variable}`, which decides what its name means");
            return Err(denied(action, &why, None));
        }
        let is_named = allowed.iter().any(|rule| run.is_allowed_by(&rule.kind));
        if !is_named && STARTS_OTHERS.contains(&name) {
            let why = format!("`{name}` starts other programs, which `program:` rules could not see");
            return Err(denied(action, &why, Some(format!("program:{name}"))));
        }
        if !is_named && !allowed.is_empty() {
            return Err(denied(
                action,
                "it is not among the programs allowed",
                Some(format!("program:{name}")),
            ));
        }
        Ok(())
    }

    fn check_rule(
        &self,
        action: &Action,
        fits: &dyn Fn(&Kind) -> bool,
        needed: impl Fn() -> String,
    ) -> Result<()> {
        if let Some(rule) = self.deny.iter().find(|rule| fits(&rule.kind)) {
            return Err(denied(action, &format!("`{rule}` is denied"), None));
        }
        if self.allow.is_empty() || self.allow.iter().any(|rule| fits(&rule.kind)) {
            return Ok(());
        }
        Err(denied(action, "it is not among what is allowed", Some(needed())))
    }
}

fn denied(action: &Action, why: &str, needed: Option<String>) -> Error {
    let message = format!("the policy denies to {action}: {why}");
    let error = Error::new(ErrorKind::Denied, message).with_source(DeniedByPolicy);
    match needed {
        Some(capability) => error.with_hint(format!("`--allow {capability}` would allow it")),
        None => error,
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Run { host, program, .. } => write!(f, "run `{program}` on {host}"),
            Action::Read { host, path } => write!(f, "read {} on {host}", path.display()),
            Action::Write { host, path } => write!(f, "write {} on {host}", path.display()),
            Action::Env { name } => write!(f, "read the variable {name}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Need {
    Commands,
    Files,
}

/// Shells, and programs that start the one that they are told. Interpreters (`python`, `perl`) can
/// do so as well, but are there for more; a list of allowed programs keeps them out.
const STARTS_OTHERS: [&str; 40] = [
    "ash",
    "bash",
    "busybox",
    "chroot",
    "chrt",
    "cpulimit",
    "csh",
    "dash",
    "doas",
    "env",
    "find",
    "fish",
    "flock",
    "ionice",
    "ksh",
    "mksh",
    "nice",
    "nohup",
    "nsenter",
    "parallel",
    "pkexec",
    "rbash",
    "rksh",
    "runuser",
    "script",
    "setpriv",
    "setsid",
    "sh",
    "ssh",
    "stdbuf",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "tcsh",
    "time",
    "timeout",
    "unshare",
    "xargs",
    "zsh",
];

/// Programs of many names: which one they are is decided by the name that they were called by.
const MULTI_CALL: [&str; 3] = ["busybox", "toybox", "coreutils"];

/// Where a program that is given by its path counts as the one of that name.
const SYSTEM_FOLDERS: [&str; 6] =
    ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// A program that is about to be started.
struct Invocation<'a> {
    program: &'a str,
    resolved: Option<&'a Path>,
    env: &'a [&'a str],
}

impl<'a> Invocation<'a> {
    fn of(program: &'a str) -> Self {
        Self { program, resolved: None, env: &[] }
    }

    /// The name that says what it does: that of the file that it is, behind links.
    fn name(&self) -> &str {
        let given = file_name(Path::new(self.program));
        match self.resolved.map(file_name) {
            Some(resolved) if !MULTI_CALL.contains(&resolved) => resolved,
            _ => given,
        }
    }

    /// Denying takes every way in which it could be meant.
    fn is_denied_by(&self, kind: &Kind) -> bool {
        let given = Path::new(self.program);
        match kind {
            Kind::Program(Program::Name(pattern)) => {
                pattern.is_match(file_name(given)) || pattern.is_match(self.name())
            }
            Kind::Program(Program::Path(path)) => given == path || self.resolved == Some(path),
            _ => false,
        }
    }

    /// Allowing takes only what is certain.
    fn is_allowed_by(&self, kind: &Kind) -> bool {
        let given = Path::new(self.program);
        match kind {
            Kind::Program(Program::Name(pattern)) => {
                let is_name = !self.program.contains('/');
                let is_systems = given
                    .parent()
                    .is_some_and(|folder| SYSTEM_FOLDERS.iter().any(|system| folder == Path::new(system)));
                (is_name || is_systems) && pattern.is_match(file_name(given))
            }
            Kind::Program(Program::Path(path)) => self.resolved.unwrap_or(given) == path,
            _ => false,
        }
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// One of the places that a host's name leads through.
#[derive(Debug, PartialEq)]
enum Place<'a> {
    Local,
    Mock,
    /// `user@name:port`, of which only the name must be there.
    Ssh(&'a str),
    Docker(&'a str),
    /// Another user on the place before.
    User(&'a str),
    /// A place that no rule is about: only a policy without rules that allow lets it pass.
    Other(&'a str),
}

/// `ssh://deploy@web1:22/docker/app` as its places.
fn places(host: &str) -> Vec<Place<'_>> {
    let (kind, rest) = host.split_once("://").unwrap_or((host, ""));
    let mut parts = rest.split('/');
    let mut found = vec![place(kind, parts.next().unwrap_or_default())];
    while let Some(kind) = parts.next() {
        found.push(place(kind, parts.next().unwrap_or_default()));
    }
    found
}

fn place<'a>(kind: &'a str, name: &'a str) -> Place<'a> {
    match kind {
        "local" => Place::Local,
        "mock" => Place::Mock,
        "ssh" => Place::Ssh(name),
        "docker" => Place::Docker(name),
        "sudo" => Place::User(name),
        _ => Place::Other(kind),
    }
}

impl Place<'_> {
    fn fits(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Place::Local, Kind::Local) => true,
            (Place::Ssh(address), Kind::Ssh(pattern)) => {
                let without_user = address.rsplit_once('@').map_or(*address, |(_, name)| name);
                let without_port =
                    |text: &str| text.rsplit_once(':').map_or(text, |(name, _)| name).to_owned();
                let forms = [
                    (*address).to_owned(),
                    without_port(address),
                    without_user.to_owned(),
                    without_port(without_user),
                ];
                forms.iter().any(|form| pattern.is_match(form))
            }
            (Place::Docker(name), Kind::Docker(pattern)) => pattern.is_match(name),
            _ => false,
        }
    }
}

impl fmt::Display for Place<'_> {
    /// The capability that would allow it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Local => f.write_str("local"),
            Place::Mock => f.write_str("mock"),
            Place::Ssh(name) => write!(f, "ssh:{name}"),
            Place::Docker(name) => write!(f, "docker:{name}"),
            Place::User(name) => write!(f, "sudo:{name}"),
            Place::Other(kind) => f.write_str(kind),
        }
    }
}

impl FromStr for Capability {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let needs_value = || match value {
            "" => Err(Error::invalid(format!(
                "`{text}` is no capability: write `{name}:` and what it is about"
            ))),
            value => Ok(value),
        };
        let kind = match name {
            "local" if value.is_empty() => Kind::Local,
            "ssh" => Kind::Ssh(glob(needs_value()?)?),
            "docker" => Kind::Docker(glob(needs_value()?)?),
            "program" => Kind::Program(program(needs_value()?)?),
            "read" => Kind::Read(resolve(Path::new(needs_value()?))),
            "write" => Kind::Write(resolve(Path::new(needs_value()?))),
            "env" => Kind::Env(glob(needs_value()?)?),
            _ => return Err(Error::invalid(format!("`{text}` is no capability")).with_hint(
                "they are local, ssh:HOST, docker:CONTAINER, program:NAME, read:PATH, write:PATH and env:NAME",
            )),
        };
        Ok(Self { kind, text: text.to_owned() })
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn program(value: &str) -> Result<Program> {
    match value.contains('/') {
        true => Ok(Program::Path(resolve(Path::new(value)))),
        false => glob(value).map(Program::Name),
    }
}

fn glob(pattern: &str) -> Result<GlobMatcher> {
    let glob = Glob::new(pattern)
        .map_err(|problem| Error::invalid(format!("`{pattern}` is no pattern: {problem}")))?;
    Ok(glob.compile_matcher())
}

/// The absolute path that this one leads to on this machine: symbolic links are followed as far as
/// the path exists, and what does not exist yet is added to that.
pub fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut resolved = PathBuf::new();
    // Step by step, since `..` behind a link means the parent of what the link points to.
    for component in absolute.components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            component => {
                resolved.push(component);
                if let Ok(target) = resolved.canonicalize() {
                    resolved = target;
                }
            }
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow: &[&str], deny: &[&str]) -> Policy {
        let capability = |text: &&str| text.parse::<Capability>().unwrap();
        let policy = allow.iter().map(capability).fold(Policy::new(), Policy::allow);
        deny.iter().map(capability).fold(policy, Policy::deny)
    }

    fn run<'a>(host: &'a str, program: &'a str) -> Action<'a> {
        Action::Run { host, program, resolved: None, env: &[] }
    }

    fn allows(policy: &Policy, action: Action) -> bool {
        match policy.check(&action) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Denied);
                false
            }
        }
    }

    #[test]
    fn without_rules_everything_is_allowed() {
        assert!(allows(&Policy::new(), run("local", "sh")));
        assert!(allows(&Policy::new(), Action::Env { name: "X" }));
    }

    #[test]
    fn one_rule_that_allows_makes_everything_else_denied() {
        let policy = policy(&["local"], &[]);
        assert!(allows(&policy, run("local", "sh")), "programs are limited by program rules only");
        assert!(!allows(&policy, run("ssh://web1", "ls")));
        assert!(!allows(&policy, Action::Env { name: "HOME" }));
        assert!(!allows(&policy, Action::Read { host: "local", path: Path::new("/srv/x") }));
    }

    #[test]
    fn a_rule_that_denies_wins() {
        let policy = policy(&["ssh:web*"], &["ssh:web3"]);
        assert!(allows(&policy, run("ssh://deploy@web1:2222", "ls")));
        assert!(!allows(&policy, run("ssh://deploy@web3", "ls")));
    }

    #[test]
    fn rules_that_only_deny_leave_the_rest_allowed() {
        let policy = policy(&[], &["env:TOKEN*"]);
        assert!(allows(&policy, run("local", "sh")));
        assert!(allows(&policy, Action::Env { name: "HOME" }));
        assert!(!allows(&policy, Action::Env { name: "TOKEN_2" }));
    }

    #[test]
    fn each_place_that_a_host_leads_through_must_be_allowed() {
        let nested = run("ssh://web1/docker/app", "ls");
        assert!(!allows(&policy(&["ssh:web1"], &[]), nested));
        assert!(!allows(&policy(&["docker:app"], &[]), nested));
        assert!(allows(&policy(&["ssh:web1", "docker:app"], &[]), nested));
    }

    #[test]
    fn a_host_pattern_may_name_the_user() {
        assert!(allows(&policy(&["ssh:deploy@web1"], &[]), run("ssh://deploy@web1:22", "ls")));
        assert!(!allows(&policy(&["ssh:deploy@web1"], &[]), run("ssh://root@web1", "ls")));
    }

    #[test]
    fn a_mock_is_always_allowed_and_an_unknown_sort_of_host_is_not() {
        assert!(allows(&policy(&["env:X"], &[]), run("mock", "ls")));
        assert!(!allows(&policy(&["local"], &[]), run("kube://pod", "ls")));
    }

    #[test]
    fn program_rules_limit_the_programs() {
        let policy = policy(&["local", "program:systemctl", "program:git*"], &[]);
        assert!(allows(&policy, run("local", "systemctl")));
        assert!(allows(&policy, run("local", "/usr/bin/git-shell")));
        assert!(!allows(&policy, run("local", "rm")));
        assert!(!allows(&policy, run("local", "/tmp/systemctl")), "another program of that name");
    }

    #[test]
    fn program_rules_refuse_shells_and_launchers_unless_those_are_allowed() {
        for program in ["sh", "/bin/bash", "env", "sudo", "xargs"] {
            assert!(!allows(&policy(&[], &["program:rm"]), run("local", program)), "{program}");
            assert!(!allows(&policy(&["local", "program:ls"], &[]), run("local", program)), "{program}");
        }
        assert!(allows(&policy(&["local", "program:sh"], &["program:rm"]), run("local", "sh")));
        assert!(allows(&policy(&[], &["program:rm"]), run("local", "ls")));
    }

    #[test]
    fn a_link_to_a_program_is_that_program() {
        let disguised = Action::Run {
            host: "local",
            program: "/tmp/x",
            resolved: Some(Path::new("/usr/bin/rm")),
            env: &[],
        };
        assert!(!allows(&policy(&[], &["program:rm"]), disguised));
        let shell = Action::Run {
            host: "local",
            program: "/tmp/x",
            resolved: Some(Path::new("/usr/bin/dash")),
            env: &[],
        };
        assert!(!allows(&policy(&[], &["program:rm"]), shell));
        let applet =
            Action::Run { host: "local", program: "ls", resolved: Some(Path::new("/bin/busybox")), env: &[] };
        assert!(allows(&policy(&[], &["program:rm"]), applet), "called as ls it is ls");
    }

    #[test]
    fn a_command_that_changes_what_names_mean_is_refused_under_program_rules() {
        let action = Action::Run { host: "local", program: "ls", resolved: None, env: &["PATH"] };
        assert!(!allows(&policy(&["local", "program:ls"], &[]), action));
        assert!(allows(&policy(&["local"], &[]), action));
    }

    #[test]
    fn another_user_is_a_launcher() {
        assert!(allows(&policy(&["local"], &[]), run("local://x/sudo/root", "ls")));
        assert!(!allows(&policy(&["local", "program:ls"], &[]), run("local://x/sudo/root", "ls")));
    }

    #[test]
    fn files_are_allowed_by_folder_and_not_by_the_beginning_of_a_name() {
        let policy = policy(&["read:/srv", "write:/srv/data"], &["read:/srv/private"]);
        let read = |path| Action::Read { host: "local", path: Path::new(path) };
        let write = |path| Action::Write { host: "local", path: Path::new(path) };
        assert!(allows(&policy, read("/srv/x/y")));
        assert!(!allows(&policy, read("/srvx")));
        assert!(!allows(&policy, read("/srv/private/key")));
        assert!(allows(&policy, write("/srv/data/x")));
        assert!(!allows(&policy, write("/srv/x")));
        assert!(!allows(&policy, run("local", "cat")), "files are not commands");
    }

    #[test]
    fn files_on_another_host_need_the_host_too() {
        let read = Action::Read { host: "ssh://web1", path: Path::new("/srv/x") };
        assert!(!allows(&policy(&["read:/srv"], &[]), read));
        assert!(allows(&policy(&["read:/srv", "ssh:web1"], &[]), read));
    }

    #[test]
    fn paths_are_resolved_through_links_and_parents() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("real/deep")).unwrap();
        std::os::unix::fs::symlink(root.join("real/deep"), root.join("link")).unwrap();
        assert_eq!(resolve(&root.join("link/new/file")), root.join("real/deep/new/file"));
        assert_eq!(resolve(&root.join("link/../x")), root.join("real/x"));
        assert_eq!(resolve(&root.join("nowhere/../x")), root.join("x"));
    }

    #[test]
    fn a_denial_says_what_would_allow_it() {
        let error = policy(&["local"], &[]).check(&run("ssh://web1", "ls")).unwrap_err();
        assert_eq!(
            error.message(),
            "the policy denies to run `ls` on ssh://web1: it is not among what is allowed"
        );
        assert_eq!(error.hint(), Some("`--allow ssh:web1` would allow it"));
    }

    #[test]
    fn what_is_no_capability_is_refused() {
        for text in ["", "everything", "ssh", "ssh:", "local:x", "read:", "program:", "env:[", "Local"] {
            assert!(text.parse::<Capability>().is_err(), "{text}");
        }
    }
}
