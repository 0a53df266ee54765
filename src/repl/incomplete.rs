//! Whether what was typed is a whole, or goes on in the next line.

use super::scan::{End, Scan, scan};
use crate::script::session::{Names, import_statements};
use rhai::{Dynamic, Engine, LexError, ParseError, ParseErrorType, Scope};

/// What typed text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// It parses.
    Whole,
    /// More text could make it parse.
    Unfinished,
    /// No further text can.
    Wrong,
}

/// Judges text by its open brackets and strings, and by what the parser misses at its end.
///
/// `names` are those that the text may use.
pub(super) fn judge(engine: &Engine, names: &Names, text: &str) -> Input {
    if text.trim().is_empty() {
        return Input::Whole;
    }
    let mut scope = Scope::new();
    for variable in &names.variables {
        scope.push_dynamic(variable.name.as_str(), Dynamic::UNIT);
    }
    let modules = names.modules.iter().map(|module| module.name.as_str());
    let whole = format!("{}\n{text}", import_statements(modules));
    let parsed = engine.compile_with_scope(&scope, &whole);
    let scan = scan(text);
    let is_open = is_open(&scan);
    match parsed {
        Err(error) if misses_more(&whole, &error) => Input::Unfinished,
        // What an open string or template brings with it says nothing.
        Err(error) if is_open && is_cut_short(&error) => Input::Unfinished,
        Err(_) => Input::Wrong,
        Ok(_) if is_open => Input::Unfinished,
        // The engine notices a template that is cut short only when it runs.
        Ok(_) if scan.end == End::Broken => Input::Wrong,
        Ok(_) => Input::Whole,
    }
}

/// Whether a bracket, a string, a template or a comment is open at the end.
fn is_open(scan: &Scan) -> bool {
    match scan.end {
        End::Broken => false,
        End::Quoted { continued } => continued,
        End::Text | End::Command | End::BlockComment => true,
        End::Code | End::LineComment => scan.depth > 0,
    }
}

/// Whether the parser stopped at the very end, at something that more text would be.
fn misses_more(text: &str, error: &ParseError) -> bool {
    use ParseErrorType as E;
    let text = text.trim_end();
    match error.err_type() {
        E::UnexpectedEOF => true,
        // What it documents is still to come.
        E::WrongDocComment => text.lines().last().is_some_and(|line| line.trim_start().starts_with("///")),
        E::BadInput(LexError::UnterminatedString) => text.ends_with('\\') || text.contains('`'),
        E::MissingToken(..)
        | E::MissingSymbol(..)
        | E::ExprExpected(..)
        | E::VariableExpected
        | E::PropertyExpected
        | E::FnMissingName
        | E::FnMissingParams(..)
        | E::FnMissingBody(..)
        | E::MalformedCapture(..)
        | E::MalformedIndexExpr(..) => is_at_end(text, error),
        _ => false,
    }
}

/// Whether the error is one that an open string brings with it.
fn is_cut_short(error: &ParseError) -> bool {
    matches!(
        error.err_type(),
        ParseErrorType::BadInput(LexError::UnterminatedString | LexError::MalformedChar(_))
    )
}

fn is_at_end(text: &str, error: &ParseError) -> bool {
    let position = error.position();
    let Some(line) = position.line() else { return true };
    let last_line = text.split('\n').count();
    let last_column = text.rsplit('\n').next().map_or(0, |line| line.chars().count());
    line > last_line
        || line == last_line && position.position().is_none_or(|column| column == 0 || column > last_column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::session::{Shape, Variable};
    use Input::{Unfinished, Whole, Wrong};

    /// What people type, and what it is.
    const TABLE: &[(&str, Input)] = &[
        ("1 + 2", Whole),
        ("let x = 1;", Whole),
        ("let x = 1", Whole),
        ("let x =", Unfinished),
        ("let", Unfinished),
        ("let x", Whole),
        ("1 +", Unfinished),
        ("foo(", Unfinished),
        ("foo(1,", Unfinished),
        ("foo(1", Unfinished),
        ("[1, 2", Unfinished),
        ("[1,", Unfinished),
        ("#{ a: 1", Unfinished),
        ("#{ a:", Unfinished),
        ("#{ a", Unfinished),
        ("#{", Unfinished),
        ("fn", Unfinished),
        ("fn f", Unfinished),
        ("fn f(", Unfinished),
        ("fn f(a", Unfinished),
        ("fn f(a,", Unfinished),
        ("fn f(a)", Unfinished),
        ("fn f(a) {", Unfinished),
        ("fn f(a) { a + 1", Unfinished),
        ("fn f(a) { a + 1 }", Whole),
        ("if", Unfinished),
        ("if x", Unfinished),
        ("if x {", Unfinished),
        ("if x { 1 }", Whole),
        ("if x { 1 } else", Unfinished),
        ("for i in", Unfinished),
        ("for i", Unfinished),
        ("for", Unfinished),
        ("while true {", Unfinished),
        ("loop {", Unfinished),
        ("do { 1 }", Unfinished),
        ("do { 1 } while", Unfinished),
        ("switch x {", Unfinished),
        ("switch x { 1 =>", Unfinished),
        ("switch x { 1 => 2,", Unfinished),
        ("switch", Unfinished),
        ("try {", Unfinished),
        ("try { 1 }", Unfinished),
        ("try { 1 } catch", Unfinished),
        ("try { 1 } catch (e", Unfinished),
        ("try { 1 } catch (e) {", Unfinished),
        ("|x|", Whole),
        ("|x", Unfinished),
        ("let f = |x| {", Unfinished),
        ("\"abc", Wrong),
        ("\"abc\\", Unfinished),
        ("`abc", Unfinished),
        ("`abc ${", Unfinished),
        ("`abc ${x", Unfinished),
        ("`abc ${x}", Unfinished),
        ("`abc\n def", Unfinished),
        ("/* comment", Unfinished),
        ("// comment", Whole),
        ("x.", Unfinished),
        ("x?.", Unfinished),
        ("x[", Unfinished),
        ("x[1", Unfinished),
        ("m::", Unfinished),
        ("import", Unfinished),
        ("import \"a\" as", Unfinished),
        ("import \"a\"", Whole),
        ("return", Whole),
        ("throw", Whole),
        ("a &&", Unfinished),
        ("a |", Unfinished),
        ("!", Unfinished),
        ("-", Unfinished),
        ("a ??", Unfinished),
        ("x =", Unfinished),
        ("x +=", Unfinished),
        ("(1 + 2", Unfinished),
        ("(", Unfinished),
        ("{", Unfinished),
        (")", Wrong),
        ("1 2", Wrong),
        ("let 5 = 1", Wrong),
        ("foo(1 2)", Wrong),
        ("foo(]", Wrong),
        ("fn f(1) {}", Wrong),
        ("'ab'", Wrong),
        ("@", Wrong),
        ("let x = ;", Wrong),
        ("if {", Wrong),
        ("x.5", Wrong),
        ("$`ls", Unfinished),
        ("$`ls ${", Unfinished),
        ("$`ls ${x", Unfinished),
        ("$`ls ${x} \"a", Unfinished),
        ("$`ls` |", Unfinished),
        ("$`ls`", Whole),
        ("$", Wrong),
        ("$sh", Wrong),
        ("$sh`ls | wc", Unfinished),
        ("$sh`ls | wc`", Whole),
        ("let f = |x| $`ls", Unfinished),
        ("foo(|x| {\n  x + 1\n", Unfinished),
        ("[1,2]\n  .map(|x| x)", Whole),
        ("const", Unfinished),
        ("export", Unfinished),
        ("/// doc", Unfinished),
        ("private", Unfinished),
        ("$`ls ${x}` | $`grep", Unfinished),
        ("#\"raw", Unfinished),
        ("#\"raw\"#", Whole),
    ];

    #[test]
    fn typed_text_is_judged_as_a_person_would() {
        let host = crate::ScriptHost::builder().build();
        let engine = host.engine();
        let mut names = Names::default();
        for name in ["a", "foo", "m", "x"] {
            names.variables.push(Variable {
                name: name.into(),
                is_constant: false,
                shape: Shape::of(&Dynamic::UNIT, &|_| "()".into()),
            });
        }
        let judged = TABLE.iter().map(|(text, wanted)| (text, wanted, judge(engine, &names, text)));
        let wrong: Vec<_> = judged.filter(|(_, wanted, judged)| *wanted != judged).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
