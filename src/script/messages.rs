//! The engine's own errors in our words: lower case, the script's names for types, no Rust.

use rhai::{EvalAltResult, LexError, ParseErrorType};

/// What one of the engine's errors says, without the calls that led there.
pub(super) fn of(problem: &EvalAltResult) -> String {
    use EvalAltResult as E;
    match problem.unwrap_inner() {
        E::ErrorParsing(kind, _) => of_parse(kind),
        E::ErrorVariableNotFound(name, _) => format!("unknown variable `{name}`"),
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature),
        E::ErrorPropertyNotFound(name, _) => format!("unknown property `{name}`"),
        E::ErrorIndexNotFound(index, _) => format!("there is nothing at index `{index}`"),
        E::ErrorModuleNotFound(name, _) => format!("unknown module `{name}`"),
        E::ErrorVariableExists(name, _) => format!("there is a variable `{name}` already"),
        E::ErrorForbiddenVariable(name, _) => format!("a variable can't be called `{name}`"),
        E::ErrorMismatchDataType(expected, found, _) | E::ErrorMismatchOutputType(expected, found, _) => {
            mismatch(expected, found)
        }
        E::ErrorFor(_) => "this can't be looped over".into(),
        E::ErrorIndexingType(what, _) => format!("this can't be indexed: {}", types(what)),
        E::ErrorUnboundThis(_) => "`this` is bound to nothing here".into(),
        E::ErrorDataRace(name, _) => in_use(name),
        E::ErrorAssignmentToConstant(name, _) => format!("`{name}` is a constant, and can't be changed"),
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            format!("`{}` would change a constant", plain_name(name))
        }
        E::ErrorDotExpr(text, _) => unknown_property(text),
        E::ErrorStackOverflow(_) => "calls nested too deep: does a function call itself for ever?".into(),
        E::ErrorTooManyOperations(_) => "more operations than this script may take".into(),
        E::ErrorTooManyVariables(_) => "more variables than this script may have".into(),
        E::ErrorTooManyModules(_) => "more modules than this script may import".into(),
        E::ErrorDataTooLarge(what, _) => format!("{} is larger than this script may make it", types(what)),
        E::ErrorTerminated(..) => "cancelled".into(),
        E::LoopBreak(true, ..) => "`break` outside of a loop".into(),
        E::LoopBreak(false, ..) => "`continue` outside of a loop".into(),
        E::ErrorRuntime(value, _) => value.to_string(),
        other => in_lower_case(&without_position(other)),
    }
}

/// The same from the text that `catch` gets: the engine's words, and the calls that led there.
pub(super) fn of_text(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let first = first.rfind(" (line ").map_or(first, |start| &first[..start]);
    let first = first.find(" @ '").map_or(first, |start| &first[..start]);
    let Some((what, rest)) = first.split_once(": ") else {
        return if first.starts_with("Unknown property") {
            unknown_property(first)
        } else {
            in_lower_case(first)
        };
    };
    match what {
        "Function not found" => unknown_function(rest),
        "Variable not found" => format!("unknown variable `{rest}`"),
        "Property not found" => format!("unknown property `{rest}`"),
        "Module not found" => format!("unknown module `{rest}`"),
        "Data type incorrect" | "Output type incorrect" => match rest.split_once(" (expecting ") {
            Some((found, expected)) => mismatch(expected.trim_end_matches(')'), found),
            None => mismatch("", rest),
        },
        _ => in_lower_case(first),
    }
}

/// What is wrong with a text that does not parse.
pub(super) fn of_parse(kind: &ParseErrorType) -> String {
    use ParseErrorType as P;
    match kind {
        P::UnexpectedEOF => "the script ends in the middle of something".into(),
        P::BadInput(LexError::UnexpectedInput(text)) => format!("`{text}` makes no sense here"),
        P::BadInput(LexError::UnterminatedString) => "a text that is not closed".into(),
        P::MissingToken(token, what) => format!("`{token}` is missing {what}"),
        P::VariableUndefined(name) => format!("unknown variable `{name}`"),
        P::ModuleUndefined(name) => format!("unknown module `{name}`: is it imported?"),
        P::Reserved(word) => match word.as_str() {
            "null" | "nil" => format!("there is no `{word}`: write `()`"),
            "var" => "there is no `var`: write `let`".into(),
            word => format!("`{word}` is a word of the language"),
        },
        P::UnknownOperator(operator) => format!("there is no operator `{operator}`"),
        P::MismatchedType(expected, found) => mismatch(expected, found),
        P::FnDuplicatedDefinition(name, count) => {
            format!("there is a function `{name}` with {} already", counted(*count, "parameter"))
        }
        P::AssignmentToConstant(name) => format!("`{name}` is a constant, and can't be changed"),
        P::LoopBreak => "`break` or `continue` outside of a loop".into(),
        other => in_lower_case(&other.to_string()),
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("one {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn mismatch(expected: &str, found: &str) -> String {
    match (types(expected), types(found)) {
        (expected, found) if found.is_empty() => format!("expected {expected}"),
        (expected, found) if expected.is_empty() => format!("unexpected {found}"),
        (expected, found) => format!("expected {expected}, found {found}"),
    }
}

fn in_use(name: &str) -> String {
    let what = name.trim_start_matches("variable").trim().trim_matches('\'');
    match what.is_empty() {
        true => "a value is in use by a call that has not returned yet".into(),
        false => format!("`{what}` is in use by a call that has not returned yet"),
    }
}

/// `name (type, type)`, as the engine writes what it did not find.
fn unknown_function(signature: &str) -> String {
    let (name, arguments) = split_signature(signature);
    if let Some(name) = name.strip_prefix("get$") {
        return format!("{} has no property `{name}`", owner_of(&arguments));
    }
    if let Some(name) = name.strip_prefix("set$") {
        return format!("{} has no property `{name}` that can be set", owner_of(&arguments));
    }
    if !name.starts_with(|c: char| c == '_' || c.is_alphabetic()) {
        return format!("there is no `{name}` for {}", arguments.join(" and "));
    }
    format!("unknown function `{name}` for ({})", arguments.join(", "))
}

fn owner_of(arguments: &[String]) -> String {
    with_article(arguments.first().map_or("value", String::as_str))
}

fn with_article(name: &str) -> String {
    let vowel = name.starts_with(|first: char| "aeiouAEIO".contains(first));
    format!("{} {name}", if vowel { "an" } else { "a" })
}

/// The name of a function that was not found, and the types it was called with.
pub(super) fn split_signature(signature: &str) -> (&str, Vec<String>) {
    let Some((name, arguments)) = signature.split_once(" (") else { return (signature, Vec::new()) };
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let arguments = arguments.split(", ").filter(|argument| !argument.is_empty());
    (name, arguments.map(types).collect())
}

/// "Unknown property 'x' - a getter is not registered for type 'Host'".
fn unknown_property(text: &str) -> String {
    match split_property(text) {
        Some((name, owner)) if text.contains("setter") => {
            format!("{} has no property `{name}` that can be set", with_article(&owner))
        }
        Some((name, owner)) => format!("{} has no property `{name}`", with_article(&owner)),
        None => in_lower_case(text),
    }
}

/// The property that was not found, and the type that does not have it.
pub(super) fn split_property(text: &str) -> Option<(&str, String)> {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let (name, owner) = (quoted.next()?, quoted.next()?);
    text.contains("etter is not registered").then(|| (name, types(owner)))
}

/// The engine's and Rust's names of types, as a script knows them.
pub(super) fn types(text: &str) -> String {
    let text = text.replace("&str | ImmutableString | String", "string");
    let words = text.split(' ').map(|word| {
        let bare = word.trim_start_matches("&mut").rsplit("::").next().unwrap_or(word);
        match bare {
            "i64" | "INT" => "int",
            "f64" | "FLOAT" => "float",
            "ImmutableString" | "String" | "&str" => "string",
            "Fn" | "FnPtr" => "function",
            "Array" => "array",
            "Map" => "map",
            "Blob" => "blob",
            "Dynamic" => "any",
            other => other,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn plain_name(name: &str) -> &str {
    name.trim_start_matches("get$").trim_start_matches("set$")
}

/// The engine adds the position to its messages; a report shows it apart.
fn without_position(problem: &EvalAltResult) -> String {
    let text = problem.to_string();
    match text.rfind(" (line ") {
        Some(start) if text.ends_with(')') => text[..start].to_owned(),
        _ => text,
    }
}

fn in_lower_case(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
