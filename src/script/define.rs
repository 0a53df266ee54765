//! How the topics register their functions: each with its signature, documentation and example.
//!
//! The first argument of [`function`] is the signature as the manual prints it. Its documentation
//! is Markdown with at least one example, a fenced block marked `rhai`, which a test runs: it
//! compares what each line of the form `print(...);  // text` prints with that text. A block that
//! can't run alone says why, after `no_run`: ` ```rhai no_run needs a terminal `.
//!
//! Methods on our handles are registered as pure: handles are shared, nothing of theirs changes in
//! place, and so they work on constants too.

use super::scope::ScriptResult;
use rhai::{Dynamic, Engine, FuncRegistration, Module, RhaiNativeFunc, Variant};
use std::any::TypeId;

/// Registers a function, or a method of its first parameter.
///
/// ```ignore
/// function(engine, "arg(command: Command, value: any) -> Command", "Adds one argument. ...",
///     |command: &mut Command, value: Dynamic| ...);
/// ```
pub(super) fn function<A, const N: usize, const X: bool, R, const F: bool>(
    engine: &mut Engine,
    signature: &str,
    documentation: &str,
    body: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
) where
    A: 'static,
    R: Variant + Clone,
{
    let (name, parameters) = parse_signature(signature);
    debug_assert!(parameters.len() >= N, "the signature of `{name}` names each of its {N} parameters");
    FuncRegistration::new(name)
        // Not even an engine that evaluates constant calls while it compiles may run this one.
        .with_volatility(true)
        .with_purity(true)
        .with_params_info(parameters)
        .with_comments([as_comment(documentation)])
        .register_into_engine(engine, body);
}

/// Registers what takes no argument: as a property and as a method.
pub(super) fn property<A, const N: usize, const X: bool, R, const F: bool>(
    engine: &mut Engine,
    signature: &str,
    documentation: &str,
    body: impl RhaiNativeFunc<A, N, X, R, F> + Clone + Send + Sync + 'static,
) where
    A: 'static,
    R: Variant + Clone,
{
    let (name, _) = parse_signature(signature);
    FuncRegistration::new_getter(name)
        .with_volatility(true)
        .with_purity(true)
        .register_into_engine(engine, body.clone());
    function(engine, signature, documentation, body);
}

/// Makes values of a type something that `for` loops over.
pub(super) fn iterable<T, I>(engine: &mut Engine, iterate: impl Fn(T) -> I + Send + Sync + 'static)
where
    T: Variant + Clone,
    I: Iterator<Item = ScriptResult<Dynamic>> + 'static,
{
    let mut module = Module::new();
    module.set_iter_result(TypeId::of::<T>(), move |value: Dynamic| {
        Box::new(iterate(value.cast::<T>())) as Box<dyn Iterator<Item = ScriptResult<Dynamic>>>
    });
    engine.register_global_module(module.into());
}

/// `name(a: A, b) -> R` as `name` and `["a: A", "b", "R"]`.
fn parse_signature(signature: &str) -> (&str, Vec<&str>) {
    let (name, rest) = signature.split_once('(').expect("a signature has parameters");
    let (parameters, result) = rest.rsplit_once(')').expect("the parameters end");
    let mut parts: Vec<&str> = parameters.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.push(result.trim().strip_prefix("->").map_or("()", str::trim));
    (name.trim(), parts)
}

/// The form in which Rhai keeps comments: each line behind `///`.
pub(super) fn as_comment(documentation: &str) -> String {
    let lines = documentation.trim().lines().map(|line| match line.trim_end() {
        "" => "///".to_owned(),
        line => format!("/// {line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_gives_name_parameters_and_result() {
        let (name, parts) = parse_signature("env(command: Command, name: string, value: any) -> Command");
        assert_eq!(name, "env");
        assert_eq!(parts, ["command: Command", "name: string", "value: any", "Command"]);
        assert_eq!(parse_signature("stop()"), ("stop", vec!["()"]));
    }
}
