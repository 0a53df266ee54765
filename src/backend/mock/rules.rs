//! Which answer fits a command: globs on the command as it prints, the most specific first.

use super::Answer;
use globset::{GlobBuilder, GlobMatcher};

/// The answers that a mock was told, by their keys.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    key: String,
    /// `None` where the key is no glob: it then fits only what prints exactly like it.
    glob: Option<GlobMatcher>,
    answers: Vec<Answer>,
    given: usize,
}

impl Rules {
    pub(super) fn add(&mut self, key: String, answers: Vec<Answer>) {
        // `[` and `{` are common in commands: a key that is no glob still stands for itself.
        let glob = GlobBuilder::new(&key).literal_separator(false).backslash_escape(true).build().ok();
        let rule = Rule { glob: glob.map(|glob| glob.compile_matcher()), key, answers, given: 0 };
        self.0.push(rule);
    }

    /// The next answer to a command that prints like this.
    pub(super) fn answer(&mut self, text: &str) -> Option<Answer> {
        self.most_specific(text, |_| true)
    }

    /// The next answer to a whole pipeline: from a key that is one too. `ps *` is meant for what
    /// `ps` says, and not for what comes out of `ps aux | wc -l`.
    pub(super) fn answer_to_pipeline(&mut self, text: &str) -> Option<Answer> {
        self.most_specific(text, |key| key.contains(" | "))
    }

    fn most_specific(&mut self, text: &str, is_meant: impl Fn(&str) -> bool) -> Option<Answer> {
        let has_answer =
            |rule: &&mut Rule| !rule.answers.is_empty() && is_meant(&rule.key) && rule.fits(text);
        let fitting = self.0.iter_mut().filter(has_answer);
        // Of those that are equally specific, `min_by_key` gives the one that was told first.
        fitting.min_by_key(|rule| std::cmp::Reverse(rule.specificity(text))).map(Rule::next)
    }

    /// The keys, for a message.
    pub(super) fn keys(&self) -> String {
        let keys: Vec<String> = self.0.iter().map(|rule| format!("`{}`", rule.key)).collect();
        if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
    }
}

impl Rule {
    fn fits(&self, text: &str) -> bool {
        self.key == text || self.glob.as_ref().is_some_and(|glob| glob.is_match(text))
    }

    /// A key that is the command itself comes before any glob, and of two globs the one with more
    /// plain characters.
    fn specificity(&self, text: &str) -> (bool, usize) {
        let plain = self.key.chars().filter(|character| !"*?[]{}\\".contains(*character));
        (self.key == text, plain.count())
    }

    /// Its answers in turn; the last one again and again.
    fn next(&mut self) -> Answer {
        let index = self.given.min(self.answers.len() - 1);
        self.given += 1;
        self.answers[index].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::mock::answer::Step;

    fn rules(keys: &[&str]) -> Rules {
        let mut rules = Rules::default();
        keys.iter().for_each(|key| rules.add(key.to_string(), vec![Answer::text(*key)]));
        rules
    }

    fn which(rules: &mut Rules, command: &str) -> Option<String> {
        match &rules.answer(command)?.steps[..] {
            [Step::Write(_, bytes)] => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            _ => unreachable!("each of these answers is its key"),
        }
    }

    #[test]
    fn a_star_fits_spaces_slashes_and_newlines() {
        let mut rules = rules(&["cat *"]);
        assert!(which(&mut rules, "cat /etc/hosts 'a b'").is_some());
        assert!(which(&mut rules, "cat 'a\nb'").is_some());
        assert_eq!(which(&mut rules, "cat"), None);
        assert_eq!(which(&mut rules, "tac /etc/hosts"), None);
    }

    #[test]
    fn the_most_specific_key_is_taken() {
        let mut rules = rules(&["*", "systemctl *", "systemctl is-active *", "systemctl is-active nginx"]);
        assert_eq!(which(&mut rules, "systemctl is-active nginx").unwrap(), "systemctl is-active nginx");
        assert_eq!(which(&mut rules, "systemctl is-active ssh").unwrap(), "systemctl is-active *");
        assert_eq!(which(&mut rules, "systemctl start ssh").unwrap(), "systemctl *");
        assert_eq!(which(&mut rules, "df").unwrap(), "*");
    }

    #[test]
    fn of_equally_specific_keys_the_first_is_taken() {
        let mut rules = rules(&["a*b", "ab*"]);
        assert_eq!(which(&mut rules, "abb").unwrap(), "a*b");
    }

    #[test]
    fn a_key_that_is_the_command_fits_whatever_is_in_it() {
        let mut rules = rules(&["grep '[a' x", "awk '{print $1}'", "test {a"]);
        for command in ["grep '[a' x", "awk '{print $1}'", "test {a"] {
            assert_eq!(which(&mut rules, command).unwrap(), command);
        }
    }

    #[test]
    fn answers_come_in_turn_and_the_last_one_stays() {
        let mut rules = Rules::default();
        rules.add("x".into(), vec!["first".into(), "second".into()]);
        let given: Vec<_> = (0..4).map(|_| which(&mut rules, "x").unwrap()).collect();
        assert_eq!(given, ["first", "second", "second", "second"]);
    }
}
