//! Secrets, which are shown as `***` in everything that rexec writes.

use std::{
    borrow::Cow,
    fmt,
    sync::{PoisonError, RwLock},
};

/// What stands in a secret's place.
const MASK: &str = "***";

/// A line of a secret of several lines (a key) is a secret of its own from this length on: output
/// comes line by line. Shorter ones, such as `}`, are no secrets.
const SHORTEST_LINE: usize = 8;

/// The secrets of a run.
#[derive(Default)]
pub(crate) struct Masks(RwLock<Vec<String>>);

impl fmt::Debug for Masks {
    /// Never a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masks").finish_non_exhaustive()
    }
}

impl Masks {
    /// From now on this value is masked, also where it is quoted for a shell or written as JSON.
    pub(crate) fn add(&self, secret: &str) {
        let secret = secret.trim_end_matches(['\n', '\r']);
        let mut masks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms(secret) {
            if !form.is_empty() && !masks.contains(&form) {
                masks.push(form);
            }
        }
        // The longest first, so that no rest of one is left where another is a part of it.
        masks.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// This text with every secret replaced.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let masks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = Cow::Borrowed(text);
        for secret in masks.iter() {
            if masked.contains(secret) {
                masked = Cow::Owned(masked.replace(secret, MASK));
            }
        }
        masked
    }
}

/// The ways in which a secret may be written: as it is; within quotes of a shell, also if that text
/// is quoted once more (`sh -c '...'`); and each of these in JSON.
fn forms(secret: &str) -> Vec<String> {
    let quoted = within_quotes(secret);
    let quoted_twice = within_quotes(&quoted);
    let mut forms = vec![secret.to_owned(), quoted, quoted_twice];
    if secret.contains('\n') {
        let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
        forms.extend(lines.map(str::to_owned));
    }
    let json: Vec<String> = forms.iter().map(|form| within_json(form)).collect();
    forms.extend(json);
    forms
}

fn within_quotes(text: &str) -> String {
    text.replace('\'', r"'\''")
}

fn within_json(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::quote;

    fn masks(secrets: &[&str]) -> Masks {
        let masks = Masks::default();
        secrets.iter().for_each(|secret| masks.add(secret));
        masks
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let masks = masks(&["hunter2", ""]);
        assert_eq!(masks.mask("a hunter2, bhunter2c"), "a ***, b***c");
        assert_eq!(masks.mask("nothing here"), "nothing here");
    }

    #[test]
    fn a_secret_that_begins_with_another_leaves_no_rest() {
        assert_eq!(masks(&["pass", "password1"]).mask("password1 pass"), "*** ***");
    }

    #[test]
    fn a_secret_is_masked_in_a_quoted_command_and_in_json() {
        let masks = masks(&["it's \"x\""]);
        let command = quote("it's \"x\"");
        let script = quote(&format!("echo {command}")).into_owned();
        assert_eq!(masks.mask(&script), r"'echo '\''***'\'''");
        assert_eq!(masks.mask(&serde_json::Value::from(&*script).to_string()), r#""'echo '\\''***'\\'''""#);
        assert_eq!(masks.mask(r#"echo 'it'\''s "x"'"#), "echo '***'");
        assert_eq!(masks.mask(r#"{"a":"it's \"x\""}"#), r#"{"a":"***"}"#);
    }

    #[test]
    fn each_line_of_a_key_is_masked() {
        let masks = masks(&["-----BEGIN-----\nMIIEowIBAAK\n}\n"]);
        assert_eq!(masks.mask("> MIIEowIBAAK <"), "> *** <");
        assert_eq!(masks.mask("{ }"), "{ }");
    }
}
