//! `progress`: how far something has come, on a terminal.

use super::table::text_of;
use crate::script::{
    console::Progress,
    define::function,
    error::invalid,
    scope::{self, ScriptResult},
};
use rhai::{Dynamic, Engine, NativeCallContext};
use std::sync::Arc;

/// A bar, as scripts hold it. A clone is the same bar.
#[derive(Clone)]
struct Bar(Arc<dyn Progress>);

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Bar>("Progress");
    const DOCUMENTATION: &str = r#"
Begins to show how far something has come, in so many steps; without a number, that it goes on. It shows
on a terminal only.

```rhai
let bar = progress(3);
for name in ["a", "b", "c"] {
    bar.message(name);
    bar.tick();
}
bar.finish();
```
"#;
    function(engine, "progress(total: int) -> Progress", DOCUMENTATION, |total: i64| {
        let total = u64::try_from(total);
        begin(Some(total.map_err(|_| invalid("progress: the number of steps can't be negative"))?))
    });
    function(engine, "progress() -> Progress", DOCUMENTATION, || begin(None));
    function(
        engine,
        "tick(bar: Progress)",
        r#"
One step further.

```rhai
progress(2).tick();
```
"#,
        |bar: &mut Bar| bar.0.advance(1),
    );
    function(
        engine,
        "inc(bar: Progress, steps: int)",
        r#"
So many steps further.

```rhai
progress(100).inc(50);
```
"#,
        |bar: &mut Bar, steps: i64| -> ScriptResult<()> {
            let steps = u64::try_from(steps);
            bar.0.advance(steps.map_err(|_| invalid("inc: there is no way back"))?);
            Ok(())
        },
    );
    function(
        engine,
        "message(bar: Progress, text: any)",
        r#"
What is being done right now.

```rhai
progress(2).message("first half");
```
"#,
        |context: NativeCallContext, bar: &mut Bar, text: Dynamic| -> ScriptResult<()> {
            let text = text_of(&context, &text);
            bar.0.message(&scope::current()?.run.masks.mask(&text));
            Ok(())
        },
    );
    function(
        engine,
        "finish(bar: Progress)",
        r#"
It is done, and shows no longer.

```rhai
progress(1).finish();
```
"#,
        |bar: &mut Bar| bar.0.finish(),
    );
}

fn begin(total: Option<u64>) -> ScriptResult<Bar> {
    Ok(Bar(scope::current()?.run.console.progress(total).into()))
}
