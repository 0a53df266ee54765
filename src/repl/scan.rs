//! A look at typed text that never fails: what each stretch of it is, and what is still open at its
//! end.
//!
//! The engine's own lexer stops at what it does not know; somebody who types is in the middle of
//! something most of the time. Highlighting, completion and multi-line input all build on this.

use std::ops::Range;

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `let`, `fn`, `if` and their like.
    Keyword,
    /// A number, `true` or `false`.
    Constant,
    /// A string's or a character's text, with its quotes.
    Text,
    /// The text of a `$` template.
    Command,
    /// A comment.
    Comment,
    /// A name with `(` behind it.
    Call,
    /// Any other name.
    Name,
    /// `${` or `}` in text.
    Hole,
    /// Operators and brackets.
    Symbol,
}

/// What the text ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Code.
    Code,
    /// A `"` string; `continued` where its last character escapes the end of the line.
    Quoted { continued: bool },
    /// A string between back-ticks.
    Text,
    /// A `$` template.
    Command,
    /// A comment that ends with its line.
    LineComment,
    /// A comment that has to be closed.
    BlockComment,
    /// Something that no further text can put right: a bracket closed by another kind, a string that
    /// its line has ended, a `$` with no back-tick behind it.
    Broken,
}

/// What text is made of.
#[derive(Debug)]
pub(super) struct Scan {
    /// Its stretches, in order; what is between them is white space.
    pub(super) spans: Vec<(Range<usize>, Kind)>,
    /// How many brackets, back-ticks and `${` are open at its end.
    pub(super) depth: usize,
    /// What it ends in.
    pub(super) end: End,
}

/// The words that the language keeps for itself.
pub(super) const KEYWORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "fn", "for", "if", "import", "in",
    "let", "loop", "private", "return", "switch", "this", "throw", "try", "until", "while",
];

/// Looks at text.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, at: 0, spans: Vec::new(), open: Vec::new(), end: End::Code };
    while scanner.end == End::Code && scanner.at < text.len() {
        scanner.step();
    }
    scanner.finish()
}

/// What encloses the place that the scanner is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// To be closed by this bracket.
    Bracket(char),
    /// Text between back-ticks.
    Ticks(Kind),
    /// Code within such text.
    Hole,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    spans: Vec<(Range<usize>, Kind)>,
    open: Vec<Open>,
    end: End,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn span(&mut self, start: usize, kind: Kind) {
        if start < self.at {
            self.spans.push((start..self.at, kind));
        }
    }

    fn step(&mut self) {
        let start = self.at;
        if let Some(Open::Ticks(kind)) = self.open.last().copied() {
            return self.ticks(start, kind);
        }
        match self.peek() {
            None => {}
            Some('/') if self.rest().starts_with("//") => self.line_comment(start),
            Some('/') if self.rest().starts_with("/*") => self.block_comment(start),
            Some('"') => self.quoted(start),
            Some('#') if self.rest().trim_start_matches('#').starts_with('"') => self.raw(start),
            Some('\'') => self.character(start),
            Some('$') => self.dollar(start),
            Some('`') => {
                self.bump();
                self.open.push(Open::Ticks(Kind::Text));
                self.ticks(start, Kind::Text);
            }
            Some(c) if c.is_ascii_digit() => self.number(start),
            Some(c) if c.is_alphabetic() || c == '_' => self.word(start),
            Some(c) if c.is_whitespace() => self.bump(),
            Some(c) => self.symbol(start, c),
        }
    }

    fn line_comment(&mut self, start: usize) {
        self.at = self.rest().find('\n').map_or(self.text.len(), |length| self.at + length);
        self.span(start, Kind::Comment);
        if self.at == self.text.len() {
            self.end = End::LineComment;
        }
    }

    /// Comments nest.
    fn block_comment(&mut self, start: usize) {
        let mut depth = 0;
        loop {
            if self.eat("/*") {
                depth += 1;
            } else if self.eat("*/") {
                depth -= 1;
            } else if self.peek().is_none() {
                self.end = End::BlockComment;
            } else {
                self.bump();
            }
            if depth == 0 || self.end != End::Code {
                return self.span(start, Kind::Comment);
            }
        }
    }

    /// A string ends with its line, unless a backslash stands there.
    fn quoted(&mut self, start: usize) {
        self.bump();
        loop {
            if self.eat("\"\"") {
                continue;
            }
            match self.peek() {
                None => self.end = End::Quoted { continued: self.text.ends_with('\\') },
                Some('\n') => self.end = End::Broken,
                Some('\\') => {
                    self.bump();
                    self.bump();
                    continue;
                }
                Some('"') => self.bump(),
                Some(_) => {
                    self.bump();
                    continue;
                }
            }
            return self.span(start, Kind::Text);
        }
    }

    /// `#"..."#`, with any number of `#`.
    fn raw(&mut self, start: usize) {
        let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        self.at += hashes + 1;
        match self.rest().find(&close) {
            Some(length) => self.at += length + close.len(),
            None => {
                self.at = self.text.len();
                self.end = End::Text;
            }
        }
        self.span(start, Kind::Text);
    }

    /// Takes too much of one that is no character, so that the parser has something to say.
    fn character(&mut self, start: usize) {
        self.bump();
        if self.peek() == Some('\\') {
            self.bump();
        }
        self.bump();
        self.eat("'");
        self.span(start, Kind::Text);
    }

    /// A template: `$` or `$sh`, and a back-tick.
    fn dollar(&mut self, start: usize) {
        self.bump();
        let letters = self.rest().trim_start_matches(|c: char| c.is_ascii_alphabetic());
        if letters.starts_with('`') {
            self.at = self.text.len() - letters.len() + 1;
            self.open.push(Open::Ticks(Kind::Command));
            self.ticks(start, Kind::Command);
        } else {
            self.span(start, Kind::Symbol);
            self.end = End::Broken;
        }
    }

    /// From here to the back-tick or to the next `${`.
    fn ticks(&mut self, start: usize, kind: Kind) {
        let is_command = kind == Kind::Command;
        loop {
            if self.rest().starts_with("${") {
                self.span(start, kind);
                let hole = self.at;
                self.at += 2;
                self.span(hole, Kind::Hole);
                return self.open.push(Open::Hole);
            }
            match self.peek() {
                None => {
                    self.end = if is_command { End::Command } else { End::Text };
                    return self.span(start, kind);
                }
                Some('\\') if is_command || self.rest().starts_with("\\$") => {
                    self.bump();
                    self.bump();
                }
                Some('`') if !is_command && self.eat("``") => {}
                Some('`') => {
                    self.bump();
                    self.open.pop();
                    return self.span(start, kind);
                }
                Some(_) => self.bump(),
            }
        }
    }

    fn number(&mut self, start: usize) {
        while let Some(c) = self.peek() {
            let mut ahead = self.rest().chars().skip(1);
            // `1..3` is a range, and `1.max(2)` a call.
            let is_point = c == '.' && ahead.next().is_some_and(|digit| digit.is_ascii_digit());
            if !(c.is_alphanumeric() || c == '_' || is_point) {
                break;
            }
            self.bump();
        }
        self.span(start, Kind::Constant);
    }

    fn word(&mut self, start: usize) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let kind = match &self.text[start..self.at] {
            "true" | "false" => Kind::Constant,
            word if KEYWORDS.contains(&word) => Kind::Keyword,
            _ if self.rest().starts_with('(') => Kind::Call,
            _ => Kind::Name,
        };
        self.span(start, kind);
    }

    fn symbol(&mut self, start: usize, c: char) {
        self.bump();
        match c {
            '(' => self.open.push(Open::Bracket(')')),
            '[' => self.open.push(Open::Bracket(']')),
            '{' => self.open.push(Open::Bracket('}')),
            ')' | ']' | '}' => {
                let closed = self.open.pop();
                if c == '}' && closed == Some(Open::Hole) {
                    return self.span(start, Kind::Hole);
                }
                if closed != Some(Open::Bracket(c)) {
                    self.end = End::Broken;
                }
            }
            _ => {}
        }
        self.span(start, Kind::Symbol);
    }

    fn finish(mut self) -> Scan {
        if self.end == End::Code {
            // The text may end right behind a back-tick.
            match self.open.last() {
                Some(Open::Ticks(Kind::Command)) => self.end = End::Command,
                Some(Open::Ticks(_)) => self.end = End::Text,
                _ => {}
            }
        }
        Scan { spans: self.spans, depth: self.open.len(), end: self.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(&str, Kind)> {
        scan(text).spans.into_iter().map(|(range, kind)| (&text[range], kind)).collect()
    }

    #[test]
    fn a_template_is_told_from_the_code_within_it() {
        assert_eq!(
            kinds("$`ls ${f(1)} x`.run()"),
            [
                ("$`ls ", Kind::Command),
                ("${", Kind::Hole),
                ("f", Kind::Call),
                ("(", Kind::Symbol),
                ("1", Kind::Constant),
                (")", Kind::Symbol),
                ("}", Kind::Hole),
                (" x`", Kind::Command),
                (".", Kind::Symbol),
                ("run", Kind::Call),
                ("(", Kind::Symbol),
                (")", Kind::Symbol),
            ]
        );
    }

    #[test]
    fn every_character_is_in_one_span_or_is_white_space() {
        let text = "let a = \"x\\\"y\"; // ü\nif 'c' == '\\n' { `t ${`u`} \\${v}` } /* a /* b */ */ #\"raw\"# 0x1f 1..2 $sh`p | q`";
        let mut at = 0;
        for (range, _) in scan(text).spans {
            assert!(text[at..range.start].chars().all(char::is_whitespace), "{:?}", &text[at..range.start]);
            assert!(!range.is_empty());
            at = range.end;
        }
        assert_eq!(at, text.len());
        assert_eq!(scan(text).end, End::Code);
        assert_eq!(scan(text).depth, 0);
    }

    #[test]
    fn an_open_end_says_what_it_is_in() {
        let ends = [
            ("f(", End::Code, 1),
            ("\"abc", End::Quoted { continued: false }, 0),
            ("\"abc\\", End::Quoted { continued: true }, 0),
            ("`abc", End::Text, 1),
            ("`abc ${", End::Code, 2),
            ("$`abc \\`", End::Command, 1),
            ("`a``", End::Text, 1),
            ("$sh`a", End::Command, 1),
            ("#\"a\"", End::Text, 0),
            ("// a", End::LineComment, 0),
            ("/* a", End::BlockComment, 0),
            ("f(]", End::Broken, 0),
            (")", End::Broken, 0),
            ("\"a\nb", End::Broken, 0),
            ("$sh", End::Broken, 0),
        ];
        for (text, end, depth) in ends {
            let scan = scan(text);
            assert_eq!((scan.end, scan.depth), (end, depth), "{text}");
        }
    }
}
