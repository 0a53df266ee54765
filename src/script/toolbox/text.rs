//! Small things about text: `join`, `trimmed`, `eprint`, `which`.

use super::table::text_of;
use crate::script::{
    define::function,
    scope::{self, ScriptResult},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    const JOIN: &str = r#"
The items as text, one after the other, with the separator between.

```rhai
print(["a", "b", 3].join(", "));  // a, b, 3
print(["a", "b"].join());         // ab
```
"#;
    function(
        engine,
        "join(items: array, separator: string) -> string",
        JOIN,
        |context: NativeCallContext, items: &mut Array, separator: ImmutableString| {
            join(&context, items, &separator)
        },
    );
    function(
        engine,
        "join(items: array) -> string",
        JOIN,
        |context: NativeCallContext, items: &mut Array| join(&context, items, ""),
    );
    function(
        engine,
        "trimmed(text: string) -> string",
        r#"
The text without the white space at both ends; `trim()` changes the variable instead.

```rhai
print("  x \n".trimmed() + ".");  // x.
```
"#,
        |text: ImmutableString| text.trim().to_owned(),
    );
    function(
        engine,
        "eprint(value: any)",
        r#"
Writes a line to standard error, where everything goes that is not the script's result.

```rhai
eprint("working");
```
"#,
        |context: NativeCallContext, value: Dynamic| -> ScriptResult<()> {
            scope::current()?.run.eprint(&text_of(&context, &value));
            Ok(())
        },
    );
    function(
        engine,
        "which(program: string) -> string | ()",
        r#"
Where a program is on this machine, as `PATH` has it; `()` if nowhere.

```rhai
print(which("sh").ends_with("/sh"));   // true
print(type_of(which("no-such-tool"))); // ()
```
"#,
        |program: ImmutableString| {
            let found = which::which(program.as_str()).ok();
            found.map_or(Dynamic::UNIT, |path| Dynamic::from(path.to_string_lossy().into_owned()))
        },
    );
}

fn join(context: &NativeCallContext, items: &Array, separator: &str) -> String {
    items.iter().map(|item| text_of(context, item)).collect::<Vec<_>>().join(separator)
}
