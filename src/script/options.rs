//! Reading option maps and durations, with errors that say what would be right.

use super::{error, scope::ScriptResult};
use crate::Error;
use rhai::{Dynamic, Map};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, Visitor},
};
use std::{fmt, time::Duration};

/// Reads an option map into a struct that derives `Deserialize` with
/// `#[serde(default, deny_unknown_fields)]`; `function` is named in errors.
///
/// For durations use [`Seconds`], for other numbers [`Number`] where a script may as well give a
/// whole number.
pub(super) fn options<T: DeserializeOwned>(function: &str, map: &Map) -> ScriptResult<T> {
    // Through JSON's values and not straight from `Dynamic`: those errors name Rust's types.
    let value =
        serde_json::to_value(Dynamic::from(map.clone())).map_err(|problem| invalid(function, &problem))?;
    serde_json::from_value(value).map_err(|problem| invalid(function, &problem))
}

fn invalid(function: &str, problem: &serde_json::Error) -> Box<rhai::EvalAltResult> {
    let text = problem.to_string();
    let text = text.replace("unknown field", "unknown option").replace("a map", "an option map");
    error::thrown(Error::invalid(format!("{function}: {text}")))
}

/// A time in seconds: `5`, `0.5`, `"90s"`, `"2m"`, `"1h"`, `"500ms"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seconds(pub(super) Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds, such as 5, 0.5, \"90s\", \"2m\" or \"500ms\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Seconds, E> {
        from_number(value).map(Seconds).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Seconds, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Seconds, E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Seconds, E> {
        parse_duration(value).map(Seconds).map_err(E::custom)
    }
}

/// A number that may be written as a whole one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number(pub(super) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Number)
    }
}

/// A duration that was given as an argument.
pub(super) fn seconds(value: &Dynamic) -> ScriptResult<Duration> {
    let number = value.as_float().or_else(|_| value.as_int().map(|number| number as f64));
    let duration = match number {
        Ok(number) => from_number(number),
        Err(_) => match value.clone().into_immutable_string() {
            Ok(text) => parse_duration(&text),
            Err(found) => Err(format!(
                "expected seconds, such as 5, 0.5, \"90s\", \"2m\" or \"500ms\", and not a value of type {}",
                short_type_name(found)
            )),
        },
    };
    duration.map_err(|problem| error::thrown(Error::invalid(problem)))
}

/// Rust's path in front of a type's name means nothing to a script.
fn short_type_name(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

fn from_number(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} is no length of time"))
}

/// `"90s"`, `"1.5m"`, `"500ms"`; a bare number is seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_start = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_start);
    let factor = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(no_duration(text)),
    };
    let number: f64 = number.parse().map_err(|_| no_duration(text))?;
    from_number(number * factor)
}

fn no_duration(text: &str) -> String {
    format!("\"{text}\" is no length of time: write seconds, or \"500ms\", \"90s\", \"2m\", \"1h\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_or_texts_with_a_unit() {
        for (value, millis) in [
            (Dynamic::from(5_i64), 5000),
            (Dynamic::from(0.5), 500),
            ("90s".into(), 90_000),
            ("2m".into(), 120_000),
            ("500ms".into(), 500),
            ("1.5h".into(), 5_400_000),
            ("7".into(), 7000),
        ] {
            assert_eq!(seconds(&value).unwrap(), Duration::from_millis(millis));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for value in [Dynamic::from(-1_i64), "5 parsecs".into(), "".into(), Dynamic::UNIT, f64::NAN.into()] {
            assert!(seconds(&value).is_err(), "{value:?}");
        }
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        limit: Option<usize>,
        pause: Option<Seconds>,
        share: Option<Number>,
    }

    fn problem_with(map: &Map) -> String {
        let problem = options::<Example>("parallel", map).unwrap_err();
        let rhai::EvalAltResult::ErrorRuntime(thrown, _) = *problem else { panic!("{problem}") };
        thrown.cast::<Error>().to_string()
    }

    #[test]
    fn an_unknown_option_is_refused_and_the_known_ones_are_named() {
        let map = Map::from_iter([("lmit".into(), Dynamic::from(3_i64))]);
        let problem = problem_with(&map);
        for word in ["parallel", "unknown option `lmit`", "`limit`", "`pause`", "`share`"] {
            assert!(problem.contains(word), "{problem}");
        }
    }

    #[test]
    fn whole_numbers_do_where_fractions_do() {
        let map = Map::from_iter([
            ("limit".into(), Dynamic::from(3_i64)),
            ("pause".into(), "2m".into()),
            ("share".into(), Dynamic::from(5_i64)),
        ]);
        let read = options::<Example>("x", &map).unwrap();
        assert_eq!(read.limit, Some(3));
        assert_eq!(read.pause, Some(Seconds(Duration::from_secs(120))));
        assert_eq!(read.share, Some(Number(5.0)));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_without_rusts_words() {
        let map = Map::from_iter([("limit".into(), "many".into())]);
        let problem = problem_with(&map);
        assert!(problem.contains("\"many\""), "{problem}");
        assert!(!problem.contains("::"), "{problem}");
    }
}
