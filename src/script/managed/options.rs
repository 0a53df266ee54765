//! The options of `host.manage`, as the plan that they stand for.

use crate::{
    Result as RexecResult,
    script::{
        convert,
        error::{invalid, thrown},
        options::{Number, Seconds, options, seconds},
        process::{pattern, signal},
        scope::ScriptResult,
    },
    target::{Backoff, LinePattern, ManagedProcess, PortAddress, Readiness, RestartPolicy},
};
use rhai::{Array, Dynamic, ImmutableString, Map};
use serde::{Deserialize, de::IgnoredAny};

/// What the options are. Those that take more than one type of value are read by hand before; they
/// stand here so that a message about an unknown option names them too.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plain {
    restart: Option<String>,
    max_restarts: Option<u32>,
    restart_window: Option<Seconds>,
    #[serde(rename = "backoff")]
    _backoff: Option<IgnoredAny>,
    stable_after: Option<Seconds>,
    #[serde(rename = "ready")]
    _ready: Option<IgnoredAny>,
    ready_timeout: Option<Seconds>,
    #[serde(rename = "stop_signal")]
    _stop_signal: Option<IgnoredAny>,
    #[serde(rename = "reload_signal")]
    _reload_signal: Option<IgnoredAny>,
    grace: Option<Seconds>,
    pid_file: Option<String>,
    #[serde(rename = "watch")]
    _watch: Option<IgnoredAny>,
    kept_output: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BackoffOptions {
    initial: Option<Seconds>,
    factor: Option<Number>,
    max: Option<Seconds>,
    jitter: Option<Number>,
}

/// The plan with these options.
pub(super) fn plan(mut plan: ManagedProcess, mut given: Map) -> ScriptResult<ManagedProcess> {
    let mut take = |name: &str| given.remove(name);
    if let Some(value) = take("ready") {
        plan = plan.ready(readiness(&value)?);
    }
    if let Some(value) = take("backoff") {
        plan = plan.backoff(backoff(&value)?);
    }
    if let Some(value) = take("stop_signal") {
        plan = plan.stop_signal(signal(&value)?);
    }
    if let Some(value) = take("reload_signal") {
        plan = plan.reload_signal(signal(&value)?);
    }
    if let Some(value) = take("watch") {
        plan = plan.watch(paths(&value)?);
    }
    with_plain(plan, options("manage", &given)?)
}

fn with_plain(mut plan: ManagedProcess, plain: Plain) -> ScriptResult<ManagedProcess> {
    if let Some(name) = plain.restart {
        plan = plan.restart(name.parse::<RestartPolicy>().map_err(thrown)?);
    }
    if let Some(most) = plain.max_restarts {
        plan = plan.max_restarts(most);
    }
    if let Some(Seconds(window)) = plain.restart_window {
        plan = plan.restart_window(window);
    }
    if let Some(Seconds(time)) = plain.stable_after {
        plan = plan.stable_after(time);
    }
    if let Some(Seconds(limit)) = plain.ready_timeout {
        plan = plan.ready_timeout(limit);
    }
    if let Some(Seconds(grace)) = plain.grace {
        plan = plan.grace(grace);
    }
    if let Some(path) = plain.pid_file {
        plan = plan.pid_file(path);
    }
    if let Some(bytes) = plain.kept_output {
        plan = plan.kept_output(bytes);
    }
    Ok(plan)
}

/// A text is a pattern, a number a port, a command is itself; a map names what it is.
fn readiness(value: &Dynamic) -> ScriptResult<Readiness> {
    if value.is_int() {
        return port(value);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return line(&text);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return match map.iter().next() {
            Some((kind, value)) if map.len() == 1 => named_readiness(kind, value),
            _ => Err(invalid("manage: `ready` is one of `line`, `port`, `file` and `command`")),
        };
    }
    command(value)
}

fn named_readiness(kind: &str, value: &Dynamic) -> ScriptResult<Readiness> {
    match (kind, value.read_lock::<ImmutableString>()) {
        ("line", Some(text)) => line(&text),
        ("file", Some(path)) => Ok(Readiness::File(path.as_str().into())),
        ("line" | "file", None) => {
            let found = convert::describe(value);
            Err(invalid(format!("manage: expected a text for `ready.{kind}`, and not {found}")))
        }
        ("port", _) => port(value),
        ("command", _) => command(value),
        _ => Err(invalid(format!(
            "manage: unknown `ready.{kind}`: it is one of `line`, `port`, `file` and `command`"
        ))),
    }
}

fn line(text: &str) -> ScriptResult<Readiness> {
    let pattern = pattern("manage", text)?;
    Ok(Readiness::Line(LinePattern::new(format!("`{text}`"), move |line| pattern.is_match(line.as_bytes()))))
}

fn port(value: &Dynamic) -> ScriptResult<Readiness> {
    let text = convert::scalar(value).unwrap_or_else(|| convert::describe(value));
    let address: RexecResult<PortAddress> = text.parse();
    address.map(Readiness::Port).map_err(thrown)
}

fn command(value: &Dynamic) -> ScriptResult<Readiness> {
    match convert::command(value)?.job() {
        crate::Job::Command(command) => Ok(Readiness::Command(command.clone())),
        other => Err(invalid(format!(
            "manage: `ready` takes one command, and `{other}` is more: write it for a shell, $sh`...`"
        ))),
    }
}

/// Seconds, always the same; or how they grow.
fn backoff(value: &Dynamic) -> ScriptResult<Backoff> {
    let Some(map) = value.read_lock::<Map>() else { return Ok(Backoff::constant(seconds(value)?)) };
    let given: BackoffOptions = options("manage: backoff", &map)?;
    let default = Backoff::default();
    Ok(Backoff {
        initial: given.initial.map_or(default.initial, |Seconds(time)| time),
        factor: given.factor.map_or(default.factor, |Number(factor)| factor),
        max: given.max.map_or(default.max, |Seconds(time)| time),
        jitter: given.jitter.map_or(default.jitter, |Number(part)| part),
    })
}

fn paths(value: &Dynamic) -> ScriptResult<Vec<String>> {
    let path = |value: &Dynamic| match value.read_lock::<ImmutableString>() {
        Some(path) => Ok(path.to_string()),
        None => Err(invalid(format!(
            "manage: `watch` takes a path or an array of paths, and not {}",
            convert::describe(value)
        ))),
    };
    match value.read_lock::<Array>() {
        Some(list) => list.iter().map(path).collect(),
        None => Ok(vec![path(value)?]),
    }
}
