//! Command templates: `$` and a back-tick string as an expression that gives a Command.
//!
//! The engine hands over the raw text character by character, and parses the expression of each
//! `${...}` itself, so that its positions and its variables are those of any other expression. The
//! text is split into words here, at parse time: a value is never part of what is split.

use super::{command::Command, convert, error::thrown, scope::ScriptResult};
use crate::{
    Error,
    command::{
        shell_template::{ShellPart, ShellTemplate},
        template::{Template, TemplatePart, Value},
        words::{Piece, SyntaxError},
    },
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString, LexError,
    ParseError, Position, Stmt,
};
use std::cell::{Cell, RefCell};

thread_local! {
    /// Where the token stands that the parser read last on this thread.
    static LAST_TOKEN: Cell<Position> = const { Cell::new(Position::NONE) };
    /// Where the templates begin that were begun and not finished by now.
    static OPEN: RefCell<Vec<Position>> = const { RefCell::new(Vec::new()) };
}

/// Each token on its way to the parser goes by here.
pub(super) fn note_token(position: Position) {
    LAST_TOKEN.set(position);
}

/// Compilation begins.
pub(super) fn begin() {
    OPEN.with_borrow_mut(Vec::clear);
}

/// Where a template begins that the text ended in: the engine takes that for its end.
pub(super) fn unfinished() -> Option<Position> {
    OPEN.with_borrow(|open| open.first().copied())
}

/// The message for such a template.
pub(super) const UNFINISHED: &str = "a command template that is not closed: its last back-tick is missing";

pub(super) fn register(engine: &mut Engine) {
    engine.register_custom_syntax_without_look_ahead_raw("$", parse, false, evaluate);
}

const RAW: &str = "$raw$";
const INNER: &str = "$inner$";

/// Says what the parser is to read next, after these symbols.
fn parse(symbols: &[ImmutableString], state: &mut Dynamic) -> Result<Option<ImmutableString>, ParseError> {
    let last = symbols.last().expect("the first is the `$`");
    if symbols.len() == 1 {
        let start = LAST_TOKEN.get();
        OPEN.with_borrow_mut(|open| open.push(start));
        *state = Reading::new(start).into();
        return Ok(Some(RAW.into()));
    }
    let mut reading = Reading::from(std::mem::take(state));
    if last == INNER {
        // The closing brace was the last token.
        reading.place = LAST_TOKEN.get();
        *state = reading.into();
        return Ok(Some(RAW.into()));
    }
    let character = last.chars().next().expect("one character at a time");
    let here = reading.advance(character);
    match reading.next(character, here)? {
        Next::Raw => {
            *state = reading.into();
            Ok(Some(RAW.into()))
        }
        Next::Value => {
            *state = reading.into();
            Ok(Some(INNER.into()))
        }
        Next::End(template) => {
            *state = encode(&template);
            OPEN.with_borrow_mut(Vec::pop);
            Ok(None)
        }
    }
}

enum Next {
    Raw,
    Value,
    End(Template),
}

/// How far a template has been read.
///
/// What the engine keeps between two characters must be made of plain values, since it computes
/// hashes of it; so this goes into an array and comes out again.
struct Reading {
    /// The place before the next character.
    place: Position,
    /// What stood before the back-tick, `sh` or nothing; `None` behind it.
    prefix: Option<String>,
    is_shell: bool,
    pieces: Array,
    places: Array,
}

impl Reading {
    fn new(start: Position) -> Self {
        Self {
            place: start,
            prefix: Some(String::new()),
            is_shell: false,
            pieces: Array::new(),
            places: Array::new(),
        }
    }

    /// Moves on over a character, and says where it stands.
    fn advance(&mut self, character: char) -> Position {
        let (line, column) = (self.place.line().unwrap_or(0), self.place.position().unwrap_or(0));
        let here = position(line, column + 1);
        self.place = if character == '\n' { position(line + 1, 0) } else { here };
        here
    }

    fn next(&mut self, character: char, here: Position) -> Result<Next, ParseError> {
        if let Some(prefix) = &mut self.prefix {
            match (prefix.as_str(), character) {
                ("" | "sh", '`') => {
                    self.is_shell = prefix == "sh";
                    self.prefix = None;
                }
                ("", 's') | ("s", 'h') => prefix.push(character),
                _ => {
                    return Err(problem(
                        here,
                        "a command template is written as $`...`, or as $sh`...` for a shell's text",
                    ));
                }
            }
            return Ok(Next::Raw);
        }
        let is_escaped = self.backslashes() % 2 == 1;
        match character {
            '`' if !is_escaped => return self.finish().map(Next::End),
            '{' if self.ends_with_dollar() => {
                self.pieces.pop();
                // The place of the dollar is that of the value.
                self.pieces.push(Dynamic::UNIT);
                return Ok(Next::Value);
            }
            _ => {
                self.pieces.push(character.into());
                self.places.push(encode_place(here));
            }
        }
        Ok(Next::Raw)
    }

    fn backslashes(&self) -> usize {
        let ends = |piece: &&Dynamic| piece.as_char() == Ok('\\');
        self.pieces.iter().rev().take_while(ends).count()
    }

    /// Whether the last character is a dollar without a backslash before it.
    fn ends_with_dollar(&self) -> bool {
        let mut backwards = self.pieces.iter().rev();
        let dollar = backwards.next().is_some_and(|piece| piece.as_char() == Ok('$'));
        dollar && backwards.take_while(|piece| piece.as_char() == Ok('\\')).count() % 2 == 0
    }

    fn finish(&self) -> Result<Template, ParseError> {
        let pieces: Vec<Piece> =
            self.pieces.iter().map(|piece| piece.as_char().map_or(Piece::Value, Piece::Char)).collect();
        let parsed = if self.is_shell { Template::parse_shell(&pieces) } else { Template::parse(&pieces) };
        parsed.map_err(|error| self.problem_at(&error))
    }

    fn problem_at(&self, error: &SyntaxError) -> ParseError {
        let place = self.places.get(error.index).map_or(self.place, decode_place);
        problem(place, &error.to_string())
    }
}

impl From<Reading> for Dynamic {
    fn from(reading: Reading) -> Self {
        let prefix = reading.prefix.map_or(Dynamic::UNIT, Dynamic::from);
        Dynamic::from_array(vec![
            encode_place(reading.place),
            prefix,
            reading.is_shell.into(),
            reading.pieces.into(),
            reading.places.into(),
        ])
    }
}

impl From<Dynamic> for Reading {
    fn from(state: Dynamic) -> Self {
        const MADE_HERE: &str = "the state was made by this type";
        let fields = state.into_array().expect(MADE_HERE);
        let [place, prefix, is_shell, pieces, places] = fields.try_into().expect(MADE_HERE);
        Self {
            place: decode_place(&place),
            prefix: prefix.into_string().ok(),
            is_shell: is_shell.as_bool().expect(MADE_HERE),
            pieces: pieces.into_array().expect(MADE_HERE),
            places: places.into_array().expect(MADE_HERE),
        }
    }
}

fn position(line: usize, column: usize) -> Position {
    let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    if line == 0 { Position::NONE } else { Position::new(number(line), number(column)) }
}

fn encode_place(place: Position) -> Dynamic {
    let number = |number: Option<usize>| number.unwrap_or(0) as i64;
    Dynamic::from(number(place.line()) << 32 | number(place.position()))
}

fn decode_place(place: &Dynamic) -> Position {
    let place = place.as_int().unwrap_or(0);
    position((place >> 32) as usize, place as u32 as usize)
}

/// An error with its exact place, which the engine would put at the `$`: [`place_of`] takes it out
/// again.
fn problem(place: Position, message: &str) -> ParseError {
    let place = format!("{}:{}", place.line().unwrap_or(0), place.position().unwrap_or(0));
    LexError::ImproperSymbol(place, message.to_owned()).into_err(Position::NONE)
}

/// The exact place of an error in a template.
pub(super) fn place_of(error: &LexError) -> Option<Position> {
    let LexError::ImproperSymbol(place, _) = error else { return None };
    let (line, column) = place.split_once(':')?;
    Some(position(line.parse().ok()?, column.parse().ok()?))
}

/// A template as plain values.
fn encode(template: &Template) -> Dynamic {
    match template {
        Template::Words(stages) => {
            let word = |word: &Vec<TemplatePart>| Dynamic::from_array(word.iter().map(encode_part).collect());
            let stage =
                |words: &Vec<Vec<TemplatePart>>| Dynamic::from_array(words.iter().map(word).collect());
            Dynamic::from_array(stages.iter().map(stage).collect())
        }
        Template::Shell(template) => {
            let part = |part: &ShellPart| match part {
                ShellPart::Text(text) => text.clone().into(),
                ShellPart::Word => true.into(),
                ShellPart::Joined => false.into(),
            };
            let parts: Array = template.parts.iter().map(part).collect();
            // The flag in front tells it from the other.
            Dynamic::from_array(vec![true.into(), parts.into()])
        }
    }
}

fn encode_part(part: &TemplatePart) -> Dynamic {
    match part {
        TemplatePart::Text(text) => text.clone().into(),
        TemplatePart::Value(index) => (*index as i64).into(),
        TemplatePart::Quoted(index) => (-1 - *index as i64).into(),
    }
}

fn decode(state: &Dynamic) -> Option<Template> {
    let fields = state.read_lock::<Array>()?;
    if fields.first()?.is_bool() {
        let parts = fields.get(1)?.read_lock::<Array>()?;
        let part = |part: &Dynamic| match part.as_bool() {
            Ok(true) => Some(ShellPart::Word),
            Ok(false) => Some(ShellPart::Joined),
            Err(_) => part.clone().into_string().ok().map(ShellPart::Text),
        };
        return Some(Template::Shell(ShellTemplate {
            parts: parts.iter().map(part).collect::<Option<_>>()?,
        }));
    }
    let word =
        |word: &Dynamic| word.read_lock::<Array>()?.iter().map(decode_part).collect::<Option<Vec<_>>>();
    let stage = |stage: &Dynamic| stage.read_lock::<Array>()?.iter().map(word).collect::<Option<Vec<_>>>();
    fields.iter().map(stage).collect::<Option<_>>().map(Template::Words)
}

fn decode_part(part: &Dynamic) -> Option<TemplatePart> {
    Some(match part.as_int() {
        Ok(index @ 0..) => TemplatePart::Value(index as usize),
        Ok(index) => TemplatePart::Quoted((-1 - index) as usize),
        Err(_) => TemplatePart::Text(part.clone().into_string().ok()?),
    })
}

/// Makes the Command, with the values as they are now.
fn evaluate(context: &mut EvalContext, inputs: &[Expression], state: &Dynamic) -> ScriptResult<Dynamic> {
    let Some(template) = decode(state) else { return Err(thrown(Error::invalid(UNFINISHED))) };
    let mut values = Vec::with_capacity(inputs.len());
    for input in inputs {
        let value = context.eval_expression_tree(input)?;
        values.push(to_value(&value).map_err(|message| at(position_of(input), &message))?);
    }
    let place = inputs.first().map_or(Position::NONE, position_of);
    let job = template.fill(&values).map_err(|message| at(place, &message))?;
    Ok(Dynamic::from(Command::from(job)))
}

fn at(position: Position, message: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Error::invalid(message)), position).into()
}

/// Where the expression stands within its braces.
fn position_of(input: &Expression) -> Position {
    let inner = match AsRef::<Expr>::as_ref(input) {
        Expr::Stmt(block) => block.iter().next().map(Stmt::position),
        _ => None,
    };
    inner.filter(|position| !position.is_none()).unwrap_or_else(|| input.position())
}

/// What may stand in a template: a text, number, bool or character, or an array of such.
fn to_value(value: &Dynamic) -> Result<Value, String> {
    if let Some(items) = value.read_lock::<Array>() {
        let mut texts = Vec::with_capacity(items.len());
        for item in items.iter() {
            match to_value(item)? {
                Value::One(text) => texts.push(text),
                Value::Many(more) => texts.extend(more),
            }
        }
        return Ok(Value::Many(texts));
    }
    let text = convert::scalar(value).ok_or_else(|| {
        let what = convert::describe(value);
        let instead =
            if value.is_map() { "pick one of its values, or use `.values()`" } else { instead_of(value) };
        format!("{what} can't be put into a command: {instead}")
    })?;
    match text.contains('\0') {
        true => {
            Err("a text with a NUL character in it can't be put into a command: no argument can hold one"
                .into())
        }
        false => Ok(Value::One(text)),
    }
}

fn instead_of(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        return "for no argument at all use an empty array, `[]`";
    }
    if value.is_fnptr() {
        return "call it";
    }
    "use a text, a number, or an array of them"
}
