//! What went wrong, as the value that `catch` gives.

use super::messages;
use rhai::{Dynamic, EvalAltResult, Map, Position};

/// The value that `catch (error)` would give: what was thrown, or for one of the engine's own errors
/// a map with `kind` (`script`), `message`, and `line` and `position` where they are known.
#[allow(clippy::boxed_local, reason = "the engine's errors are passed on in the boxes they come in")]
pub(crate) fn as_value(problem: Box<EvalAltResult>) -> Dynamic {
    match innermost(*problem) {
        EvalAltResult::ErrorRuntime(value, _) => value,
        mut own => {
            let position = own.take_position();
            describe(&own, position)
        }
    }
}

/// Whether a closure ended because its scope was cancelled, however deep that was.
pub(crate) fn is_terminated(problem: &EvalAltResult) -> bool {
    matches!(problem.unwrap_inner(), EvalAltResult::ErrorTerminated(..))
}

/// The one line that tells it to a person.
pub(crate) fn told(problem: &EvalAltResult) -> String {
    match problem.unwrap_inner() {
        EvalAltResult::ErrorRuntime(value, _) => message(value),
        EvalAltResult::ErrorTerminated(..) => "cancelled".into(),
        own => own.to_string(),
    }
}

/// What happened, without the calls that led there.
fn innermost(problem: EvalAltResult) -> EvalAltResult {
    let mut problem = problem;
    loop {
        problem = match problem {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
            | EvalAltResult::ErrorInModule(_, inner, _) => *inner,
            innermost => return innermost,
        }
    }
}

/// The map that `catch` gets for one of the engine's own errors, with a `kind` and in our words;
/// nothing for any other map.
pub(super) fn explained(map: &Map) -> Option<Map> {
    let is_one = map.contains_key("error") && map.contains_key("message") && !map.contains_key("kind");
    if !is_one {
        return None;
    }
    let error = map.get("error")?.clone().into_immutable_string().ok()?;
    let message = map.get("message")?.clone().into_immutable_string().ok()?;
    if !error.starts_with("Error") {
        return None;
    }
    let mut map = map.clone();
    map.insert("kind".into(), "script".into());
    map.insert("message".into(), messages::of_text(&message).into());
    Some(map)
}

fn describe(problem: &EvalAltResult, position: Position) -> Dynamic {
    let number = |number: Option<usize>| number.and_then(|number| i64::try_from(number).ok());
    let mut map = Map::new();
    map.insert("kind".into(), "script".into());
    map.insert("message".into(), messages::of(problem).into());
    for (key, value) in [("line", number(position.line())), ("position", number(position.position()))] {
        if let Some(value) = value {
            map.insert(key.into(), value.into());
        }
    }
    map.into()
}

/// The one line that tells a caught value to a person.
pub(crate) fn message(value: &Dynamic) -> String {
    if let Some(error) = value.read_lock::<crate::Error>() {
        return error.to_string();
    }
    if let Some(map) = value.read_lock::<Map>()
        && let Some(message) = map.get("message")
    {
        return message.to_string();
    }
    value.to_string()
}
