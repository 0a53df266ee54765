//! Colours for what is typed.

use super::scan::{Kind, scan};
use std::fmt::Write;

/// The text with colours.
pub(super) fn highlight(text: &str) -> String {
    let mut coloured = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for (range, kind) in scan(text).spans {
        coloured.push_str(&text[at..range.start]);
        at = range.end;
        let part = &text[range];
        match style(kind) {
            // Colour ends with the line: a terminal fills the rest of a line with what is on.
            Some(style) => part.split_inclusive('\n').for_each(|line| paint(&mut coloured, line, style)),
            None => coloured.push_str(part),
        }
    }
    coloured.push_str(&text[at..]);
    coloured
}

/// Less than the rest: hints, and what explains.
pub(super) fn dim(text: &str) -> String {
    let mut dimmed = String::new();
    paint(&mut dimmed, text, "2");
    dimmed
}

/// As the prompt is shown.
pub(super) fn prompt(text: &str) -> String {
    let mut bold = String::new();
    paint(&mut bold, text, "1;34");
    bold
}

fn paint(target: &mut String, text: &str, style: &str) {
    write!(target, "\x1b[{style}m{text}\x1b[0m").expect("writing to a string succeeds");
}

/// The parameters of the escape sequence that selects a style.
fn style(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Keyword => Some("35"),
        Kind::Constant => Some("36"),
        Kind::Text => Some("32"),
        Kind::Command => Some("33"),
        Kind::Comment => Some("2"),
        Kind::Call => Some("34"),
        Kind::Hole => Some("1;35"),
        Kind::Name | Kind::Symbol => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_add_nothing_that_is_seen() {
        let text = "let a = $`ls ${x}` | $`wc -l`; // ü\n`a\nb`";
        let coloured = highlight(text);
        assert_ne!(coloured, text);
        let mut plain = String::new();
        let mut parts = coloured.split('\x1b');
        plain.push_str(parts.next().unwrap());
        for part in parts {
            plain.push_str(part.split_once('m').unwrap().1);
        }
        assert_eq!(plain, text);
    }
}
