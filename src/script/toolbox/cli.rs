//! `cli`: a script's own options, typed by their defaults, with `--help`.

use super::usage::{Parsed, Usage};
use crate::script::{
    define::function,
    modules,
    scope::{self, ScriptResult},
};
use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext, Position};

/// The exit code of wrong usage.
const WRONG_USAGE: i32 = 2;

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "cli(options: map) -> map",
        r#"
Reads the script's arguments as options, and gives a map of their values. Each option is a map, or only
its default:

- `default`: its value where it is not given; it also says its type. `false` makes a flag, which takes no
  value; an array takes as many as are given.
- `type`: `"text"`, `"int"`, `"float"`, `"bool"` or `"list"`, where there is no default.
- `required`: it must be given.
- `help`: what `--help` says about it.
- `short`: a letter, `-n`.
- `choices`: the values that it may have.
- `position`: 1, 2, ...: it is given by its place, without a name; an array takes all that are left.

An option that was not given and has no default is `()`. `fail_on` is written `--fail-on`. With `--help`,
the help is printed, under the comment with which the script begins; wrong arguments end it with exit
code 2.

```rhai
let options = cli(#{
    version: #{ help: "what to deploy", default: "1.0" },
    limit: #{ help: "how many at once", default: 5 },
    verbose: false,
});
print(options.limit);    // 5
print(options.verbose);  // false
```
"#,
        |context: NativeCallContext, options: Map| cli(&context, &options),
    );
}

fn cli(context: &NativeCallContext, options: &Map) -> ScriptResult<Map> {
    let run = scope::current()?.run;
    let usage = Usage::from_options(options)?;
    let source = context.call_source().unwrap_or("SCRIPT");
    match usage.parse(&run.settings.args) {
        Ok(Parsed::Values(values)) => Ok(values),
        Ok(Parsed::Help) => {
            let about = modules::source_text(source).map(|text| leading_comment(&text)).unwrap_or_default();
            // Nobody may be reading any longer.
            let _ = run.print(&usage.help(source, &about));
            leave(0)
        }
        Err(problem) => {
            run.eprint(&format!("error: {problem}\n\n{}\n\nFor more, try `--help`.", usage.summary(source)));
            leave(WRONG_USAGE)
        }
    }
}

fn leave(code: i32) -> ScriptResult<Map> {
    scope::current()?.run.exit(code);
    Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into())
}

/// The comment that a script begins with, after its `#!` line.
fn leading_comment(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("#!") || line.trim().is_empty());
    let comment = lines.map_while(|line| line.trim_start().strip_prefix("//"));
    let words = comment.map(|line| {
        line.trim_start_matches(['/', '!']).strip_prefix(' ').unwrap_or(line.trim_start_matches(['/', '!']))
    });
    words.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_at_the_beginning_says_what_the_script_does() {
        assert_eq!(
            leading_comment("#!/usr/bin/env rexec\n\n//! Rolls out.\n//!\n//! Twice.\nlet x = 1; // no"),
            "Rolls out.\n\nTwice."
        );
        assert_eq!(leading_comment("// a\n//b\n"), "a\nb");
        assert_eq!(leading_comment("let x = 1; // a"), "");
    }
}
