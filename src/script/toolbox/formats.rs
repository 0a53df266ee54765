//! JSON, TOML and YAML: `parse_json`, `parse_toml`, `parse_yaml`, `to_json`.

use crate::{
    Error,
    script::{define::function, error::thrown, scope::ScriptResult},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::fmt;

/// A value read from any format: null is `()`, and a whole number that no `int` can hold becomes a
/// float, which is as exact as that can be.
pub(crate) struct Data(pub(crate) Dynamic);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor).map(Data)
    }
}

struct DataVisitor;

/// How the TOML reader hands over a date: a map with this one key.
const TOML_DATE: &str = "$__toml_private_datetime";

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Dynamic, E> {
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(value as f64), Dynamic::from))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Dynamic, E> {
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(value as f64), Dynamic::from))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Dynamic, E> {
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(value as f64), Dynamic::from))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Dynamic, E> {
        Ok(Dynamic::from_blob(value.to_vec()))
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_none<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut array = Array::with_capacity(items.size_hint().unwrap_or(0).min(1024));
        while let Some(Data(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let Data(value) = entries.next_value()?;
            if key == TOML_DATE {
                return Ok(value);
            }
            map.insert(key.into(), value);
        }
        Ok(map.into())
    }
}

/// A key: YAML's may be numbers and the like, which become text.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let Data(key) = Data::deserialize(deserializer)?;
        if key.is_array() || key.is_map() {
            return Err(de::Error::custom("a key is a text or a number, and no list or map"));
        }
        Ok(if key.is_unit() { "null".to_owned() } else { key.to_string() })
    }
}

/// Reads JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|problem| Error::invalid(format!("this is no JSON: {problem}")))
}

/// Reads TOML.
pub(crate) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|problem| {
        let line = problem.span().map(|span| text[..span.start].lines().count().max(1));
        let place = line.map(|line| format!(" at line {line}")).unwrap_or_default();
        Error::invalid(format!("this is no TOML: {}{place}", problem.message().trim_end()))
    })
}

/// Reads YAML.
pub(crate) fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    // As YAML 1.2 has it: `no` is Norway, and no falsehood.
    let options = serde_saphyr::Options { strict_booleans: true, with_snippet: false, ..Default::default() };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|problem| Error::invalid(format!("this is no YAML: {problem}")))
}

/// A value as JSON.
///
/// # Errors
///
/// Where something in it is no data: a function, a host, a process.
pub(crate) fn to_json_value(value: &Dynamic) -> Result<Value, Error> {
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(to_json_value).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let entries = map.iter().map(|(key, item)| Ok((key.to_string(), to_json_value(item)?)));
        return entries.collect::<Result<_, Error>>().map(Value::Object);
    }
    if let Some(blob) = value.read_lock::<rhai::Blob>() {
        return Ok(Value::from(blob.clone()));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Value::from(text.as_str()));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::from(number));
    }
    if let Ok(number) = value.as_float() {
        // JSON has neither infinities nor "not a number".
        return Ok(Value::from(number));
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(Value::from(truth));
    }
    if let Ok(character) = value.as_char() {
        return Ok(Value::from(character.to_string()));
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Some(time) = value.read_lock::<super::time::Time>() {
        return Ok(Value::from(time.to_string()));
    }
    let kind = value.type_name().rsplit("::").next().unwrap_or_default();
    Err(Error::invalid(format!("to_json: a value of type {kind} is no data")))
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "parse_json(text: string) -> any",
        r#"
Reads JSON. `null` becomes `()`; a whole number beyond 64 bits becomes a float.

```rhai
print(parse_json(`{"ports": [80, 443]}`).ports[1]);  // 443
```
"#,
        |text: ImmutableString| from_json::<Data>(text.as_bytes()).map(|data| data.0).map_err(thrown),
    );
    function(
        engine,
        "parse_toml(text: string) -> map",
        r#"
Reads TOML. Dates and times become text.

```rhai
print(parse_toml("[server]\nport = 80").server.port);  // 80
```
"#,
        |text: ImmutableString| from_toml::<Data>(&text).map(|data| data.0).map_err(thrown),
    );
    function(
        engine,
        "parse_yaml(text: string) -> any",
        r#"
Reads YAML.

```rhai
print(parse_yaml("hosts:\n  - web1\n  - web2").hosts.len);  // 2
```
"#,
        |text: ImmutableString| from_yaml::<Data>(&text).map(|data| data.0).map_err(thrown),
    );
    register_to_json(engine);
}

fn register_to_json(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
A value as JSON, on one line; `()` becomes `null`. With `true` as a second argument it is indented for
people. What is no data (a function, a host) is an error.

```rhai
print(to_json(#{ name: "web1", up: true, load: () }));  // {"load":null,"name":"web1","up":true}
print(to_json([1, 2], true).split("\n").len);           // 4
```
"#;
    fn to_json(value: &Dynamic, indented: bool) -> ScriptResult<String> {
        let value = to_json_value(value).map_err(thrown)?;
        Ok(if indented { format!("{value:#}") } else { value.to_string() })
    }
    function(engine, "to_json(value: any) -> string", DOCUMENTATION, |value: Dynamic| to_json(&value, false));
    function(
        engine,
        "to_json(value: any, indented: bool) -> string",
        DOCUMENTATION,
        |value: Dynamic, indented: bool| to_json(&value, indented),
    );
    // The engine brings one for maps, which gives `()` no meaning.
    engine.register_fn("to_json", |map: &mut Map| to_json(&Dynamic::from(map.clone()), false));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Dynamic {
        from_json::<Data>(text.as_bytes()).unwrap().0
    }

    #[test]
    fn every_sort_of_json_is_read() {
        let map = json(r#"{"a": null, "b": [1, -2.5, true, "x\n"], "c": {}}"#).cast::<Map>();
        assert!(map["a"].is_unit());
        assert_eq!(format!("{:?}", map["b"]), r#"[1, -2.5, true, "x\n"]"#);
        assert!(json("[]").is_array() && json("\"\"").is_string() && json("7").is_int());
    }

    #[test]
    fn numbers_that_no_int_can_hold_become_floats() {
        assert_eq!(json("9223372036854775807").as_int(), Ok(i64::MAX));
        assert_eq!(json("18446744073709551615").as_float(), Ok(18446744073709551615.0));
        assert_eq!(json("1e400".trim_end_matches("e400")).as_int(), Ok(1));
    }

    #[test]
    fn toml_dates_become_text() {
        let map = from_toml::<Data>("d = 2025-01-31T12:00:00Z\nt = 1979-05-27").unwrap().0.cast::<Map>();
        assert_eq!(map["d"].to_string(), "2025-01-31T12:00:00Z");
        assert_eq!(map["t"].to_string(), "1979-05-27");
    }

    #[test]
    fn yaml_keys_become_text_and_types_are_kept() {
        let map = from_yaml::<Data>("1: one\ntrue: no\nn: ~\nf: 1.5\nlist: [a, 2]").unwrap().0.cast::<Map>();
        assert_eq!(map["1"].to_string(), "one");
        assert_eq!(map["true"].to_string(), "no");
        assert!(map["n"].is_unit());
        assert_eq!(map["f"].as_float(), Ok(1.5));
        assert_eq!(format!("{:?}", map["list"]), r#"["a", 2]"#);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let problem = |result: Result<Data, Error>| match result {
            Ok(_) => panic!("it was read"),
            Err(error) => error.to_string(),
        };
        assert!(problem(from_json(b"{\"a\": }")).contains("line 1 column 7"));
        let toml = problem(from_toml("a = 1\nb = = 2"));
        assert!(toml.contains("line 2"), "{toml}");
        let yaml = problem(from_yaml("a: [1, 2"));
        assert!(yaml.contains("no YAML"), "{yaml}");
    }

    #[test]
    fn data_becomes_json_and_comes_back() {
        let text = r#"{"a":null,"b":[1,2.5,true,"x"],"c":{"d":{}}}"#;
        assert_eq!(to_json_value(&json(text)).unwrap().to_string(), text);
        assert_eq!(to_json_value(&Dynamic::from(f64::NAN)).unwrap(), Value::Null);
        assert!(to_json_value(&Dynamic::from(rhai::FnPtr::new("f").unwrap())).is_err());
    }
}
