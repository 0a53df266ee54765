//! What a script's options are, and what a command line says of them. No I/O.

use crate::script::{convert::describe, error::invalid, nearest::nearest, options, scope::ScriptResult};
use rhai::{Array, Dynamic, Map};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The options of a script.
#[derive(Debug)]
pub(super) struct Usage {
    options: Vec<OptionSpec>,
}

/// What a command line says.
#[derive(Debug)]
pub(super) enum Parsed {
    Values(Map),
    /// It asks for help.
    Help,
}

#[derive(Debug)]
struct OptionSpec {
    /// As the script names it.
    name: String,
    /// As the command line does: `fail-on`.
    flag: String,
    help: String,
    short: Option<char>,
    required: bool,
    kind: Kind,
    default: Option<Dynamic>,
    choices: Vec<String>,
    position: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Text,
    Int,
    Float,
    Flag,
    List(Box<Kind>),
}

/// An option as the script describes it; its default is read apart, since it keeps its type.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Described {
    help: String,
    short: Option<char>,
    required: bool,
    r#type: Option<String>,
    choices: Vec<String>,
    position: Option<usize>,
}

impl Usage {
    /// Reads what a script says about its options.
    ///
    /// # Errors
    ///
    /// Where that makes no sense.
    pub(super) fn from_options(options: &Map) -> ScriptResult<Self> {
        let mut specs = Vec::new();
        for (name, described) in options {
            specs.push(OptionSpec::new(name, described)?);
        }
        Ok(Self { options: specs })
    }

    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in one line.
    pub(super) fn parse(&self, args: &[String]) -> Result<Parsed, String> {
        let mut given: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut positional = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--help" | "-h" => return Ok(Parsed::Help),
                "--" => positional.extend(args.by_ref().cloned()),
                "-" => positional.push(arg.clone()),
                // A number with a sign is a value.
                text if text.starts_with('-') && text.parse::<f64>().is_err() => {
                    let (option, value) = self.read_option(text, &mut args)?;
                    given.entry(&option.name).or_default().push(value);
                }
                _ => positional.push(arg.clone()),
            }
        }
        self.place_positional(&mut given, positional)?;
        let mut values = Map::new();
        for option in &self.options {
            values.insert(option.name.as_str().into(), option.value(given.get(option.name.as_str()))?);
        }
        Ok(Parsed::Values(values))
    }

    /// `--name value`, `--name=value`, `--flag`, `--no-flag`, `-n value`: which option, and its value.
    fn read_option<'a>(
        &self,
        text: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(&OptionSpec, String), String> {
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let (option, negated) = self.find(name)?;
        if option.kind == Kind::Flag {
            let value = inline.unwrap_or_else(|| "true".into());
            let value = if negated && value == "true" { "false".into() } else { value };
            return Ok((option, value));
        }
        match inline.or_else(|| rest.next().cloned()) {
            Some(value) => Ok((option, value)),
            None => Err(format!("`{name}` needs a value: {}", option.placeholder())),
        }
    }

    fn find(&self, name: &str) -> Result<(&OptionSpec, bool), String> {
        let by_name = || self.options.iter().filter(|option| option.position.is_none());
        let found = match name.strip_prefix("--") {
            Some(long) => {
                let long = long.replace('_', "-");
                let exact = by_name().find(|option| option.flag == long).map(|option| (option, false));
                exact.or_else(|| {
                    let flag = long.strip_prefix("no-")?;
                    by_name()
                        .find(|option| option.kind == Kind::Flag && option.flag == flag)
                        .map(|option| (option, true))
                })
            }
            None => by_name()
                .find(|option| option.short.is_some_and(|letter| name == format!("-{letter}")))
                .map(|option| (option, false)),
        };
        found.ok_or_else(|| {
            let names = by_name().map(|option| option.flag.as_str()).chain(["help"]);
            match nearest(name.trim_start_matches('-'), names) {
                Some(near) => format!("there is no option `{name}`; did you mean `--{near}`?"),
                None => format!("there is no option `{name}`"),
            }
        })
    }

    fn place_positional<'s>(
        &'s self,
        given: &mut BTreeMap<&'s str, Vec<String>>,
        positional: Vec<String>,
    ) -> Result<(), String> {
        let mut values = positional.into_iter();
        for option in self.by_position() {
            let taken: Vec<String> = match option.kind {
                Kind::List(_) => values.by_ref().collect(),
                _ => values.by_ref().take(1).collect(),
            };
            if !taken.is_empty() {
                given.insert(&option.name, taken);
            }
        }
        match values.next() {
            Some(extra) => Err(format!("`{extra}` is one argument too many")),
            None => Ok(()),
        }
    }

    fn by_position(&self) -> Vec<&OptionSpec> {
        let mut options: Vec<_> = self.options.iter().filter(|option| option.position.is_some()).collect();
        options.sort_by_key(|option| option.position);
        options
    }

    /// How the script is called, in one line.
    pub(super) fn summary(&self, script: &str) -> String {
        let mut words = vec!["Usage: rexec run".to_owned(), script.to_owned(), "[OPTIONS]".to_owned()];
        for option in self.options.iter().filter(|option| option.required && option.position.is_none()) {
            words.push(format!("--{} {}", option.flag, option.placeholder()));
        }
        for option in self.by_position() {
            let name = option.flag.to_uppercase();
            let name = if option.required { name } else { format!("[{name}]") };
            words.push(if matches!(option.kind, Kind::List(_)) { format!("{name}...") } else { name });
        }
        words.join(" ")
    }

    /// All about the script, as `--help` prints it.
    pub(super) fn help(&self, script: &str, about: &str) -> String {
        let mut sections = Vec::new();
        if !about.is_empty() {
            sections.push(about.to_owned());
        }
        sections.push(self.summary(script));
        let positional =
            self.by_position().into_iter().map(|option| (option.flag.to_uppercase(), option.explained()));
        let positional: Vec<_> = positional.collect();
        if !positional.is_empty() {
            sections.push(format!("Arguments:\n{}", two_columns(&positional)));
        }
        let by_name = self.options.iter().filter(|option| option.position.is_none());
        let mut named: Vec<_> = by_name.map(|option| (option.written(), option.explained())).collect();
        named.push(("-h, --help".into(), "print this help".into()));
        sections.push(format!("Options:\n{}", two_columns(&named)));
        sections.join("\n\n")
    }
}

fn two_columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(left, right)| format!("  {left:width$}  {right}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

impl OptionSpec {
    fn new(name: &str, described: &Dynamic) -> ScriptResult<Self> {
        let (default, described) = match described.read_lock::<Map>() {
            Some(map) => {
                let mut rest = map.clone();
                let default = rest.remove("default").filter(|value| !value.is_unit());
                (default, options::options::<Described>(&format!("cli: option `{name}`"), &rest)?)
            }
            None => (Some(described.clone()).filter(|value| !value.is_unit()), Described::default()),
        };
        let kind = kind_of(name, default.as_ref(), described.r#type.as_deref())?;
        Ok(Self {
            name: name.to_owned(),
            flag: name.replace('_', "-"),
            help: described.help,
            short: described.short,
            required: described.required,
            kind,
            default,
            choices: described.choices,
            position: described.position,
        })
    }

    /// Its value: what was given, or else its default.
    fn value(&self, given: Option<&Vec<String>>) -> Result<Dynamic, String> {
        let Some(given) = given else {
            if self.required {
                return Err(format!("{} is missing", self.called()));
            }
            return Ok(match (&self.default, &self.kind) {
                (Some(default), _) => default.clone(),
                (None, Kind::Flag) => false.into(),
                (None, Kind::List(_)) => Array::new().into(),
                (None, _) => Dynamic::UNIT,
            });
        };
        if let Kind::List(kind) = &self.kind {
            let items = given.iter().map(|text| self.read(kind, text));
            return items.collect::<Result<Array, _>>().map(Dynamic::from);
        }
        // As usual, the last one counts.
        let text = given.last().expect("what is in the map was given at least once");
        self.read(&self.kind, text)
    }

    fn read(&self, kind: &Kind, text: &str) -> Result<Dynamic, String> {
        if !self.choices.is_empty() && !self.choices.iter().any(|choice| choice == text) {
            let choices = self.choices.join(", ");
            return Err(format!("{} is one of {choices}, and not `{text}`", self.called()));
        }
        let wrong = |what: &str| format!("{} is {what}, and not `{text}`", self.called());
        match kind {
            Kind::Int => text.parse::<i64>().map(Dynamic::from).map_err(|_| wrong("a whole number")),
            Kind::Float => text.parse::<f64>().map(Dynamic::from).map_err(|_| wrong("a number")),
            Kind::Flag => text.parse::<bool>().map(Dynamic::from).map_err(|_| wrong("true or false")),
            Kind::Text | Kind::List(_) => Ok(text.into()),
        }
    }

    /// As a message names it.
    fn called(&self) -> String {
        match self.position {
            Some(_) => format!("`{}`", self.flag.to_uppercase()),
            None => format!("`--{}`", self.flag),
        }
    }

    /// As the help shows it: `-n, --limit <NUMBER>`.
    fn written(&self) -> String {
        let short = self.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
        match self.kind {
            Kind::Flag => format!("{short}--{}", self.flag),
            _ => format!("{short}--{} {}", self.flag, self.placeholder()),
        }
    }

    fn placeholder(&self) -> &'static str {
        match &self.kind {
            Kind::Int | Kind::Float => "<NUMBER>",
            Kind::List(item) if matches!(**item, Kind::Int | Kind::Float) => "<NUMBER>",
            _ => "<TEXT>",
        }
    }

    fn explained(&self) -> String {
        let mut words = vec![self.help.clone()];
        if self.required {
            words.push("(required)".into());
        }
        if !self.choices.is_empty() {
            words.push(format!("[one of {}]", self.choices.join(", ")));
        }
        let shown = self.default.as_ref().map(ToString::to_string);
        if let Some(default) = shown.filter(|text| !text.is_empty() && text != "false" && text != "[]") {
            words.push(format!("[default: {default}]"));
        }
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }
}

fn kind_of(name: &str, default: Option<&Dynamic>, named: Option<&str>) -> ScriptResult<Kind> {
    if let Some(default) = default {
        return kind_of_value(default)
            .ok_or_else(|| invalid(format!("cli: the default of `{name}` can't be {}", describe(default))));
    }
    match named.unwrap_or("text") {
        "text" => Ok(Kind::Text),
        "int" => Ok(Kind::Int),
        "float" => Ok(Kind::Float),
        "bool" => Ok(Kind::Flag),
        "list" => Ok(Kind::List(Box::new(Kind::Text))),
        other => Err(invalid(format!(
            "cli: `{other}` is no type of an option: they are text, int, float, bool and list"
        ))),
    }
}

fn kind_of_value(value: &Dynamic) -> Option<Kind> {
    if value.is_bool() {
        return Some(Kind::Flag);
    }
    if value.is_int() {
        return Some(Kind::Int);
    }
    if value.is_float() {
        return Some(Kind::Float);
    }
    if value.is_string() || value.is_char() {
        return Some(Kind::Text);
    }
    let items = value.read_lock::<Array>()?;
    let item = items.first().map_or(Some(Kind::Text), kind_of_value)?;
    Some(Kind::List(Box::new(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options as a script would describe them.
    fn usage(script: &str) -> Usage {
        let options = crate::script::engine::build().eval::<Map>(script).unwrap();
        Usage::from_options(&options).unwrap()
    }

    fn parse(script: &str, args: &[&str]) -> Result<String, String> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        match usage(script).parse(&args)? {
            Parsed::Values(values) => Ok(format!("{values:?}")),
            Parsed::Help => Ok("help".into()),
        }
    }

    #[test]
    fn values_have_the_types_of_their_defaults() {
        let options = r#"#{ a: 5, b: 1.5, c: "x", d: false, e: [], f: [1] }"#;
        assert_eq!(
            parse(options, &[]).unwrap(),
            r#"{"a": 5, "b": 1.5, "c": "x", "d": false, "e": [], "f": [1]}"#
        );
        let args = ["--a=7", "--b", "2", "--c", "y", "--d", "--e", "1", "--e", "2", "--f", "3"];
        assert_eq!(
            parse(options, &args).unwrap(),
            r#"{"a": 7, "b": 2.0, "c": "y", "d": true, "e": ["1", "2"], "f": [3]}"#
        );
    }

    #[test]
    fn what_was_not_given_and_has_no_default_is_unit() {
        assert_eq!(parse(r#"#{ a: #{ }, b: #{ type: "bool" } }"#, &[]).unwrap(), r#"{"a": (), "b": false}"#);
    }

    #[test]
    fn names_may_be_written_with_a_hyphen_a_letter_or_a_no() {
        let options = r#"#{ fail_on: #{ short: 'f' }, color: true }"#;
        assert_eq!(
            parse(options, &["--fail-on", "x", "--no-color"]).unwrap(),
            r#"{"color": false, "fail_on": "x"}"#
        );
        assert_eq!(parse(options, &["-f", "-1"]).unwrap(), r#"{"color": true, "fail_on": "-1"}"#);
    }

    #[test]
    fn arguments_without_a_name_are_taken_by_their_place() {
        let options = r#"#{ to: #{ position: 2, default: [] }, from: #{ position: 1, required: true } }"#;
        assert_eq!(parse(options, &["a", "b", "--", "--c"]).unwrap(), r#"{"from": "a", "to": ["b", "--c"]}"#);
        assert_eq!(parse(options, &[]).unwrap_err(), "`FROM` is missing");
        assert_eq!(parse("#{ a: 1 }", &["x"]).unwrap_err(), "`x` is one argument too many");
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (options, args, problem) in [
            ("#{ limit: 5 }", &["--limit", "many"][..], "`--limit` is a whole number, and not `many`"),
            ("#{ limit: 5 }", &["--limit"], "`--limit` needs a value: <NUMBER>"),
            ("#{ limit: 5 }", &["--limt", "3"], "there is no option `--limt`; did you mean `--limit`?"),
            ("#{ v: #{ required: true } }", &[], "`--v` is missing"),
            (r#"#{ e: #{ choices: ["a", "b"] } }"#, &["--e", "c"], "`--e` is one of a, b, and not `c`"),
            ("#{ d: false }", &["--d=maybe"], "`--d` is true or false, and not `maybe`"),
        ] {
            assert_eq!(parse(options, args).unwrap_err(), problem);
        }
    }

    #[test]
    fn a_description_that_makes_no_sense_is_refused() {
        for options in ["#{ a: #{ hlp: 1 } }", r#"#{ a: #{ type: "number" } }"#, "#{ a: || 1 }"] {
            let options = crate::script::engine::build().eval::<Map>(options).unwrap();
            assert!(Usage::from_options(&options).is_err(), "{options:?}");
        }
    }

    #[test]
    fn help_shows_all_options_with_their_defaults() {
        let usage = usage(
            r#"#{ version: #{ help: "what to deploy", required: true }, limit: #{ help: "how many at once", default: 5, short: 'n' },
                 quiet: false, files: #{ position: 1, default: [], help: "to send" } }"#,
        );
        assert_eq!(
            usage.help("deploy.rhai", "Deploys."),
            "Deploys.\n\n\
             Usage: rexec run deploy.rhai [OPTIONS] --version <TEXT> [FILES]...\n\n\
             Arguments:\n  FILES  to send\n\n\
             Options:\n  \
             -n, --limit <NUMBER>  how many at once [default: 5]\n      \
             --quiet\n      \
             --version <TEXT>  what to deploy (required)\n  \
             -h, --help            print this help"
        );
    }

    #[test]
    fn help_is_asked_for_anywhere_before_the_end_of_options() {
        assert_eq!(parse("#{ v: #{ required: true } }", &["--help"]).unwrap(), "help");
        assert_eq!(parse("#{ }", &["-h"]).unwrap(), "help");
        assert!(parse("#{ }", &["--", "-h"]).is_err());
    }
}
