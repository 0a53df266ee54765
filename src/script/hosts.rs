//! `Host` in scripts: where to run. One handle for any backend, with defaults for its commands.

use super::{
    convert,
    define::{function, property},
    error::invalid,
    execute,
    options::seconds,
    scope::{self, ScriptResult},
};
use crate::{
    AnyBackend, Backend, Executor,
    command::{Command, EnvChange, Job},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// A place that runs commands, as scripts hold it.
///
/// Rust code makes one from any [`Executor`]; a clone is another handle to the same place.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    executor: Executor<AnyBackend>,
    defaults: Defaults,
    /// What the inventory says of it, if it is from one.
    member: Option<Arc<Member>>,
}

/// What an inventory says of a host.
#[derive(Default)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) vars: Map,
    pub(super) groups: Array,
}

/// What holds for each command that does not say otherwise.
#[derive(Clone, Default)]
struct Defaults {
    dir: Option<PathBuf>,
    env: Vec<EnvChange>,
    timeout: Option<Duration>,
}

impl Host {
    /// The executor behind it.
    pub fn executor(&self) -> &Executor<AnyBackend> {
        &self.0.executor
    }

    /// The host as it prints.
    pub fn name(&self) -> &str {
        self.0.executor.host()
    }

    /// What people call it: its name in the inventory, if it is from one; else as it prints.
    pub fn label(&self) -> &str {
        self.0.member.as_ref().map_or(self.name(), |member| &member.name)
    }

    /// The same host, as one of an inventory.
    pub(super) fn as_member(&self, member: Member) -> Self {
        Self(Arc::new(Inner { member: Some(Arc::new(member)), ..Inner::clone(&self.0) }))
    }

    /// What sort of place it is: `local`, `ssh`, `docker`, `mock`, ...; what its name begins with.
    pub fn kind(&self) -> &str {
        let name = self.name();
        name.split_once("://").map_or(name, |(kind, _)| kind)
    }

    /// The directory in which its commands run and its relative paths begin, if one was set.
    pub(crate) fn dir(&self) -> Option<&PathBuf> {
        self.0.defaults.dir.as_ref()
    }

    /// Whether commands get a directory, an environment or a time limit here.
    #[cfg(all(unix, feature = "ssh"))]
    pub(super) fn has_defaults(&self) -> bool {
        let defaults = &self.0.defaults;
        defaults.dir.is_some() || !defaults.env.is_empty() || defaults.timeout.is_some()
    }

    /// The job with this host's defaults, where its commands don't say otherwise.
    pub(super) fn with_defaults(&self, job: Job) -> Job {
        job.map(&mut |command| self.0.defaults.apply(command))
    }

    fn with(&self, change: impl FnOnce(&mut Defaults)) -> Self {
        let mut inner = Inner::clone(&self.0);
        change(&mut inner.defaults);
        Self(Arc::new(inner))
    }
}

impl Defaults {
    fn apply(&self, mut command: Command) -> Command {
        command.current_dir = match (&self.dir, command.current_dir) {
            // An absolute path replaces what it is joined to.
            (Some(dir), Some(own)) => Some(dir.join(own)),
            (dir, own) => own.or_else(|| dir.clone()),
        };
        if !command.clear_env {
            // Its own come last, and win.
            command.env.splice(..0, self.env.iter().cloned());
        }
        command.timeout = command.timeout.or(self.timeout);
        command
    }
}

impl<B: Backend> From<Executor<B>> for Host {
    fn from(executor: Executor<B>) -> Self {
        Self(Arc::new(Inner { executor: executor.erased(), defaults: Defaults::default(), member: None }))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Host>("Host");
    register_constructors(engine);
    register_defaults(engine);
    register_facts(engine);
    register_printing(engine);
}

fn register_constructors(engine: &mut Engine) {
    function(
        engine,
        "local() -> Host",
        r#"
This machine.

```rhai
print(local().text($`echo hello`));  // hello
```
"#,
        || -> ScriptResult<Host> { Ok(scope::current()?.run.local()) },
    );
    function(
        engine,
        "host(text: string) -> Host",
        r#"
A host from the text as which it prints.

```rhai
print(host("local") == local());  // true
```
"#,
        |text: ImmutableString| from_text(&text),
    );
}

/// A host from the text as which it prints.
pub(super) fn from_text(text: &str) -> ScriptResult<Host> {
    match text {
        "local" => Ok(scope::current()?.run.local()),
        #[cfg(all(unix, feature = "ssh"))]
        address if address.starts_with("ssh://") => super::ssh::host(address, &Map::new()),
        _ => Err(invalid(format!(
            "{text:?} names no host: write \"local\", or an address such as \"ssh://deploy@web1:22\""
        ))),
    }
}

fn register_defaults(engine: &mut Engine) {
    function(
        engine,
        "in_dir(host: Host, path: string) -> Host",
        r#"
The same host with a directory for its commands and its relative paths.

```rhai
print(local().in_dir("/usr").in_dir("bin").text($`pwd`));  // /usr/bin
```
"#,
        |host: &mut Host, path: ImmutableString| {
            host.with(|defaults| {
                let dir = defaults.dir.take().unwrap_or_default();
                defaults.dir = Some(dir.join(&*path));
            })
        },
    );
    function(
        engine,
        "with_env(host: Host, variables: map) -> Host",
        r#"
The same host with these environment variables for its commands.

```rhai
print(local().with_env(#{ GREETING: "hi" }).text($sh`echo $GREETING`));  // hi
```
"#,
        |host: &mut Host, variables: Map| -> ScriptResult<Host> {
            let mut changes = Vec::with_capacity(variables.len());
            for (name, value) in &variables {
                let (name, value) = super::command::variable(name, value)?;
                changes.push(EnvChange::Set(name.into(), value.into()));
            }
            Ok(host.with(|defaults| defaults.env.extend(changes)))
        },
    );
    function(
        engine,
        "with_timeout(host: Host, seconds: any) -> Host",
        r#"
The same host with a time limit for each of its commands that has none of its own.

```rhai
let host = local().with_timeout("500ms");
try { host.run($`sleep 10`); } catch (error) { print(error.kind); }  // timeout
```
"#,
        |host: &mut Host, limit: Dynamic| -> ScriptResult<Host> {
            let limit = seconds(&limit)?;
            Ok(host.with(|defaults| defaults.timeout = Some(limit)))
        },
    );
}

fn register_facts(engine: &mut Engine) {
    property(
        engine,
        "name(host: Host) -> string",
        r#"
The name that it has in the inventory, if it is from one; else the host as it prints, which is what
`host(text)` takes.

```rhai
print(local().name);  // local
```
"#,
        |host: &mut Host| host.label().to_owned(),
    );
    property(
        engine,
        "vars(host: Host) -> map",
        r#"
Its variables in the inventory, those of its groups included; empty if it is from none.

```rhai
let file = `${local().temp_dir()}/hosts.toml`;
local().write(file, `groups.web = { hosts = ["web1"], vars = { port = 80 } }`);
print(inventory(file).host("web1").vars.port);  // 80
```
"#,
        |host: &mut Host| host.0.member.as_ref().map(|member| member.vars.clone()).unwrap_or_default(),
    );
    property(
        engine,
        "groups(host: Host) -> array",
        r#"
Its groups in the inventory, and those that these are children of; empty if it is from none.

```rhai
print(local().groups);  // []
```
"#,
        |host: &mut Host| host.0.member.as_ref().map(|member| member.groups.clone()).unwrap_or_default(),
    );
    property(
        engine,
        "kind(host: Host) -> string",
        r#"
What sort of place it is: `local`, `ssh`, `docker`, `mock`.

```rhai
print(local().kind);  // local
```
"#,
        |host: &mut Host| host.kind().to_owned(),
    );
    property(
        engine,
        "capabilities(host: Host) -> array",
        r#"
What it can do beyond running plain commands; what is not among them throws `unsupported`.

```rhai
print("signals" in local().capabilities);  // true
```
"#,
        |host: &mut Host| -> Array {
            convert::array(host.executor().backend().capabilities().iter().map(|one| one.name()))
        },
    );
    property(
        engine,
        "os(host: Host) -> string",
        r#"
Its operating system as `uname -s` says, in lower case.

```rhai
print(local().os == local().text($`uname -s`).to_lower());  // true
```
"#,
        |host: &mut Host| uname(host, "-s").map(|name| name.to_lowercase()),
    );
    property(
        engine,
        "arch(host: Host) -> string",
        r#"
Its machine architecture as `uname -m` says.

```rhai
print(local().arch == local().text($`uname -m`));  // true
```
"#,
        |host: &mut Host| uname(host, "-m"),
    );
    property(
        engine,
        "ping(host: Host) -> bool",
        r#"
Whether it runs a command at all. It does not throw where the host can't be reached.

```rhai
print(local().ping());  // true
```
"#,
        |host: &mut Host| -> ScriptResult<bool> {
            let command = Command::new("true").timeout(Duration::from_secs(10)).reads_only();
            execute::answers(host, &command.into())
        },
    );
    function(
        engine,
        "close(host: Host)",
        r#"
Says that the host is not needed any longer: its connection, if it has one, is closed with the last
handle to it.

```rhai
local().close();
print("closed");  // closed
```
"#,
        |_: &mut Host| {},
    );
}

fn uname(host: &Host, what: &str) -> ScriptResult<String> {
    execute::text(host, &Command::new("uname").arg(what).reads_only().into())
}

fn register_printing(engine: &mut Engine) {
    for name in ["to_string", "to_debug"] {
        function(
            engine,
            &format!("{name}(host: Host) -> string"),
            r#"
The host as it prints.

```rhai
print(`${local()}`);  // local
```
"#,
            |host: &mut Host| host.name().to_owned(),
        );
    }
    function(
        engine,
        "==(a: Host, b: Host) -> bool",
        r#"
Whether both are the same place.

```rhai
print(local() == local().in_dir("/"));  // true
```
"#,
        |a: &mut Host, b: Host| a.name() == b.name(),
    );
    function(
        engine,
        "!=(a: Host, b: Host) -> bool",
        r#"
Whether they are different places.

```rhai
print(local() != local());  // false
```
"#,
        |a: &mut Host, b: Host| a.name() != b.name(),
    );
}
