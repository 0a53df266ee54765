//! `stop()`: what a closure returns that is not to be called again.

use super::define::function;
use rhai::{Dynamic, Engine};

/// Not again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop;

/// Whether a closure returned it.
pub(super) fn is_stop(value: &Dynamic) -> bool {
    value.is::<Stop>()
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Stop>("Stop");
    function(
        engine,
        "stop() -> Stop",
        r#"
What a closure returns that is not to be called again, in `react` and `every`.

```rhai
let process = local().spawn($`printf 'a\nready\nb\n'`);
let lines = [];
react([process], |event| {
    if event.line == "ready" { return stop(); }
    if event.kind == "stdout" { lines.push(event.line); }
});
print(lines);  // ["a"]
```
"#,
        || Stop,
    );
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |_: &mut Stop| "stop()");
    }
}
