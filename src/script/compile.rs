//! From a script's text to what runs, with errors in our words and at their exact place.

use super::{messages, nearest, template, toolbox::args};
use rhai::{AST, Engine, LexError, ParseError, ParseErrorType, Position, Scope};

/// Compiles a script or a module.
///
/// # Errors
///
/// Where it does not parse. The error's text is one of ours, in `BadInput`.
pub(super) fn compile(engine: &Engine, source: &str, text: &str) -> Result<AST, ParseError> {
    compile_with_scope(engine, &Scope::new(), source, text)
}

/// The same with variables that are there already.
///
/// # Errors
///
/// As [`compile`].
pub(super) fn compile_with_scope(
    engine: &Engine,
    variables: &Scope,
    source: &str,
    text: &str,
) -> Result<AST, ParseError> {
    template::begin();
    let text = without_interpreter(text);
    let compiled = engine.compile_with_scope(&args::visible_with(variables), text);
    match (compiled, template::unfinished()) {
        (Ok(mut ast), None) => {
            ast.set_source(source);
            Ok(ast)
        }
        // What the engine makes of the rest of the text is a consequence of this.
        (_, Some(position)) if text_ends_in_template(text, position) => {
            Err(error(template::UNFINISHED.into(), position))
        }
        (Ok(_), Some(position)) => Err(error(template::UNFINISHED.into(), position)),
        (Err(problem), _) => Err(explain(engine, variables, text, &problem)),
    }
}

/// The text with an empty first line in place of one that names the interpreter
/// (`#!/usr/bin/env -S rexec run`).
fn without_interpreter(text: &str) -> &str {
    if text.starts_with("#!") { &text[text.find('\n').unwrap_or(text.len())..] } else { text }
}

/// Whether no back-tick follows on the one that opens the template: an error within a template that
/// is closed leaves it open here as well.
fn text_ends_in_template(text: &str, position: Position) -> bool {
    let rest = from(text, position);
    let mut parts = rest.splitn(2, '`');
    parts.next();
    parts.next().is_some_and(|inside| !inside.contains('`'))
}

/// The text from this place on.
fn from(text: &str, position: Position) -> &str {
    let (Some(line), Some(column)) = (position.line(), position.position()) else { return text };
    let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
    let rest = &text[start..];
    let offset = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(index, _)| index);
    &rest[offset..]
}

fn error(message: String, position: Position) -> ParseError {
    LexError::ImproperSymbol(String::new(), message).into_err(position)
}

fn explain(engine: &Engine, variables: &Scope, text: &str, problem: &ParseError) -> ParseError {
    let position = problem.position();
    match problem.err_type() {
        ParseErrorType::BadInput(inner) if let Some(place) = template::place_of(inner) => {
            error(inner.to_string(), place)
        }
        ParseErrorType::VariableUndefined(name) => {
            let known = variables.iter_raw().map(|(name, ..)| name.to_owned()).collect();
            error(unknown_variable_beside(known, engine, text, name, position), position)
        }
        kind => error(messages::of_parse(kind), position),
    }
}

/// Says which variable may have been meant, or why it is not visible.
pub(super) fn unknown_variable(engine: &Engine, text: &str, name: &str, position: Position) -> String {
    unknown_variable_beside(Vec::new(), engine, text, name, position)
}

/// The same where the script has these variables too.
fn unknown_variable_beside(
    mut known: Vec<String>,
    engine: &Engine,
    text: &str,
    name: &str,
    position: Position,
) -> String {
    known.extend(declared(text));
    let declared = known;
    let start = text.len() - from(text, position).len();
    let before = &text[..start];
    if declared.iter().any(|known| known == name) {
        return match enclosing_function(before) {
            Some(function) => format!(
                "unknown variable `{name}`: a function does not see the script's variables, so give it to `{function}` as an argument"
            ),
            None => format!("unknown variable `{name}`: here it is not declared yet, or not any longer"),
        };
    }
    let functions = function_names(engine);
    if functions.iter().any(|known| known == name) {
        return format!("unknown variable `{name}`: to call the function of this name write `{name}()`");
    }
    let candidates = declared.iter().chain(&functions).map(String::as_str);
    match nearest::nearest(name, candidates) {
        Some(near) => format!("unknown variable `{name}`: did you mean `{near}`?"),
        None => format!("unknown variable `{name}`"),
    }
}

/// The names of all functions that a script may call without a module's name in front.
pub(super) fn function_names(engine: &Engine) -> Vec<String> {
    let name = |function: rhai::FuncInfo| {
        let name = &function.metadata.name;
        let is_plain = function.namespace.is_empty() && rhai::is_valid_identifier(name);
        is_plain.then(|| name.to_string())
    };
    engine.collect_fn_metadata(None, name, true)
}

/// The names that the text declares anywhere: a rough look is enough for a hint.
fn declared(text: &str) -> Vec<String> {
    const LIST: &str = r"\bfn\s+\w+\s*\(([^)]*)\)|\|([\w\s,]*)\||\bfor\s*\(([^)]*)\)|\bcatch\s*\(\s*(\w+)";
    const ONE: &str = r"\b(?:let|const|for|as)\s+(\w+)";
    let find = |pattern: &str| regex::Regex::new(pattern).expect("the pattern is fixed");
    let one = find(ONE);
    let list = find(LIST);
    let ones = one.captures_iter(text).filter_map(|found| found.get(1));
    let lists = list.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
    let names = ones.chain(lists).flat_map(|found| found.as_str().split(','));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The function whose body is open at the end of this text.
fn enclosing_function(before: &str) -> Option<String> {
    let pattern = regex::Regex::new(r"\bfn\s+(?:\w+\.)?(\w+)\s*\(").expect("the pattern is fixed");
    let last = pattern.captures_iter(before).last()?;
    let body = &before[last.get(0)?.end()..];
    let depth = body.matches('{').count() as i64 - body.matches('}').count() as i64;
    (depth > 0).then(|| last[1].to_owned())
}
