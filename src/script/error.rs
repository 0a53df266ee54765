//! Errors as scripts see them: thrown objects with fields.

use crate::{Error, event::Capture};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Position};

/// An error of ours as a script throws it: scripts read its fields, and the engine fills in the
/// position.
pub(crate) fn thrown(error: Error) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE).into()
}

/// The same error once more.
pub(super) fn copy_of(problem: &EvalAltResult) -> Box<EvalAltResult> {
    use EvalAltResult as E;
    Box::new(match problem {
        E::ErrorRuntime(value, position) => E::ErrorRuntime(value.clone(), *position),
        E::ErrorTerminated(value, position) => E::ErrorTerminated(value.clone(), *position),
        E::ErrorInFunctionCall(name, source, inner, position) => {
            E::ErrorInFunctionCall(name.clone(), source.clone(), copy_of(inner), *position)
        }
        E::ErrorInModule(name, inner, position) => E::ErrorInModule(name.clone(), copy_of(inner), *position),
        E::ErrorFunctionNotFound(name, position) => E::ErrorFunctionNotFound(name.clone(), *position),
        E::ErrorVariableNotFound(name, position) => E::ErrorVariableNotFound(name.clone(), *position),
        E::ErrorDotExpr(text, position) => E::ErrorDotExpr(text.clone(), *position),
        other => E::ErrorRuntime(super::messages::of(other).into(), other.position()),
    })
}

/// An error in what a script asked for, of kind `invalid`.
pub(super) fn invalid(message: impl Into<String>) -> Box<EvalAltResult> {
    thrown(Error::invalid(message))
}

/// The fields of a caught error.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Error>("Error");
    engine.register_get("kind", |error: &mut Error| error.kind().name().to_owned());
    engine.register_get("message", |error: &mut Error| error.to_string());
    engine.register_get("host", |error: &mut Error| text_or_unit(error.host()));
    engine.register_get("command", |error: &mut Error| text_or_unit(error.command()));
    engine.register_get("hint", |error: &mut Error| text_or_unit(error.hint()));
    engine.register_get("code", |error: &mut Error| {
        let code = error.status().and_then(crate::ExitStatus::code);
        code.map_or(Dynamic::UNIT, |code| Dynamic::from(i64::from(code)))
    });
    engine.register_get("signal", |error: &mut Error| {
        let signal = error.status().and_then(crate::ExitStatus::signal);
        signal.map_or(Dynamic::UNIT, |signal| Dynamic::from(signal.to_string()))
    });
    engine.register_get("stdout", |error: &mut Error| output_text(error, |output| &output.stdout));
    engine.register_get("stderr", |error: &mut Error| output_text(error, |output| &output.stderr));
    engine.register_fn("to_string", |error: &mut Error| error.to_string());
    engine.register_fn("to_debug", |error: &mut Error| error.to_string());
    // A thrown text is an error as well.
    engine.register_get("kind", |_: &mut ImmutableString| "thrown");
    engine.register_get("message", |text: &mut ImmutableString| text.clone());
}

fn output_text(error: &Error, which: impl Fn(&crate::Output) -> &Capture) -> String {
    error.output().map(|output| which(output).text()).unwrap_or_default()
}

fn text_or_unit(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| Dynamic::from(ImmutableString::from(text)))
}
