//! One command on many hosts: `hosts.run(command)` and its relatives, on an array of hosts.

use super::{
    define::function,
    error::invalid,
    hosts::Host,
    options,
    parallel::{self, Options},
    results::Results,
    scope::ScriptResult,
};
use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

/// Each method of a Host that an array of hosts has too, and what it gives for each of them.
const METHODS: [(&str, &str); 6] = [
    ("run", "an Output; a command that fails is a failed result"),
    ("try_run", "an Output, whatever its status"),
    ("text", "the standard output without the newlines at its end"),
    ("lines", "the lines of the standard output"),
    ("json", "the standard output, read as JSON"),
    ("ok", "whether it succeeded"),
];

pub(super) fn register(engine: &mut Engine) {
    for (method, gives) in METHODS {
        let documentation = format!(
            r#"
Does `host.{method}(command)` on each of these hosts, several at once, and gives their `Results` in
the order of the hosts; the value of each is {gives}. The options are those of `parallel`.

```rhai
let results = [local(), local()].{method}($`echo 1`);
print(results.ok.len);  // 2
```
"#
        );
        function(
            engine,
            &format!("{method}(hosts: array, command: Command) -> Results"),
            &documentation,
            move |context: NativeCallContext, hosts: &mut Array, command: Dynamic| {
                on_each(&context, method, hosts, &command, Options::default())
            },
        );
        function(
            engine,
            &format!("{method}(hosts: array, command: Command, options: map) -> Results"),
            &documentation,
            move |context: NativeCallContext, hosts: &mut Array, command: Dynamic, options: Map| {
                on_each(&context, method, hosts, &command, options::options(method, &options)?)
            },
        );
    }
}

fn on_each(
    context: &NativeCallContext,
    method: &str,
    hosts: &Array,
    command: &Dynamic,
    options: Options,
) -> ScriptResult<Results> {
    let hosts: Array = hosts.iter().map(Dynamic::flatten_clone).collect();
    if let Some(other) = hosts.iter().find(|item| !item.is::<Host>()) {
        return Err(invalid(format!(
            "{method}: expected an array of hosts, and not one with {} in it",
            super::convert::describe(other)
        )));
    }
    parallel::run(context, hosts, options, &|mut host| {
        let mut command = command.clone();
        context.call_native_fn_raw(method, true, &mut [&mut host, &mut command])
    })
}
