//! `log::info` and its relatives: what happens, for people, on standard error.

use super::table::text_of;
use crate::script::{
    console::LogLevel,
    define,
    scope::{self, ScriptResult},
};
use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext};

const LEVELS: [(&str, LogLevel, &str); 4] = [
    ("debug", LogLevel::Debug, "Tells something for whoever looks for a fault; shown with `-v`."),
    ("info", LogLevel::Info, "Tells what goes on."),
    ("warn", LogLevel::Warn, "Tells of something to look at, that did not stop anything."),
    ("error", LogLevel::Error, "Tells that something failed."),
];

pub(super) fn register(engine: &mut Engine) {
    let mut module = Module::new();
    for (name, level, sentence) in LEVELS {
        let documentation = format!(
            r#"
{sentence} It goes to standard error, with secrets masked.

```rhai
log::{name}("3 hosts are up");
```
"#
        );
        FuncRegistration::new(name)
            .with_volatility(true)
            .with_params_info(["value: any", "()"])
            .with_comments([define::as_comment(&documentation)])
            .set_into_module(
                &mut module,
                move |context: NativeCallContext, value: Dynamic| -> ScriptResult<()> {
                    scope::current()?.run.log(level, &text_of(&context, &value));
                    Ok(())
                },
            );
    }
    engine.register_static_module("log", module.into());
}
