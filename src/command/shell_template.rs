//! Values in a shell's text: each quoted, and refused where quotes would not protect them.

use super::{
    quote_always,
    template::Value,
    words::{Piece, SyntaxError},
};

/// A shell's text with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellTemplate {
    /// Text and values in turn.
    pub parts: Vec<ShellPart>,
}

/// A part of a shell's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellPart {
    /// Text that the shell reads as it is.
    Text(String),
    /// The next value, in a word of its own: several texts are several words.
    Word,
    /// The next value, joined to other text: always one word.
    Joined,
}

impl ShellTemplate {
    /// Finds the places of the values.
    ///
    /// A text without values is a shell's own business, and is not looked at.
    pub(super) fn parse(pieces: &[Piece]) -> Result<Self, SyntaxError> {
        if !pieces.contains(&Piece::Value) {
            return Ok(Self { parts: vec![ShellPart::Text(pieces.iter().filter_map(character).collect())] });
        }
        Lexer::new(pieces).run().map(|parts| Self { parts })
    }

    /// The text with the values, each quoted.
    pub(super) fn fill(&self, values: &[Value]) -> String {
        let mut values = values.iter();
        let mut next = || values.next().expect("there is a value for each place");
        let parts = self.parts.iter().map(|part| match part {
            ShellPart::Text(text) => text.clone(),
            ShellPart::Joined => quote_always(&next().joined()),
            ShellPart::Word => match next() {
                Value::One(text) => quote_always(text),
                Value::Many(texts) => {
                    texts.iter().map(|text| quote_always(text)).collect::<Vec<_>>().join(" ")
                }
            },
        });
        parts.collect()
    }
}

fn character(piece: &Piece) -> Option<char> {
    match piece {
        Piece::Char(character) => Some(*character),
        Piece::Value => None,
    }
}

/// Follows a shell's text as far as is needed to know what surrounds each value (XCU 2.2, 2.3,
/// 2.6, 2.7.4). Where shells differ it takes the reading in which a value is in more danger.
struct Lexer<'a> {
    pieces: &'a [Piece],
    index: usize,
    parts: Vec<ShellPart>,
    /// What is open, innermost last; never empty.
    open: Vec<Open>,
    /// The word that is being read, as long as it is made of plain characters only.
    word: Option<String>,
    in_word: bool,
    /// Whether the next word would be a command, and thus might be a keyword.
    at_command: bool,
    here_documents: Vec<HereDocument>,
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    /// The text itself, `( ... )` or `$( ... )`.
    Commands,
    /// Between double quotes.
    DoubleQuotes,
    /// `$(( ... ))` and `(( ... ))`, with this many parentheses open. In bash quotes don't protect
    /// there: the text of `'a[$(id)]'` is evaluated.
    Arithmetic(usize),
    /// `case ... esac`, where `)` ends a pattern.
    Case,
}

struct HereDocument {
    delimiter: String,
    strips_tabs: bool,
}

/// Words after which another command begins.
const OPENERS: [&str; 9] = ["if", "then", "elif", "else", "while", "until", "do", "{", "!"];

impl<'a> Lexer<'a> {
    fn new(pieces: &'a [Piece]) -> Self {
        Self {
            pieces,
            index: 0,
            parts: Vec::new(),
            open: vec![Open::Commands],
            word: None,
            in_word: false,
            at_command: true,
            here_documents: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Vec<ShellPart>, SyntaxError> {
        while self.index < self.pieces.len() {
            match self.top() {
                Open::Commands | Open::Case => self.in_commands()?,
                Open::DoubleQuotes => self.in_double_quotes()?,
                Open::Arithmetic(depth) => self.in_arithmetic(depth)?,
            }
        }
        self.end_word();
        if self.open.len() > 1 {
            return Err(SyntaxError::new(
                self.pieces.len() - 1,
                "a quote, a parenthesis or a `case` that is not closed",
                "close it, so that it is clear what surrounds each value",
            ));
        }
        Ok(self.parts)
    }

    fn top(&self) -> Open {
        *self.open.last().expect("the outermost is never closed")
    }

    fn peek(&self, distance: usize) -> Option<char> {
        self.pieces.get(self.index + distance).and_then(character)
    }

    /// Takes the next piece as text.
    fn take(&mut self) {
        if let Some(character) = self.peek(0) {
            match self.parts.last_mut() {
                Some(ShellPart::Text(text)) => text.push(character),
                _ => self.parts.push(ShellPart::Text(character.into())),
            }
        }
        self.index += 1;
    }

    fn take_many(&mut self, count: usize) {
        (0..count).for_each(|_| self.take());
    }

    fn in_commands(&mut self) -> Result<(), SyntaxError> {
        let Some(character) = self.peek(0) else { return self.value() };
        match character {
            '\'' => return self.single_quotes(),
            '"' => {
                self.part_of_word();
                self.open.push(Open::DoubleQuotes);
            }
            '\\' => {
                self.part_of_word();
                self.take();
                self.refuse_value("behind a backslash")?;
            }
            '$' => return self.dollar(),
            '#' if !self.in_word => return self.comment(),
            '(' => self.parenthesis(),
            ')' => self.close_parenthesis(),
            '<' if self.peek(1) == Some('<') && self.peek(2) != Some('<') => return self.here_document(),
            '<' | '>' => self.end_word(),
            ';' | '&' | '|' => {
                self.end_word();
                self.at_command = true;
            }
            '\n' => return self.newline(),
            ' ' | '\t' => self.end_word(),
            plain => {
                self.in_word = true;
                if let Some(word) = &mut self.word {
                    word.push(plain);
                }
            }
        }
        self.take();
        Ok(())
    }

    fn value(&mut self) -> Result<(), SyntaxError> {
        let behind = self.pieces.get(self.index + 1);
        let ends = behind.is_none_or(|piece| character(piece).is_some_and(|c| " \t\n;&|()<>".contains(c)));
        self.parts.push(if self.in_word || !ends { ShellPart::Joined } else { ShellPart::Word });
        self.part_of_word();
        self.index += 1;
        Ok(())
    }

    /// Something stands here that makes the word more than a plain one.
    fn part_of_word(&mut self) {
        self.in_word = true;
        self.word = None;
    }

    fn end_word(&mut self) {
        if self.in_word {
            let word = self.word.take().unwrap_or_default();
            if self.at_command {
                match word.as_str() {
                    "case" => self.open.push(Open::Case),
                    "esac" if self.top() == Open::Case => {
                        self.open.pop();
                    }
                    _ => {}
                }
                self.at_command = OPENERS.contains(&word.as_str());
            }
        }
        self.in_word = false;
        self.word = Some(String::new());
    }

    fn single_quotes(&mut self) -> Result<(), SyntaxError> {
        self.part_of_word();
        let opened = self.index;
        self.take();
        loop {
            match self.pieces.get(self.index) {
                None => {
                    return Err(SyntaxError::new(
                        opened,
                        "a `'` that is not closed",
                        "close it, so that it is clear what surrounds each value",
                    ));
                }
                Some(Piece::Value) => return Err(self.refused("inside quotes")),
                Some(Piece::Char('\'')) => {
                    self.take();
                    return Ok(());
                }
                Some(_) => self.take(),
            }
        }
    }

    fn in_double_quotes(&mut self) -> Result<(), SyntaxError> {
        match self.peek(0) {
            None => return Err(self.refused("inside quotes")),
            Some('"') => {
                self.open.pop();
            }
            Some('\\') => {
                self.take();
                self.refuse_value("inside quotes")?;
            }
            Some('$') if self.peek(1) == Some('(') => return self.dollar(),
            Some(_) => {}
        }
        self.take();
        Ok(())
    }

    fn in_arithmetic(&mut self, depth: usize) -> Result<(), SyntaxError> {
        match self.peek(0) {
            None => return Err(self.refused("inside arithmetic")),
            Some('$') if self.peek(1) == Some('(') => return self.dollar(),
            Some('"') => self.open.push(Open::DoubleQuotes),
            Some('(') => self.replace_top(Open::Arithmetic(depth + 1)),
            Some(')') if depth == 1 => {
                self.open.pop();
            }
            Some(')') => self.replace_top(Open::Arithmetic(depth - 1)),
            Some(_) => {}
        }
        self.take();
        Ok(())
    }

    fn replace_top(&mut self, open: Open) {
        *self.open.last_mut().expect("the outermost is never closed") = open;
    }

    /// `$((`, `$(`, or a dollar that opens nothing.
    fn dollar(&mut self) -> Result<(), SyntaxError> {
        self.part_of_word();
        match (self.peek(1), self.peek(2)) {
            (Some('('), Some('(')) => {
                self.open.push(Open::Arithmetic(2));
                self.take_many(3);
            }
            (Some('('), _) => {
                self.open.push(Open::Commands);
                self.take_many(2);
                self.begin_commands();
            }
            (Some('\''), _) => {
                return Err(SyntaxError::new(
                    self.index,
                    "`$'` in a text with values",
                    "shells differ in what it means: use plain quotes",
                ));
            }
            _ => self.take(),
        }
        Ok(())
    }

    fn begin_commands(&mut self) {
        self.in_word = false;
        self.word = Some(String::new());
        self.at_command = true;
    }

    fn parenthesis(&mut self) {
        let arithmetic = !self.in_word && self.peek(1) == Some('(');
        self.end_word();
        if arithmetic {
            // The second one is counted when it is reached.
            self.open.push(Open::Arithmetic(1));
        } else {
            // Of a pattern in a `case`, the opening one is optional, and its partner closes no more.
            if self.top() != Open::Case {
                self.open.push(Open::Commands);
            }
            self.begin_commands();
        }
    }

    fn close_parenthesis(&mut self) {
        self.end_word();
        if self.top() == Open::Commands && self.open.len() > 1 {
            self.open.pop();
            // `$(...)` goes on as part of its word.
            self.part_of_word();
        } else {
            self.at_command = true;
        }
    }

    fn comment(&mut self) -> Result<(), SyntaxError> {
        while self.index < self.pieces.len() && self.peek(0) != Some('\n') {
            self.refuse_value("in a comment")?;
            self.take();
        }
        Ok(())
    }

    fn newline(&mut self) -> Result<(), SyntaxError> {
        self.end_word();
        self.at_command = true;
        self.take();
        for document in std::mem::take(&mut self.here_documents) {
            while self.index < self.pieces.len() {
                if self.line(document.strips_tabs)? == document.delimiter {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes a line of a here-document, with its newline.
    fn line(&mut self, strips_tabs: bool) -> Result<String, SyntaxError> {
        let mut line = String::new();
        while self.index < self.pieces.len() {
            self.refuse_value("in a here-document")?;
            let character = self.peek(0).unwrap_or('\n');
            self.take();
            if character == '\n' {
                break;
            }
            line.push(character);
        }
        Ok(if strips_tabs { line.trim_start_matches('\t').to_owned() } else { line })
    }

    /// `<<` or `<<-`, and the delimiter behind it.
    fn here_document(&mut self) -> Result<(), SyntaxError> {
        self.end_word();
        self.take_many(2);
        let strips_tabs = self.peek(0) == Some('-');
        self.take_many(usize::from(strips_tabs));
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.take();
        }
        let mut delimiter = String::new();
        let mut quote = None;
        while self.index < self.pieces.len() {
            self.refuse_value("as the delimiter of a here-document")?;
            match self.peek(0) {
                closing if quote.is_some() && closing == quote => quote = None,
                Some(character) if quote.is_none() && " \t\n;&|()<>".contains(character) => break,
                opening @ Some('\'' | '"') if quote.is_none() => quote = opening,
                Some('\\') | None => {}
                Some(character) => delimiter.push(character),
            }
            self.take();
        }
        self.here_documents.push(HereDocument { delimiter, strips_tabs });
        Ok(())
    }

    fn refuse_value(&self, place: &str) -> Result<(), SyntaxError> {
        match self.pieces.get(self.index) {
            Some(Piece::Value) => Err(self.refused(place)),
            _ => Ok(()),
        }
    }

    fn refused(&self, place: &str) -> SyntaxError {
        let instead = match place {
            "inside quotes" => {
                "take it out of the quotes: it is quoted already, and stays one word beside other text"
            }
            "inside arithmetic" => "compute it in the script, or assign it to a shell variable before",
            "in a comment" => "leave it out",
            "behind a backslash" => "leave out the backslash: it is quoted already",
            _ => "give the text with `.stdin(text)`",
        };
        SyntaxError::new(self.index, format!("a value {place}"), instead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `@` stands for a value.
    fn pieces(text: &str) -> Vec<Piece> {
        text.chars().map(|c| if c == '@' { Piece::Value } else { Piece::Char(c) }).collect()
    }

    fn one(text: &str) -> Value {
        Value::One(text.into())
    }

    #[test]
    fn a_value_is_quoted_and_stays_one_word_beside_text() {
        let fill = |text: &str, values: &[Value]| ShellTemplate::parse(&pieces(text)).unwrap().fill(values);
        assert_eq!(fill("echo @ | wc", &[one("a b")]), "echo 'a b' | wc");
        assert_eq!(fill("echo x=@/y", &[one("it's")]), r"echo x='it'\''s'/y");
        let many = Value::Many(vec!["a".into(), "b c".into()]);
        assert_eq!(fill("ls @;", std::slice::from_ref(&many)), "ls 'a' 'b c';");
        assert_eq!(fill("ls x@", std::slice::from_ref(&many)), "ls x'a b c'");
        assert_eq!(fill("ls @@", &[many, one("!")]), "ls 'a b c''!'");
        assert_eq!(fill("ls @ end", &[Value::Many(vec![])]), "ls  end");
    }

    #[test]
    fn a_value_is_refused_where_quotes_would_not_protect_it() {
        for (text, place) in [
            ("echo '@'", "quotes"),
            ("echo \"@\"", "quotes"),
            ("echo \"a $(echo @) b\"; true", ""),
            ("echo \"a $(echo \"@\") b\"", "quotes"),
            ("echo \"$(case x in a) echo \"@\";; esac)\"", "quotes"),
            ("echo \"a\\\"@\"", "quotes"),
            ("cat <<EOF\n@\nEOF\n", "here-document"),
            ("cat <<-'E F'\n\t@\n", "here-document"),
            ("cat <<@\nx\n", "delimiter"),
            ("cat <<A; cat <<B\nx\nA\n@\nB\n", "here-document"),
            ("echo $((@ + 1))", "arithmetic"),
            ("((x = @))", "arithmetic"),
            ("echo a # it's @", "comment"),
            ("echo \\@", "backslash"),
            ("echo $'\\'@'", "`$'`"),
            ("echo @ \"", "not closed"),
            ("echo @ 'x", "not closed"),
        ] {
            match ShellTemplate::parse(&pieces(text)) {
                Ok(_) => assert_eq!(place, "", "{text} was accepted"),
                Err(error) => {
                    assert!(!place.is_empty() && error.message.contains(place), "{text}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_quote_or_a_comment_does_not_count() {
        for text in [
            "echo a#b'c' @",
            "echo $# @",
            "echo 'a\\' @",
            "echo \"a'b\" @",
            "# it's fine\necho @",
            "cat <<EOF\nit's\nEOF\necho @",
            "cat <<<x; echo @",
            "(cd /tmp; echo @)",
            "f() { echo @; }; f",
            "case @ in a) echo 'x';; *) echo @;; esac",
            "echo case; echo \"$(echo case)\" @",
            "echo $(echo \"$(echo 'a b')\") @",
            "if true; then echo @; fi",
            "echo $((1 + (2))) @",
            "echo @ &",
        ] {
            assert!(ShellTemplate::parse(&pieces(text)).is_ok(), "{text}");
        }
    }
}
