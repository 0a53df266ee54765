//! Values as the prompt shows them.

use super::scan::{KEYWORDS, Kind, scan};
use crate::{
    event::Capture,
    script::{Output, Process},
};
use rhai::{Array, Dynamic, Engine, Map};

/// What fits into one line stays in one.
const LINE: usize = 80;
/// More items than anybody reads at a prompt.
const MAX_ITEMS: usize = 100;
const MAX_LINES: usize = 200;

/// A value as one would write it in a script, or as what it is.
pub(super) fn show(engine: &Engine, value: &Dynamic) -> String {
    let value = value.flatten_clone();
    if let Some(output) = value.read_lock::<Output>() {
        return show_output(output.get());
    }
    if let Some(process) = value.read_lock::<Process>() {
        return show_process(&process);
    }
    if let Some(error) = value.read_lock::<crate::Error>() {
        return error.to_string();
    }
    // What has a form for people of its own: results of `parallel`, tables.
    let own = ["table", "to_string"].into_iter().filter(|_| is_of_ours(&value));
    own.filter_map(|form| call(engine, form, &value)).next().unwrap_or_else(|| at_depth(engine, &value, 0))
}

/// Whether it is none of the types that Rhai brings.
fn is_of_ours(value: &Dynamic) -> bool {
    value.type_name().starts_with("rexec::")
}

/// What a method without arguments says of a value.
fn call(engine: &Engine, method: &str, value: &Dynamic) -> Option<String> {
    let said = engine.eval_fn_call::<Dynamic>(method, None, (value.clone(),)).ok()?;
    said.into_string().ok()
}

fn show_process(process: &Process) -> String {
    match process.status() {
        None => format!("{process:?}, running"),
        Some(status) => format!("{process:?}, {status}"),
    }
}

/// Whether the text asks for its value not to be shown.
pub(super) fn is_quiet(text: &str) -> bool {
    let scan = scan(text);
    let last = scan.spans.iter().rfind(|(_, kind)| *kind != Kind::Comment);
    last.is_some_and(|(range, _)| &text[range.clone()] == ";")
}

/// What a command wrote, and how it ended unless it ended well.
fn show_output(output: &crate::Output) -> String {
    let mut parts = [&output.stdout, &output.stderr].map(show_capture).to_vec();
    if !output.success() {
        parts.push(output.status.to_string());
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { "ended well, with no output".into() } else { parts.join("\n") }
}

fn show_capture(capture: &Capture) -> String {
    let text = capture.text();
    let text = text.trim_end_matches('\n');
    let count = text.lines().count();
    if count <= MAX_LINES {
        return text.to_owned();
    }
    let shown: Vec<&str> = text.lines().take(MAX_LINES).collect();
    format!("{}\n... {} more lines", shown.join("\n"), count - MAX_LINES)
}

/// Whether the value is a command that was made just now, and is meant to run: one that stands in a
/// variable was named to be looked at.
pub(super) fn is_to_run(text: &str) -> bool {
    let scan = scan(text.trim().trim_end_matches(';'));
    let only_names = |(range, kind): &(std::ops::Range<usize>, Kind)| match kind {
        Kind::Name | Kind::Constant | Kind::Text | Kind::Comment => true,
        Kind::Symbol => matches!(&text.trim()[range.clone()], "." | "[" | "]" | "?"),
        _ => false,
    };
    !scan.spans.iter().all(only_names)
}

fn at_depth(engine: &Engine, value: &Dynamic, depth: usize) -> String {
    if let Some(items) = value.read_lock::<Array>() {
        let shown = items.iter().take(MAX_ITEMS).map(|item| at_depth(engine, item, depth + 1));
        return enclose(("[", "]"), shown.collect(), items.len(), depth);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let shown = map
            .iter()
            .take(MAX_ITEMS)
            .map(|(key, item)| format!("{}: {}", show_key(key), at_depth(engine, item, depth + 1)));
        return enclose(("#{", "}"), shown.collect(), map.len(), depth);
    }
    if let Some(bytes) = value.read_lock::<rhai::Blob>() {
        return show_bytes(&bytes);
    }
    if value.is_string() {
        return quote(&value.to_string());
    }
    if let Ok(c) = value.as_char() {
        return format!("{c:?}");
    }
    if value.is_fnptr() {
        return show_function(&value.clone().cast());
    }
    scalar(engine, value)
}

/// A string as it is written in a script.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Not even a value may take over the terminal.
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn show_key(key: &str) -> String {
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&key);
    if is_name { key.to_owned() } else { quote(key) }
}

/// In one line where it fits, else an item a line.
fn enclose((open, close): (&str, &str), mut items: Vec<String>, count: usize, depth: usize) -> String {
    if count > items.len() {
        items.push(format!("... {} more", count - items.len()));
    }
    let width: usize = items.iter().map(|item| item.chars().count() + 2).sum();
    if items.is_empty() {
        return format!("{open}{close}");
    }
    let (indent, outdent) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    if indent.len() + width < LINE && items.iter().all(|item| !item.contains('\n')) {
        let space = if open == "[" { "" } else { " " };
        return format!("{open}{space}{}{space}{close}", items.join(", "));
    }
    let lines: String = items.iter().map(|item| format!("{indent}{item},\n")).collect();
    format!("{open}\n{lines}{outdent}{close}")
}

fn show_bytes(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let rest = if bytes.len() > 16 { " ..." } else { "" };
    format!("<{} bytes: {}{rest}>", bytes.len(), shown.join(" "))
}

fn show_function(function: &rhai::FnPtr) -> String {
    if function.is_anonymous() { "<closure>".into() } else { format!("<function {}>", function.fn_name()) }
}

/// By what the type says of itself.
fn scalar(engine: &Engine, value: &Dynamic) -> String {
    // What has no text of its own comes with Rust's name for it.
    let said = call(engine, "to_debug", value).filter(|said| !said.contains("::"));
    said.unwrap_or_else(|| format!("<{}>", engine.map_type_name(value.type_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> String {
        let engine = Engine::new();
        show(&engine, &engine.eval::<Dynamic>(script).unwrap())
    }

    #[test]
    fn a_short_value_is_one_line() {
        for text in [
            "1",
            "1.5",
            "true",
            "\"a \\\"b\\\" \\n\\t\\\\\"",
            "'c'",
            "[1, \"two\", [3]]",
            "#{ \"a b\": 1, c: [] }",
            "#{}",
            "()",
        ] {
            let script = if text == "()" { "()" } else { text };
            assert_eq!(shown(script), text);
        }
        assert_eq!(shown("|x| x"), "<closure>");
        assert_eq!(shown("blob(20, 255)"), format!("<20 bytes: {} ...>", ["ff"; 16].join(" ")));
    }

    #[test]
    fn a_command_that_was_only_named_is_not_meant_to_run() {
        for text in ["c", " c ", "c.first", "list[0]", "m[\"a\"]"] {
            assert!(!is_to_run(text), "{text}");
        }
        for text in ["$`ls`", "$`ls` | $`wc`", "cmd(\"ls\")", "c.arg(1)", "let c = $`ls`; c", "f()"] {
            assert!(is_to_run(text), "{text}");
        }
    }

    #[test]
    fn a_semicolon_keeps_a_value_quiet() {
        assert!(is_quiet("f(); // why"));
        assert!(!is_quiet("let a = 1; a"));
        assert!(!is_quiet("\";\""));
    }

    #[test]
    fn a_long_value_is_indented() {
        let script =
            "let a = []; for i in 0..3 { a.push(#{ name: `number ${i} of a few`, list: [1, 2] }); } a";
        let expected = "[\n  #{ list: [1, 2], name: \"number 0 of a few\" },\n  #{ list: [1, 2], name: \"number 1 of a few\" },\n  #{ list: [1, 2], name: \"number 2 of a few\" },\n]";
        assert_eq!(shown(script), expected);
    }

    #[test]
    fn a_huge_value_is_cut() {
        let text = shown("let a = []; for i in 0..100000 { a.push(i) } a");
        assert!(text.contains("... 99900 more"));
        assert!(text.len() < 2000);
    }

    #[test]
    fn no_value_writes_to_the_terminal_what_is_not_seen() {
        assert_eq!(shown(r#""\x1b[2J""#), r#""\u001b[2J""#);
    }
}
