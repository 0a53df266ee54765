//! How a script goes on: `exit`, `attempt`, `retry`, `timeout`, `defer`, `each`.

use crate::{
    Error, ErrorKind,
    script::{
        caught,
        console::LogLevel,
        define::function,
        error::thrown,
        options::{self, Number, Seconds},
        scope::{self, ScriptResult},
        time_limit,
    },
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext, Position};
use serde::Deserialize;
use std::time::Duration;

pub(super) fn register(engine: &mut Engine) {
    register_exit(engine);
    register_attempt(engine);
    register_retry(engine);
    register_timeout(engine);
    register_defer(engine);
    register_each(engine);
}

fn register_exit(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Ends the script with this exit code, 0 to 255; without one, with 0. What was deferred still runs, and
every process that the script started is ended.

```rhai
print("before");  // before
exit(0);
print("never");
```
"#;
    function(engine, "exit(code: int)", DOCUMENTATION, exit);
    function(engine, "exit()", DOCUMENTATION, || exit(0));
}

fn exit(code: i64) -> ScriptResult<()> {
    let code = u8::try_from(code)
        .map_err(|_| thrown(Error::invalid(format!("exit: {code} is no exit code: they are 0 to 255"))))?;
    scope::current()?.run.exit(i32::from(code));
    Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into())
}

fn register_attempt(engine: &mut Engine) {
    function(
        engine,
        "attempt(closure: function) -> map",
        r#"
Calls a closure, and gives `#{ ok, value, error }`: what it gave, or what it threw. A cancellation and
`exit` go on to the caller.

```rhai
print(attempt(|| 6 * 7).value);           // 42
print(attempt(|| throw "no luck").error); // no luck
```
"#,
        |context: NativeCallContext, closure: FnPtr| -> ScriptResult<Map> {
            let (ok, value, error) = match closure.call_within_context(&context, ()) {
                Ok(value) => (true, value, Dynamic::UNIT),
                Err(problem) if !is_catchable(&problem) => return Err(problem),
                Err(problem) => (false, Dynamic::UNIT, caught::as_value(problem)),
            };
            Ok(Map::from_iter([("ok".into(), ok.into()), ("value".into(), value), ("error".into(), error)]))
        },
    );
}

/// Whether a script may catch it: neither a cancellation nor an `exit`.
fn is_catchable(problem: &EvalAltResult) -> bool {
    problem.unwrap_inner().is_catchable()
}

/// How `retry` tries again.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RetryOptions {
    /// What the delay is multiplied with after each attempt.
    backoff: Option<Number>,
    max_delay: Option<Seconds>,
    /// The kinds of errors that are worth another attempt.
    on: Option<Vec<String>>,
}

fn register_retry(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Calls a closure until it does not throw, at most so many times, with a pause between, and gives what it
gave. When the last attempt has failed too, its error is thrown.

An error that another attempt can't help is thrown at once: a fault in the script itself, and errors of
the kinds `denied`, `invalid` and `unsupported`. A cancellation ends it as it ends everything.

Options: `backoff` (what the pause is multiplied with each time), `max_delay`, `on` (the kinds of errors
that are worth another attempt; all others are thrown at once).

```rhai
let calls = 0;
let value = retry(3, 0.01, || {
    calls += 1;
    if calls < 3 { throw "not yet" }
    calls
});
print(value);  // 3
```
"#;
    function(
        engine,
        "retry(times: int, delay: seconds, closure: function) -> any",
        DOCUMENTATION,
        |context: NativeCallContext, times: i64, delay: Dynamic, closure: FnPtr| {
            retry(&context, times, &delay, &closure, RetryOptions::default())
        },
    );
    function(
        engine,
        "retry(times: int, delay: seconds, closure: function, options: map) -> any",
        DOCUMENTATION,
        |context: NativeCallContext, times: i64, delay: Dynamic, closure: FnPtr, options: Map| {
            retry(&context, times, &delay, &closure, options::options("retry", &options)?)
        },
    );
}

fn retry(
    context: &NativeCallContext,
    times: i64,
    delay: &Dynamic,
    closure: &FnPtr,
    options: RetryOptions,
) -> ScriptResult<Dynamic> {
    if times < 1 {
        return Err(thrown(Error::invalid(format!("retry: {times} times is never; the least is 1"))));
    }
    let mut delay = options::seconds(delay)?;
    let mut attempt = 1;
    loop {
        let problem = match closure.call_within_context::<Dynamic>(context, ()) {
            Ok(value) => return Ok(value),
            Err(problem) if attempt == times || !is_worth_retrying(&problem, &options) => {
                return Err(problem);
            }
            Err(problem) => problem,
        };
        let message = caught::message(&caught::as_value(problem));
        scope::current()?.run.log(
            LogLevel::Debug,
            &format!("attempt {attempt} of {times} failed, again in {delay:?}: {message}"),
        );
        pause(delay)?;
        delay = options.next_delay(delay);
        attempt += 1;
    }
}

impl RetryOptions {
    fn next_delay(&self, delay: Duration) -> Duration {
        let longest = self.max_delay.map_or(Duration::MAX, |Seconds(longest)| longest);
        match self.backoff {
            Some(Number(factor)) => {
                Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(longest).min(longest)
            }
            None => delay,
        }
    }
}

fn is_worth_retrying(problem: &EvalAltResult, options: &RetryOptions) -> bool {
    let EvalAltResult::ErrorRuntime(value, _) = problem.unwrap_inner() else { return false };
    let kind = value.read_lock::<Error>().map(|error| error.kind());
    match &options.on {
        Some(kinds) => {
            let name = kind.map_or("thrown", ErrorKind::name);
            kinds.iter().any(|kind| kind == name)
        }
        None => !matches!(
            kind,
            Some(ErrorKind::Denied | ErrorKind::Invalid | ErrorKind::Unsupported | ErrorKind::Cancelled)
        ),
    }
}

/// Waits, unless the script is cancelled.
pub(super) fn pause(duration: Duration) -> ScriptResult<()> {
    scope::wait(async move {
        tokio::time::sleep(duration).await;
        Ok(())
    })
}

fn register_timeout(engine: &mut Engine) {
    function(
        engine,
        "timeout(limit: seconds, closure: function) -> any",
        r#"
Calls a closure and gives what it gave; when the time has passed before its end, what it is doing is
given up, commands that it runs are ended, and an error of kind `timeout` is thrown.

```rhai
print(timeout(5, || "in time"));  // in time
try { timeout(0.01, || sleep(60)); } catch (error) {
    print(error.kind);  // timeout
}
```
"#,
        |context: NativeCallContext, limit: Dynamic, closure: FnPtr| {
            let limit = options::seconds(&limit)?;
            time_limit::within(limit, || closure.call_within_context::<Dynamic>(&context, ()))
        },
    );
}

fn register_defer(engine: &mut Engine) {
    function(
        engine,
        "defer(closure: function)",
        r#"
Calls a closure at the end of the script, whatever happened: also after an error, `exit`, or Ctrl-C
(after which all of them together have 10 seconds). The last one that was deferred runs first. An error
in one of them is reported, and keeps none of the others from running.

```rhai
defer(|| print("this comes last"));
print("this comes first");
```
"#,
        |context: NativeCallContext, closure: FnPtr| -> ScriptResult<()> {
            scope::current()?.run.deferred.push(&context, closure);
            Ok(())
        },
    );
}

fn register_each(engine: &mut Engine) {
    function(
        engine,
        "each(items: array, closure: function) -> array",
        r#"
Calls a closure for each item, one after the other, and gives what it gave for them. The first error
ends it. `parallel` does several at once, and collects the errors.

```rhai
print(each([1, 2, 3], |n| n * 10));  // [10, 20, 30]
```
"#,
        |context: NativeCallContext, items: Array, closure: FnPtr| -> ScriptResult<Array> {
            items.into_iter().map(|item| closure.call_within_context(&context, (item,))).collect()
        },
    );
}
