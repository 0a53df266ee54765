//! Splits text into the words of commands, as a shell would, and refuses what only a shell can do.

use std::fmt;

/// One piece of what is split: a character, or the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A character as it was written.
    Char(char),
    /// A value goes here; it is never split or interpreted.
    Value,
}

/// One word: literal parts, and the places of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// What it is put together from, in order. A word may have none: `''`.
    pub parts: Vec<Part>,
    /// Where it begins, as an index into the pieces.
    pub start: usize,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is; quotes and backslashes are gone.
    Text(String),
    /// A value outside of quotes.
    Value,
    /// A value inside of quotes.
    QuotedValue,
}

/// Where a text is no command, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The index of the piece (of a text: the character) that is wrong.
    pub index: usize,
    /// What is wrong there.
    pub message: String,
    /// What to write instead.
    pub instead: String,
}

impl SyntaxError {
    pub(super) fn new(index: usize, message: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { index, message: message.into(), instead: instead.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.instead)
    }
}

impl std::error::Error for SyntaxError {}

/// Splits a text into the words of one command, without a shell.
///
/// ```
/// use rexec::command::words::split;
///
/// assert_eq!(split(r#"grep -n 'a b' "c" d\ e"#).unwrap(), ["grep", "-n", "a b", "c", "d e"]);
/// assert!(split("ls > out").unwrap_err().to_string().contains("stdout_file"));
/// ```
///
/// # Errors
///
/// Where a quote is not closed, or a shell's operator stands outside of quotes.
pub fn split(text: &str) -> Result<Vec<String>, SyntaxError> {
    let pieces: Vec<Piece> = text.chars().map(Piece::Char).collect();
    let mut stages = split_pieces(&pieces)?;
    let words = stages.pop().unwrap_or_default();
    if let Some(first) = stages.first() {
        let index = first.last().map_or(0, |word| word.start);
        let bar = pieces.iter().skip(index).position(|&piece| piece == Piece::Char('|'));
        return Err(SyntaxError::new(
            index + bar.unwrap_or(0),
            "`|` in a text",
            "write a template, or join two commands: `cmd(...) | cmd(...)`",
        ));
    }
    Ok(words.into_iter().map(Word::into_text).collect())
}

impl Word {
    fn into_text(self) -> String {
        let texts = self.parts.into_iter().filter_map(|part| match part {
            Part::Text(text) => Some(text),
            Part::Value | Part::QuotedValue => None,
        });
        texts.collect()
    }

    fn push(&mut self, character: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(character),
            _ => self.parts.push(Part::Text(character.into())),
        }
    }

    /// An empty text still makes a word, and joins what stands beside it.
    fn touch(&mut self) {
        if !matches!(self.parts.last(), Some(Part::Text(_))) {
            self.parts.push(Part::Text(String::new()));
        }
    }
}

/// Splits pieces into the words of a command, or of each stage of a pipeline.
///
/// # Errors
///
/// As [`split`].
pub fn split_pieces(pieces: &[Piece]) -> Result<Vec<Vec<Word>>, SyntaxError> {
    Splitter { pieces, index: 0, word: None, words: Vec::new(), stages: Vec::new() }.run()
}

struct Splitter<'a> {
    pieces: &'a [Piece],
    index: usize,
    word: Option<Word>,
    words: Vec<Word>,
    stages: Vec<Vec<Word>>,
}

impl Splitter<'_> {
    fn run(mut self) -> Result<Vec<Vec<Word>>, SyntaxError> {
        while let Some(&piece) = self.pieces.get(self.index) {
            match piece {
                Piece::Value => self.word().parts.push(Part::Value),
                Piece::Char('\'') => self.single_quoted()?,
                Piece::Char('"') => self.double_quoted()?,
                Piece::Char('\\') => self.escaped()?,
                Piece::Char(' ' | '\t') => self.end_word(),
                Piece::Char('|') => self.end_stage()?,
                Piece::Char(character) => {
                    self.refuse_operator(character)?;
                    self.word().push(character);
                }
            }
            self.index += 1;
        }
        self.end_word();
        self.check_stage(self.pieces.len())?;
        self.stages.push(self.words);
        Ok(self.stages)
    }

    fn word(&mut self) -> &mut Word {
        let start = self.index;
        self.word.get_or_insert_with(|| Word { parts: Vec::new(), start })
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_stage(&mut self) -> Result<(), SyntaxError> {
        self.end_word();
        match self.char_after(1) {
            Some('|') => return Err(self.wrong("`||`", "write `first.or_else(second)`")),
            Some('&') => return Err(self.wrong("`|&`", "write `first.merge_stderr() | second`")),
            _ => {}
        }
        self.check_stage(self.index)?;
        self.stages.push(std::mem::take(&mut self.words));
        Ok(())
    }

    /// A stage needs a program, and its first word must not be what a shell takes for a variable.
    fn check_stage(&self, end: usize) -> Result<(), SyntaxError> {
        let Some(first) = self.words.first() else {
            let what = if self.stages.is_empty() && end == self.pieces.len() {
                "an empty command"
            } else {
                "a command is missing beside `|`"
            };
            return Err(SyntaxError::new(
                end.min(self.pieces.len().saturating_sub(1)),
                what,
                "name a program to run",
            ));
        };
        match self.assignment(first) {
            Some(name) => Err(SyntaxError::new(
                first.start,
                format!("`{name}=` before a command"),
                format!("to set an environment variable use `.env(\"{name}\", value)`"),
            )),
            None => Ok(()),
        }
    }

    /// The name, where a word begins with `NAME=` outside of quotes.
    fn assignment(&self, word: &Word) -> Option<String> {
        let mut name = String::new();
        for &piece in &self.pieces[word.start..] {
            match piece {
                Piece::Char('=') if !name.is_empty() => return Some(name),
                Piece::Char(c) if c == '_' || c.is_ascii_alphabetic() => name.push(c),
                Piece::Char(c) if c.is_ascii_digit() && !name.is_empty() => name.push(c),
                _ => return None,
            }
        }
        None
    }

    /// Between single quotes everything is as it is (XCU 2.2.2).
    fn single_quoted(&mut self) -> Result<(), SyntaxError> {
        let opened = self.index;
        self.word().touch();
        loop {
            match self.next_quoted(opened, '\'')? {
                Piece::Char('\'') => return Ok(()),
                Piece::Char(character) => self.word().push(character),
                Piece::Value => self.word().parts.push(Part::QuotedValue),
            }
        }
    }

    /// Between double quotes a backslash escapes what a shell would interpret there, and is itself
    /// otherwise (XCU 2.2.3).
    fn double_quoted(&mut self) -> Result<(), SyntaxError> {
        let opened = self.index;
        self.word().touch();
        loop {
            match self.next_quoted(opened, '"')? {
                Piece::Char('"') => return Ok(()),
                Piece::Char('\\') => match self.char_after(1) {
                    Some(escaped @ ('$' | '`' | '"' | '\\')) => {
                        self.index += 1;
                        self.word().push(escaped);
                    }
                    Some('\n') => self.index += 1,
                    _ => self.word().push('\\'),
                },
                Piece::Char(character @ ('$' | '`')) => {
                    self.refuse_expansion(character)?;
                    self.word().push(character);
                }
                Piece::Char(character) => self.word().push(character),
                Piece::Value => self.word().parts.push(Part::QuotedValue),
            }
        }
    }

    fn next_quoted(&mut self, opened: usize, quote: char) -> Result<Piece, SyntaxError> {
        self.index += 1;
        self.pieces.get(self.index).copied().ok_or_else(|| {
            SyntaxError::new(
                opened,
                format!("a `{quote}` that is not closed"),
                format!("close it, or write `\\{quote}` for the character itself"),
            )
        })
    }

    /// A backslash outside of quotes (XCU 2.2.1): the next character is itself, and at the end of
    /// a line both are nothing.
    fn escaped(&mut self) -> Result<(), SyntaxError> {
        match self.pieces.get(self.index + 1).copied() {
            Some(Piece::Char('\n')) => {}
            Some(Piece::Char(character)) => self.word().push(character),
            // A backslash before a value is the one that was written.
            Some(Piece::Value) => {
                self.word().push('\\');
                return Ok(());
            }
            None => {
                return Err(self.wrong("a backslash with nothing behind it", "write `\\\\` for a backslash"));
            }
        }
        self.index += 1;
        Ok(())
    }

    fn char_after(&self, distance: usize) -> Option<char> {
        match self.pieces.get(self.index + distance) {
            Some(&Piece::Char(character)) => Some(character),
            _ => None,
        }
    }

    fn wrong(&self, message: impl Into<String>, instead: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.index, message, instead)
    }

    /// What only a shell could do, outside of quotes.
    fn refuse_operator(&self, character: char) -> Result<(), SyntaxError> {
        let next = self.char_after(1);
        let (what, instead) = match (character, next) {
            ('&', Some('&')) => ("`&&`", "write `first.then(second)`"),
            ('&', Some('>')) => ("`&>`", "use `.merge_stderr().stdout_file(path)`"),
            ('&', _) => {
                ("`&`", "to run it in the background use `.spawn()`; quote it if it is meant as it is")
            }
            (';', _) => (
                "`;`",
                "run one command after the other, or join them: `first.then(second)`; quote it if it is meant as it is",
            ),
            ('<', Some('<')) => ("`<<`", "to give it a text as input use `.stdin(text)`"),
            ('<', _) => ("`<`", "to read its input from a file use `.stdin_file(path)`"),
            ('>', Some('>')) => ("`>>`", "to append its output to a file use `.append_file(path)`"),
            ('>', Some('&')) => ("`>&`", "for `2>&1` use `.merge_stderr()`"),
            ('>', _) if self.follows_descriptor_2() => {
                ("`2>`", "to write its errors to a file use `.stderr_file(path)`")
            }
            ('>', _) => ("`>`", "to write its output to a file use `.stdout_file(path)`"),
            ('(' | ')', _) => {
                return Err(self.wrong(
                    format!("`{character}`"),
                    "quote it if it is meant as it is, or write a shell's text with `$sh`",
                ));
            }
            ('*' | '?', _) => {
                return Err(self.wrong(
                    format!("`{character}`"),
                    "no file names are filled in: use `host.glob(pattern)` as a value, or quote it if it is meant as it is",
                ));
            }
            ('~', _) if self.begins_path() => {
                ("`~`", "no home is filled in: use `${env(\"HOME\")}`, or quote it if it is meant as it is")
            }
            ('\n' | '\r', _) => ("a newline", "end the line with `\\` to go on in the next one"),
            ('\0', _) => ("a NUL character", "no argument can hold one"),
            ('$' | '`', _) => return self.refuse_expansion(character),
            _ => return Ok(()),
        };
        Err(self.wrong(what, instead))
    }

    fn follows_descriptor_2(&self) -> bool {
        let before = |distance: usize| self.index.checked_sub(distance).map(|index| self.pieces[index]);
        before(1) == Some(Piece::Char('2')) && matches!(before(2), None | Some(Piece::Char(' ' | '\t')))
    }

    /// Where a shell would put a home directory in place of `~`.
    fn begins_path(&self) -> bool {
        let Some(before) = self.index.checked_sub(1) else { return true };
        matches!(self.pieces[before], Piece::Char(' ' | '\t' | '=' | ':' | '|'))
    }

    /// `$NAME`, `$(`, `$1`, and back-ticks.
    fn refuse_expansion(&self, character: char) -> Result<(), SyntaxError> {
        if character == '`' {
            return Err(
                self.wrong("a back-tick", "use the other command's output as a value: `${other.text()}`")
            );
        }
        match self.char_after(1) {
            Some('(') => Err(self.wrong("`$(`", "use the other command's output as a value: `${other.text()}`")),
            Some(first) if first == '_' || first.is_ascii_alphabetic() => {
                let name = self.name_after();
                Err(self.wrong(
                    format!("`${name}`"),
                    format!(
                        "write `${{{name}}}` for a variable of the script, `${{env(\"{name}\")}}` for one of the environment, or `\\${name}` as it is"
                    ),
                ))
            }
            Some(special) if special.is_ascii_digit() || "?@*#$!-".contains(special) => Err(self.wrong(
                format!("`${special}`"),
                format!("a shell's variable means nothing here; write `\\${special}` or use single quotes if it is meant as it is"),
            )),
            Some(quote @ ('\'' | '"')) => Err(self.wrong(
                format!("`${quote}`"),
                "shells differ in what it means: leave out the `$`, or write `\\$` if it is meant as it is",
            )),
            _ => Ok(()),
        }
    }

    fn name_after(&self) -> String {
        let rest = self.pieces[self.index + 1..].iter().map_while(|piece| match piece {
            Piece::Char(c) if *c == '_' || c.is_ascii_alphanumeric() => Some(*c),
            _ => None,
        });
        rest.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_posix_shell_splits_them() {
        for text in [
            r"echo a  b",
            r#"echo 'a b' "c d" e\ f"#,
            r#"echo "a\"b\\c\$d\e""#,
            r"echo 'a\b' a'b'c",
            r#"echo '' "" x"#,
            "echo a\\\nb",
            "echo \"a\\\nb\"",
            "echo [a] {b} #c !d a~b x=1 --y=2 %d 50%",
            r"echo \* \? \$HOME \; \| \& \> \~",
            r"echo '$HOME `x` $(y) * ; |'",
            "echo \tx\t",
        ] {
            let shell = std::process::Command::new("sh")
                .args([
                    "-c",
                    &format!(
                        "set -f; for word in {}; do printf '%s\\0' \"$word\"; done",
                        without_comment(text)
                    ),
                ])
                .output()
                .unwrap();
            let expected: Vec<String> =
                String::from_utf8(shell.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
            assert_eq!(split(text).unwrap(), expected, "{text}");
        }
    }

    /// `#` is an ordinary character for us, and a comment for the shell.
    fn without_comment(text: &str) -> String {
        text.replace(" #", " \\#")
    }

    #[test]
    fn each_operator_outside_of_quotes_is_refused_where_it_stands() {
        for (text, index, instead) in [
            ("a & b", 2, ".spawn()"),
            ("a && b", 2, ".then("),
            ("a || b", 2, ".or_else("),
            ("a; b", 1, ".then("),
            ("a < b", 2, ".stdin_file("),
            ("a << b", 2, ".stdin("),
            ("a > b", 2, ".stdout_file("),
            ("a >> b", 2, ".append_file("),
            ("a 2> b", 3, ".stderr_file("),
            ("a 2>&1", 3, ".merge_stderr()"),
            ("a (b", 2, "$sh"),
            ("a b)", 3, "$sh"),
            ("ls *.rs", 3, "glob"),
            ("ls a?", 4, "glob"),
            ("ls ~/x", 3, "HOME"),
            ("ls --x=~", 7, "HOME"),
            ("echo $HOME", 5, "env(\"HOME\")"),
            ("echo \"$HOME\"", 6, "env(\"HOME\")"),
            ("echo $(id)", 5, ".text()"),
            ("echo \"$(id)\"", 6, ".text()"),
            ("echo `id`", 5, ".text()"),
            ("echo \"`id`\"", 6, ".text()"),
            ("echo $1", 5, "\\$1"),
            ("echo $?", 5, "\\$?"),
            ("echo $'x'", 5, "\\$"),
            ("a\nb", 1, "`\\`"),
            ("A=1 b", 0, ".env(\"A\", value)"),
            ("a 'b", 2, "close"),
            ("a \"b", 2, "close"),
            ("a \\", 2, "`\\\\`"),
            ("a | b", 2, "cmd("),
            ("| b", 0, "program"),
            ("a |", 2, "program"),
            ("", 0, "program"),
        ] {
            let error = split(text).unwrap_err();
            assert_eq!(error.index, index, "{text}: {error}");
            assert!(error.to_string().contains(instead), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_parts_of_words_wherever_they_stand() {
        let value = Piece::Value;
        let mut pieces: Vec<Piece> = "a x".chars().map(Piece::Char).collect();
        pieces.push(value);
        pieces.extend("\"y".chars().map(Piece::Char));
        pieces.extend([value, Piece::Char('"'), Piece::Char(' '), value]);
        let stages = split_pieces(&pieces).unwrap();
        let parts: Vec<_> = stages[0].iter().map(|word| word.parts.clone()).collect();
        assert_eq!(
            parts[1],
            [Part::Text("x".into()), Part::Value, Part::Text("y".into()), Part::QuotedValue]
        );
        assert_eq!(parts[2], [Part::Value]);
    }
}
