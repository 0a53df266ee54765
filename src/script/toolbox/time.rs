//! `sleep`, and points in time: `now`.

use super::control::pause;
use crate::{
    Error,
    script::{
        define::{function, property},
        error::thrown,
        options,
        scope::ScriptResult,
    },
};
use jiff::{Timestamp, tz::TimeZone};
use rhai::{Dynamic, Engine, ImmutableString};

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(Timestamp);

impl std::fmt::Display for Time {
    /// As RFC 3339 has it, in UTC, to the second.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl Time {
    fn seconds_since(self, earlier: Time) -> f64 {
        self.0.duration_since(earlier.0).as_secs_f64()
    }

    fn offset_by(self, seconds: &Dynamic, sign: f64) -> ScriptResult<Time> {
        let offset = sign * options::seconds(seconds)?.as_secs_f64();
        let offset = jiff::SignedDuration::try_from_secs_f64(offset).ok();
        let moved = offset.and_then(|offset| self.0.checked_add(offset).ok());
        moved.map(Time).ok_or_else(|| thrown(Error::invalid("a time that far away can't be told")))
    }

    fn format(self, format: &str, zone: TimeZone) -> ScriptResult<String> {
        jiff::fmt::strtime::format(format, &self.0.to_zoned(zone))
            .map_err(|problem| thrown(Error::invalid(format!("format {format:?}: {problem}"))))
    }
}

impl From<std::time::SystemTime> for Time {
    /// What is too far away to be told is as far away as can be.
    fn from(time: std::time::SystemTime) -> Self {
        let bound = if time < std::time::SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::try_from(time).unwrap_or(bound))
    }
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "sleep(duration: seconds)",
        r#"
Waits. Handlers of processes run meanwhile; Ctrl-C and `timeout` end it at once.

```rhai
sleep(0.01);
sleep("10ms");
```
"#,
        |duration: Dynamic| pause(options::seconds(&duration)?),
    );
    // The engine brings functions of this name for numbers, which nothing can wake.
    engine.register_fn("sleep", |duration: i64| pause(options::seconds(&duration.into())?));
    engine.register_fn("sleep", |duration: f64| pause(options::seconds(&duration.into())?));
    function(
        engine,
        "now() -> Time",
        r#"
The present time. It prints as in `2025-01-31T12:00:00Z`; the difference of two times is in seconds.

```rhai
let started = now();
print(now() - started < 60);                   // true
print(now() > started - "1h");                 // true
print(now().format("%Y").len);                 // 4
```
"#,
        || Time(Timestamp::now()),
    );
    register_time(engine);
}

fn register_time(engine: &mut Engine) {
    engine.register_type_with_name::<Time>("Time");
    property(
        engine,
        "unix(time: Time) -> float",
        r#"
Seconds since 1970.

```rhai
print(now().unix > 1700000000);  // true
```
"#,
        |time: &mut Time| time.0.as_duration().as_secs_f64(),
    );
    function(
        engine,
        "format(time: Time, format: string) -> string",
        r#"
The time as text, in the local time zone; the format is that of `strftime`.

```rhai
print(now().format("%Y-%m-%d").len);  // 10
```
"#,
        |time: &mut Time, format: ImmutableString| time.format(&format, TimeZone::system()),
    );
    function(
        engine,
        "utc(time: Time, format: string) -> string",
        r#"
The time as text, in UTC.

```rhai
print(now().utc("%z"));  // +0000
```
"#,
        |time: &mut Time, format: ImmutableString| time.format(&format, TimeZone::UTC),
    );
    engine.register_fn("-", |later: Time, earlier: Time| later.seconds_since(earlier));
    engine.register_fn("+", |time: Time, seconds: Dynamic| time.offset_by(&seconds, 1.0));
    engine.register_fn("-", |time: Time, seconds: Dynamic| time.offset_by(&seconds, -1.0));
    engine.register_fn("==", |a: Time, b: Time| a == b);
    engine.register_fn("!=", |a: Time, b: Time| a != b);
    engine.register_fn("<", |a: Time, b: Time| a < b);
    engine.register_fn("<=", |a: Time, b: Time| a <= b);
    engine.register_fn(">", |a: Time, b: Time| a > b);
    engine.register_fn(">=", |a: Time, b: Time| a >= b);
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |time: &mut Time| time.to_string());
    }
}
