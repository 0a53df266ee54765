//! `env` and `secret`: what a script is told by its surroundings.

use crate::{
    Error, ErrorKind,
    script::{
        console::Answer,
        define::function,
        error::thrown,
        policy::Action,
        scope::{self, ScriptResult},
    },
};
use rhai::{Dynamic, Engine, ImmutableString};
use std::{collections::HashMap, path::PathBuf};
use tokio::sync::Mutex;

/// The secrets that a run was told, by name. Who asks for one while somebody is typing it waits, and
/// gets the same.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<HashMap<String, String>>);

pub(super) fn register(engine: &mut Engine) {
    const ENV: &str = r#"
A variable of the environment that rexec was started in; the default, or an error of kind `not_found`,
where there is none.

```rhai
print(env("HOME").len > 0);            // true
print(env("NO_SUCH_VARIABLE", "none")); // none
```
"#;
    function(engine, "env(name: string) -> string", ENV, |name: ImmutableString| {
        variable(&name)?.ok_or_else(|| {
            thrown(
                Error::new(ErrorKind::NotFound, format!("the environment has no variable `{name}`"))
                    .with_hint(format!("`env(\"{name}\", default)` gives the default then")),
            )
        })
    });
    function(
        engine,
        "env(name: string, default: any) -> any",
        ENV,
        |name: ImmutableString, default: Dynamic| -> ScriptResult<Dynamic> {
            Ok(variable(&name)?.map_or(default, Dynamic::from))
        },
    );
    function(
        engine,
        "secret(name: string) -> string",
        r#"
A secret: from the variable of this name, from the file that the variable `NAME_FILE` names, or typed
on the terminal where there is one; else an error of kind `not_found`. From then on it is shown as `***`
in everything that rexec writes.

```rhai no_run needs a secret to be set
let token = secret("API_TOKEN");
local().run($`curl -H ${"Authorization: " + token} https://example.org`);
```
"#,
        |name: ImmutableString| secret(&name),
    );
}

/// A variable of the environment, if the policy lets the script see it. What is no text in it is
/// replaced.
fn variable(name: &str) -> ScriptResult<Option<String>> {
    scope::current()?.run.check(&Action::Env { name }).map_err(thrown)?;
    Ok(std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

fn secret(name: &str) -> ScriptResult<String> {
    let run = scope::current()?.run;
    let from_variable = variable(name)?.filter(|value| !value.is_empty());
    let value = match from_variable {
        Some(value) => value,
        None => match variable(&format!("{name}_FILE"))? {
            Some(path) => read_file(&path.into())?,
            None => typed(name)?,
        },
    };
    run.masks.add(&value);
    Ok(value)
}

fn read_file(path: &PathBuf) -> ScriptResult<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| thrown(Error::from_io(format_args!("read {}", path.display()), source)))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn typed(name: &str) -> ScriptResult<String> {
    let run = scope::current()?.run;
    scope::wait(async {
        let mut known = run.secrets.0.lock().await;
        if let Some(value) = known.get(name) {
            return Ok(value.clone());
        }
        if !run.console.is_interactive() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("no secret `{name}`, and nobody to ask for it"),
            )
            .with_hint(format!("set the variable {name}, or {name}_FILE to a file that holds it")));
        }
        let value = super::prompt::ask(&run, format!("{name}: "), Answer::Hidden).await?;
        known.insert(name.to_owned(), value.clone());
        Ok(value)
    })
}
