//! `ssh` in scripts: hosts over SSH.

use super::{
    define::function,
    error::{invalid, thrown},
    hosts::Host,
    options::{Seconds, options},
    scope::ScriptResult,
};
use crate::{
    Executor, SshBackend,
    backend::ssh::{KnownHosts, SshAddress, SshBuilder},
};
use rhai::{Engine, ImmutableString, Map};
use serde::Deserialize;
use std::time::Duration;

/// What `ssh` takes beside the address.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SshOptions {
    user: Option<String>,
    port: Option<u16>,
    key: OneOrMore,
    jump: OneOrMore,
    config: Option<String>,
    known_hosts: Option<String>,
    connect_timeout: Option<Seconds>,
    keepalive: Option<Seconds>,
    compression: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        OneOrMore::More(Vec::new())
    }
}

impl OneOrMore {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        }
    }
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "ssh(address: string) -> Host",
        r#"
A host over SSH, as `"web1"`, `"deploy@web1"` or `"deploy@web1:2222"`. Your OpenSSH configuration, agent and
known hosts hold. The connection is opened when it is first needed, shared, and opened again when it was
lost.

```rhai
print(ssh("deploy@web1").name);  // ssh://deploy@web1
```
"#,
        |address: ImmutableString| host(&address, &Map::new()),
    );
    function(
        engine,
        "ssh(address: string, options: map) -> Host",
        r#"
The same with any of `user`, `port`, `key` (a file or several), `jump` (hosts to go through), `config` (an
OpenSSH configuration to use instead of yours), `known_hosts` (`"strict"`, `"accept-new"`, `"ignore"`, or the
path of a file), `connect_timeout`, `keepalive` (seconds; after 3 of them without a word the connection is
lost) and `compression`.

```rhai
print(ssh("web1", #{ user: "deploy", port: 2222, connect_timeout: 3 }).name);  // ssh://deploy@web1:2222
```
"#,
        |address: ImmutableString, options: Map| host(&address, &options),
    );
}

/// The host of this address.
pub(super) fn host(address: &str, map: &Map) -> ScriptResult<Host> {
    let address: SshAddress = address.parse().map_err(thrown)?;
    let options: SshOptions = options("ssh", map)?;
    let builder = configure(SshBackend::builder(address.host), address.user, address.port, options)?;
    Ok(Executor::new("script", builder.build()).into())
}

fn configure(
    mut builder: SshBuilder,
    user: Option<String>,
    port: Option<u16>,
    options: SshOptions,
) -> ScriptResult<SshBuilder> {
    if let Some(user) = user.or(options.user) {
        builder = builder.user(user);
    }
    if let Some(port) = port.or(options.port) {
        builder = builder.port(port);
    }
    for key in options.key.into_vec() {
        builder = builder.key(key);
    }
    let jumps = options.jump.into_vec();
    if !jumps.is_empty() {
        builder = builder.jump(jumps);
    }
    if let Some(file) = options.config {
        builder = builder.config_file(file);
    }
    builder = match options.known_hosts.as_deref() {
        None => builder,
        Some("strict") => builder.known_hosts(KnownHosts::Strict),
        Some("accept-new") => builder.known_hosts(KnownHosts::AcceptNew),
        Some("ignore") => builder.known_hosts(KnownHosts::Ignore),
        Some(file) if file.contains('/') => builder.known_hosts_file(file),
        Some(other) => {
            return Err(invalid(format!(
                "known_hosts: {other:?} is neither \"strict\", \"accept-new\", \"ignore\" nor the path of a file"
            )));
        }
    };
    if let Some(Seconds(limit)) = options.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    if let Some(Seconds(silence)) = options.keepalive {
        builder = builder.keepalive(silence.max(Duration::from_secs(1)), 3);
    }
    Ok(if options.compression { builder.compression(true) } else { builder })
}
