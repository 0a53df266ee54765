//! What begins with a colon: commands to the prompt itself.

use super::{complete::Candidate, vocabulary::Vocabulary};
use crate::script::session::Names;
use std::{collections::BTreeSet, path::PathBuf};

/// A command to the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Colon {
    Help,
    Quit,
    Doc(String),
    Vars,
    Jobs,
    Reset,
    Load(PathBuf),
}

/// Name, what stands behind it, what it does.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("help", "", "what there is to know about the prompt"),
    ("doc", "NAME", "what a function does, with an example"),
    ("vars", "", "the variables, functions and modules that are there"),
    ("jobs", "", "the processes that were started here and still run"),
    ("load", "FILE", "run a file here; what it defines stays"),
    ("reset", "", "forget everything, and end what was started"),
    ("quit", "", "leave; so does Ctrl-D"),
];

impl Colon {
    /// Reads what stands behind the colon. A command may be cut short as long as no other begins
    /// like it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, argument) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let argument = argument.trim();
        let (name, wanted, _) = find(name)?;
        match (wanted.is_empty(), argument.is_empty()) {
            (true, false) => return Err(format!("`:{name}` takes no argument")),
            (false, true) => return Err(format!("`:{name}` needs an argument: `:{name} {wanted}`")),
            _ => {}
        }
        Ok(match *name {
            "help" => Colon::Help,
            "doc" => Colon::Doc(argument.trim_end_matches("()").to_owned()),
            "vars" => Colon::Vars,
            "load" => Colon::Load(argument.into()),
            "jobs" => Colon::Jobs,
            "reset" => Colon::Reset,
            "quit" => Colon::Quit,
            other => unreachable!("`{other}` stands in the table"),
        })
    }
}

fn find(name: &str) -> Result<&'static (&'static str, &'static str, &'static str), String> {
    // What other prompts call it.
    let name = match name {
        "q" | "exit" => "quit",
        "?" | "h" => "help",
        other => other,
    };
    let mut fitting = COMMANDS.iter().filter(|(command, ..)| !name.is_empty() && command.starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some(command), None) => Ok(command),
        (Some((one, ..)), Some((other, ..))) => Err(format!("`:{name}` could be `:{one}` or `:{other}`")),
        (None, _) => Err(format!("no command `:{name}`; `:help` shows them all")),
    }
}

/// What `:help` shows.
pub(super) fn help() -> String {
    let mut text = String::from(INTRODUCTION);
    for (name, argument, what) in COMMANDS {
        text.push_str(&format!("  :{:<12} {what}\n", format!("{name} {argument}")));
    }
    text.push_str(KEYS);
    text
}

const INTRODUCTION: &str = "\
Type the language of `rexec run`. Variables, functions and imports stay.

  $`ls -l ${dir}`         a command that is typed runs at once, its output as it comes
  let c = $`ls`           kept for later; `c` shows it, `c.run()` runs it
  local().run($`ls`)      the same on a host: its Output is shown
  it                      the last value; with `;` at its end a line shows none
  p.on(\"stdout\", |e| ...) handlers run also while you type; what they print stands above the line

An open bracket, string or template goes on in the next line. Processes that were started here live
until you leave.

";

const KEYS: &str = "
  Tab           complete names, methods, keys, programs and files
  Up, Ctrl-R    what was typed before; a line that begins with a space is not kept
  Ctrl-C        end what runs and keep the prompt; on a line, clear it
  Ctrl-D        leave, and end all that was started
";

/// What fits behind a colon.
pub(super) fn complete(names: &Names, vocabulary: &Vocabulary, text: &str) -> (usize, Vec<Candidate>) {
    let Some((name, argument)) = text.split_once(' ') else {
        let fitting = COMMANDS.iter().filter(|(name, ..)| name.starts_with(text));
        let candidates = fitting.map(|(name, argument, what)| Candidate {
            replacement: format!("{name}{}", if argument.is_empty() { "" } else { " " }),
            display: format!(":{name} {argument}  {what}"),
        });
        return (1, candidates.collect());
    };
    let offset = 1 + name.len() + 1;
    match name {
        "load" => {
            let (start, files) = super::paths::complete(argument, super::paths::In::Text);
            (offset + start, files)
        }
        "doc" => {
            let own = names.functions.iter().map(|function| function.name.as_str());
            let all: BTreeSet<&str> = vocabulary.names().chain(own).collect();
            let fitting = all.into_iter().filter(|name| name.starts_with(argument));
            let candidates = fitting.map(|name| Candidate { replacement: name.into(), display: name.into() });
            (offset, candidates.collect())
        }
        _ => (offset, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_be_cut_short() {
        assert_eq!(Colon::parse("q"), Ok(Colon::Quit));
        assert_eq!(Colon::parse("h"), Ok(Colon::Help));
        assert_eq!(Colon::parse("d  sleep()"), Ok(Colon::Doc("sleep".into())));
        assert_eq!(Colon::parse("load a b.rhai "), Ok(Colon::Load("a b.rhai".into())));
    }

    #[test]
    fn what_is_no_command_says_what_is_wrong() {
        for (text, problem) in [
            ("", "no command `:`; `:help` shows them all"),
            ("x", "no command `:x`; `:help` shows them all"),
            ("load", "`:load` needs an argument: `:load FILE`"),
            ("vars x", "`:vars` takes no argument"),
        ] {
            assert_eq!(Colon::parse(text), Err(problem.into()));
        }
    }

    #[test]
    fn help_names_every_command() {
        let help = help();
        assert!(COMMANDS.iter().all(|(name, ..)| help.contains(&format!(":{name}"))));
    }
}
