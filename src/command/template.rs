//! Command templates: text with places for values, kept apart so that no value is ever interpreted.

use super::{
    Command, Job, Pipeline,
    shell_template::ShellTemplate,
    words::{Part, Piece, SyntaxError, split_pieces},
};

/// A command, or a pipeline, with places for values.
///
/// ```
/// use rexec::command::template::{Template, Value};
/// use rexec::command::words::Piece;
///
/// let mut pieces: Vec<Piece> = "ls -l ".chars().map(Piece::Char).collect();
/// pieces.push(Piece::Value);
/// let template = Template::parse(&pieces)?;
/// let job = template.fill(&[Value::Many(vec!["a b".into(), "; rm -rf /".into()])]).unwrap();
/// assert_eq!(job.to_string(), "ls -l 'a b' '; rm -rf /'");
/// # Ok::<(), rexec::command::words::SyntaxError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// Words, for each stage of a pipeline.
    Words(Vec<Vec<TemplateWord>>),
    /// A shell's text.
    Shell(ShellTemplate),
}

/// A word with places for values.
pub type TemplateWord = Vec<TemplatePart>;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it is.
    Text(String),
    /// The value with this index, counted from 0.
    Value(usize),
    /// The value with this index, inside quotes: one word also if it is many.
    Quoted(usize),
}

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text: always one word, also where it is empty.
    One(String),
    /// Several texts: a word each where the value stands alone, else joined with spaces.
    Many(Vec<String>),
}

impl Value {
    /// As one text.
    pub(super) fn joined(&self) -> String {
        match self {
            Value::One(text) => text.clone(),
            Value::Many(texts) => texts.join(" "),
        }
    }
}

impl Template {
    /// Splits a template into words.
    ///
    /// # Errors
    ///
    /// Where it holds what only a shell could do.
    pub fn parse(pieces: &[Piece]) -> Result<Self, SyntaxError> {
        let mut count = 0;
        let mut number = || {
            count += 1;
            count - 1
        };
        let mut part = |part| match part {
            Part::Text(text) => TemplatePart::Text(text),
            Part::Value => TemplatePart::Value(number()),
            Part::QuotedValue => TemplatePart::Quoted(number()),
        };
        let stages = split_pieces(pieces)?.into_iter();
        let stages = stages.map(|words| {
            words.into_iter().map(|word| word.parts.into_iter().map(&mut part).collect()).collect()
        });
        Ok(Template::Words(stages.collect()))
    }

    /// Checks a shell's text with places for values.
    ///
    /// # Errors
    ///
    /// Where a value stands inside quotes, a here-document, a comment or arithmetic.
    pub fn parse_shell(pieces: &[Piece]) -> Result<Self, SyntaxError> {
        ShellTemplate::parse(pieces).map(Template::Shell)
    }

    /// Puts the values in their places.
    ///
    /// # Errors
    ///
    /// Where that leaves a stage without a program; the text says so.
    pub fn fill(&self, values: &[Value]) -> Result<Job, String> {
        match self {
            Template::Shell(template) => Ok(Command::shell(template.fill(values)).into()),
            Template::Words(stages) => {
                let mut commands = stages.iter().map(|words| command(words, values));
                let first = commands.next().ok_or("an empty command: there is no program to run")??;
                match stages.len() {
                    1 => Ok(first.into()),
                    _ => Ok(commands
                        .try_fold(Pipeline::from(first), |all, next| next.map(|next| all.pipe(next)))?
                        .into()),
                }
            }
        }
    }
}

fn command(words: &[TemplateWord], values: &[Value]) -> Result<Command, String> {
    let mut filled = Vec::with_capacity(words.len());
    for word in words {
        fill_word(word, values, &mut filled);
    }
    let mut filled = filled.into_iter();
    match filled.next() {
        Some(program) if !program.is_empty() => Ok(Command::new(program).args(filled)),
        _ => Err("an empty command: there is no program to run".into()),
    }
}

fn fill_word(word: &[TemplatePart], values: &[Value], filled: &mut Vec<String>) {
    if let [TemplatePart::Value(index)] = word {
        match &values[*index] {
            Value::One(text) => filled.push(text.clone()),
            Value::Many(texts) => filled.extend(texts.iter().cloned()),
        }
        return;
    }
    let parts = word.iter().map(|part| match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Value(index) | TemplatePart::Quoted(index) => values[*index].joined(),
    });
    filled.push(parts.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<Piece> {
        text.chars().map(|c| if c == '@' { Piece::Value } else { Piece::Char(c) }).collect()
    }

    fn filled(text: &str, values: &[Value]) -> String {
        Template::parse(&pieces(text)).unwrap().fill(values).unwrap().to_string()
    }

    #[test]
    fn a_value_is_never_split_whatever_is_in_it() {
        let hostile = Value::One("a b; rm -rf / $(id) `id` | > * ' \" \\ \n".into());
        let job = Template::parse(&pieces("echo @")).unwrap().fill(std::slice::from_ref(&hostile)).unwrap();
        let Job::Command(command) = job else { panic!("no command") };
        let args: Vec<_> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
        assert_eq!(args, [hostile.joined()]);
    }

    #[test]
    fn an_array_is_a_word_for_each_item_and_joined_beside_text() {
        let many = Value::Many(vec!["a".into(), "b c".into()]);
        assert_eq!(filled("ls @ x", std::slice::from_ref(&many)), "ls a 'b c' x");
        assert_eq!(filled("ls --x=@", std::slice::from_ref(&many)), "ls '--x=a b c'");
        assert_eq!(filled("ls \"@\"", std::slice::from_ref(&many)), "ls 'a b c'");
        assert_eq!(filled("ls @ x", &[Value::Many(vec![])]), "ls x");
        assert_eq!(filled("ls \"@\"", &[Value::Many(vec![])]), "ls ''");
    }

    #[test]
    fn an_empty_text_is_a_word() {
        assert_eq!(filled("ls @", &[Value::One(String::new())]), "ls ''");
        assert_eq!(filled("ls '' x", &[]), "ls '' x");
    }

    #[test]
    fn a_bar_makes_a_pipeline() {
        assert_eq!(filled("cat @ | sort -r|head", &[Value::One("f".into())]), "cat f | sort -r | head");
    }

    #[test]
    fn a_program_that_is_no_text_is_refused() {
        let template = Template::parse(&pieces("@")).unwrap();
        assert!(template.fill(&[Value::Many(vec![])]).is_err());
        assert!(template.fill(&[Value::One(String::new())]).is_err());
    }
}
