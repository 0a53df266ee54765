//! What ended a script, for whoever reports it: what happened, where, and by which calls.

use super::{compile, masking::Masks, messages, modules, nearest, policy::DeniedByPolicy};
use crate::{Error, Output};
use rhai::{Dynamic, Engine, EvalAltResult, FuncInfo, Map, ParseError, Position};
use std::{error::Error as _, fmt, sync::Arc};

/// Why a script ended before its end: what a report needs.
#[derive(Clone, Debug)]
pub struct ScriptError {
    /// The kind that a script would see: `command`, `timeout`, ..., `thrown` or `script`; `parse`
    /// where it did not get as far as running.
    pub kind: String,
    /// What happened, in one line.
    pub message: String,
    /// Where, innermost first: the place itself, then the calls that led there.
    pub places: Vec<CallSite>,
    /// What the reader can do about it.
    pub hint: Option<String>,
    /// The error of ours that was thrown, if it was one: host, command, status, tail, hint. What it
    /// holds of a command's output may have secrets in it: see [`mask`](Self::mask).
    pub error: Option<Error>,
    masks: Arc<Masks>,
}

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// The file's path, `std/...` for an embedded module, `eval` or `repl`.
    pub source: String,
    /// Counted from 1; 0 where it isn't known.
    pub line: usize,
    /// In characters, counted from 1; 0 where it isn't known.
    pub column: usize,
    /// The text of that line, if the source is at hand.
    pub text: Option<String>,
    /// The function that the place is in; `None` for the script's top level.
    pub function: Option<String>,
}

impl ScriptError {
    /// Whether the script did not parse, so that nothing was run.
    pub fn is_parse(&self) -> bool {
        self.kind == "parse"
    }

    /// Whether it ended because it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.kind == "cancelled"
    }

    /// Whether it tried what the policy does not allow.
    pub fn is_denied_by_policy(&self) -> bool {
        let cause = self.error.as_ref().and_then(|error| error.source());
        cause.is_some_and(|cause| cause.is::<DeniedByPolicy>())
    }

    /// A text that is made of this error, with the script's secrets replaced by `***`.
    pub fn mask(&self, text: &str) -> String {
        self.masks.mask(text).into_owned()
    }

    /// The same error of a run with these secrets.
    pub(super) fn masked(mut self, masks: &Arc<Masks>) -> Self {
        self.masks = masks.clone();
        self.message = self.mask(&self.message);
        self.hint = self.hint.as_ref().map(|hint| self.mask(hint));
        self
    }

    /// What the failed command left, where one failed.
    pub fn output(&self) -> Option<&Output> {
        self.error.as_ref().and_then(Error::output)
    }

    /// A failure before there was a script.
    pub(super) fn from_error(error: Error) -> Self {
        Self {
            kind: error.kind().name().into(),
            message: error.to_string(),
            places: Vec::new(),
            hint: error.hint().map(str::to_owned),
            error: Some(error),
            masks: Arc::default(),
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScriptError {}

impl From<Error> for ScriptError {
    fn from(error: Error) -> Self {
        Self::from_error(error)
    }
}

/// The script that a report is about.
pub(super) struct Script<'a> {
    pub(super) engine: &'a Engine,
    /// What it is called.
    pub(super) source: &'a str,
    /// Its text.
    pub(super) text: &'a str,
}

impl Script<'_> {
    /// What its text lacks.
    pub(super) fn parse_error(&self, problem: &ParseError) -> ScriptError {
        ScriptError {
            kind: "parse".into(),
            message: problem.err_type().to_string(),
            places: vec![self.place(self.source, problem.position(), None)],
            hint: None,
            error: None,
            masks: Arc::default(),
        }
    }

    /// What ended it.
    pub(super) fn error(&self, problem: &EvalAltResult) -> ScriptError {
        let mut places = Vec::new();
        let innermost = self.follow_calls(problem, &mut places);
        // Innermost first.
        places.reverse();
        let source = places.first().map_or(self.source, |place: &CallSite| place.source.as_str());
        let (kind, message, error) = self.describe(innermost, source);
        let hint = match &error {
            Some(error) => error.hint().map(str::to_owned),
            None => self.hint(innermost),
        };
        ScriptError { kind, message, places, hint, error, masks: Arc::default() }
    }

    /// Notes each call on the way from the outside to the error itself.
    fn follow_calls<'e>(&self, problem: &'e EvalAltResult, places: &mut Vec<CallSite>) -> &'e EvalAltResult {
        let mut source = self.source.to_owned();
        let mut function = None;
        let mut current = problem;
        loop {
            let position = current.position();
            if !position.is_none() {
                let place = self.place(&source, position, function.as_deref());
                // A call from native code stands where the call to that code does.
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
            match current {
                EvalAltResult::ErrorInFunctionCall(name, inside, inner, _) => {
                    if !inside.is_empty() {
                        source.clone_from(inside);
                    }
                    function = Some(function_name(name));
                    current = inner;
                }
                EvalAltResult::ErrorInModule(name, inner, _) => {
                    source.clone_from(name);
                    function = None;
                    current = inner;
                }
                _ => return current,
            }
        }
    }

    /// Kind, message, and our own error, if it is one.
    fn describe(&self, problem: &EvalAltResult, source: &str) -> (String, String, Option<Error>) {
        match problem {
            EvalAltResult::ErrorRuntime(value, _) => describe_thrown(value),
            EvalAltResult::ErrorTerminated(value, _) => match value.clone().try_cast::<Error>() {
                Some(error) => (error.kind().name().into(), error.to_string(), Some(error)),
                None => ("cancelled".into(), "cancelled".into(), None),
            },
            EvalAltResult::ErrorParsing(kind, _) => ("parse".into(), messages::of_parse(kind), None),
            EvalAltResult::ErrorVariableNotFound(name, position) => {
                let text = self.text_of(source).unwrap_or_default();
                let message = compile::unknown_variable(self.engine, &text, name, *position);
                ("script".into(), message, None)
            }
            other => ("script".into(), messages::of(other), None),
        }
    }

    /// What may have been meant.
    fn hint(&self, problem: &EvalAltResult) -> Option<String> {
        match problem {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.hint_for_function(signature),
            EvalAltResult::ErrorDotExpr(text, _) => {
                let (name, owner) = messages::split_property(text)?;
                self.hint_for_property(name, &owner)
            }
            EvalAltResult::ErrorDataRace(..) => Some(
                "put what is called on into a variable of its own first: `let p = list[0]; p.wait()`".into(),
            ),
            EvalAltResult::ErrorAssignmentToConstant(name, _) => Some(format!(
                "a handle (a host, a process) that a closure uses can't be replaced: put the other one into a variable of its own, such as `{name}2`"
            )),
            EvalAltResult::ErrorMismatchDataType(expected, found, _) if expected == "bool" => {
                let what = messages::types(found);
                (what == "Command").then(|| "to join commands use `.then(next)` and `.or_else(next)`; to ask whether one succeeds, `.ok()`".into())
            }
            _ => None,
        }
    }

    fn hint_for_function(&self, signature: &str) -> Option<String> {
        let (name, arguments) = messages::split_signature(signature);
        if let Some(property) = name.strip_prefix("get$").or_else(|| name.strip_prefix("set$")) {
            return self.hint_for_property(property, arguments.first()?);
        }
        let own = self.own_functions();
        let known = own.iter().filter(|(known, _)| known == name).map(|(_, signature)| signature.clone());
        let signatures: Vec<String> = known.chain(self.signatures(name)).take(4).collect();
        if !signatures.is_empty() {
            return Some(format!("there is {}", signatures.join(", ")));
        }
        let functions = compile::function_names(self.engine);
        let candidates =
            own.iter().map(|(name, _)| name.as_str()).chain(functions.iter().map(String::as_str));
        nearest::nearest(name, candidates).map(|near| format!("did you mean `{near}`?"))
    }

    fn hint_for_property(&self, name: &str, owner: &str) -> Option<String> {
        let members = self.engine.collect_fn_metadata(None, |function| member_of(&function, owner), true);
        match nearest::nearest(name, members.iter().map(String::as_str)) {
            Some(near) if near == name => Some(format!("it is a method: `{name}(...)`")),
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => None,
        }
    }

    /// The functions that the script defines, with how they are called.
    fn own_functions(&self) -> Vec<(String, String)> {
        let Ok(ast) = self.engine.compile(self.text) else { return Vec::new() };
        let functions = ast.iter_functions().filter(|function| !function.name.starts_with("anon$"));
        functions
            .map(|function| {
                (function.name.to_owned(), format!("`{}({})`", function.name, function.params.join(", ")))
            })
            .collect()
    }

    /// How a function of this name is called.
    fn signatures(&self, name: &str) -> Vec<String> {
        let mut signatures = self.engine.collect_fn_metadata(
            None,
            |function| {
                let metadata = function.metadata;
                let here = metadata.name == name && function.namespace.is_empty();
                here.then(|| format!("`{}`", signature_of(&function)))
            },
            true,
        );
        signatures.dedup();
        signatures
    }

    fn place(&self, source: &str, position: Position, function: Option<&str>) -> CallSite {
        let line = position.line().unwrap_or(0);
        let text = self.text_of(source);
        CallSite {
            source: source.to_owned(),
            line,
            column: position.position().unwrap_or(0),
            text: text.and_then(|text| Some(text.lines().nth(line.checked_sub(1)?)?.to_owned())),
            function: function.map(str::to_owned),
        }
    }

    fn text_of(&self, source: &str) -> Option<String> {
        if source == self.source { Some(self.text.to_owned()) } else { modules::source_text(source) }
    }
}

/// What a script threw: one of our errors, a text, a map with `kind` and `message`, or any value.
fn describe_thrown(value: &Dynamic) -> (String, String, Option<Error>) {
    if let Some(error) = value.read_lock::<Error>() {
        return (error.kind().name().into(), error.to_string(), Some(error.clone()));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let field = |name: &str| map.get(name).and_then(|value| value.clone().into_string().ok());
        let message = field("message").unwrap_or_else(|| value.to_string());
        return (field("kind").unwrap_or_else(|| "thrown".into()), message, None);
    }
    let message = if value.is_unit() { "thrown without a value".into() } else { value.to_string() };
    ("thrown".into(), message, None)
}

fn function_name(name: &str) -> String {
    if name.starts_with("anon$") || name == "bound_closure" { "closure".into() } else { name.to_owned() }
}

/// The name under which this function is a property or method of a type.
fn member_of(function: &FuncInfo, owner: &str) -> Option<String> {
    let metadata = function.metadata;
    let first = metadata.params_info.first()?.rsplit(": ").next()?;
    let belongs = messages::types(first).trim() == owner;
    let name = metadata.name.strip_prefix("get$").unwrap_or(&metadata.name);
    (belongs && rhai::is_valid_identifier(name)).then(|| name.to_owned())
}

/// How a function is called, in the script's words for types.
fn signature_of(function: &FuncInfo) -> String {
    let metadata = function.metadata;
    let parameters = metadata.params_info.iter().take(metadata.num_params);
    let parameters: Vec<String> =
        parameters.map(|parameter| messages::types(parameter).replace("_: ", "")).collect();
    format!("{}({})", metadata.name, parameters.join(", "))
}
