//! The names of files and programs, for where text is typed.

use super::complete::Candidate;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What the name is typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum In {
    /// A string: all of it is the name.
    Text,
    /// A template: its last word is the name, and the first word of a command is a program.
    Command,
}

/// More than anybody looks through.
const MAX_CANDIDATES: usize = 1000;

/// The files and programs that the end of `text` could be the beginning of.
pub(super) fn complete(text: &str, place: In) -> (usize, Vec<Candidate>) {
    let start = match place {
        In::Text => text.rfind(['"', '`']).map_or(0, |quote| quote + 1),
        In::Command => word_start(text),
    };
    let word = unescape(&text[start..], place);
    let names = if place == In::Command && !word.contains('/') && is_first_word(text, start) {
        programs(&word)
    } else {
        files(&word)
    };
    let candidates = names.into_iter().take(MAX_CANDIDATES).map(|name| Candidate {
        display: name.trim_end_matches('/').rsplit('/').next().map_or(String::new(), |last| {
            if name.ends_with('/') { format!("{last}/") } else { last.to_owned() }
        }),
        replacement: escape(&name, place),
    });
    (start, candidates.collect())
}

/// Where the last word of a template begins: a backslash keeps a space within it.
fn word_start(text: &str) -> usize {
    let mut escaped = false;
    let mut start = 0;
    for (index, c) in text.char_indices() {
        if !escaped && (c.is_whitespace() || "`'\"=|;&(".contains(c)) {
            start = index + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    start
}

fn is_first_word(text: &str, start: usize) -> bool {
    let before = text[..start].trim_end();
    before.ends_with(['`', '|', ';', '&', '('])
}

fn unescape(word: &str, place: In) -> String {
    if place == In::Text {
        return word.to_owned();
    }
    let mut plain = String::with_capacity(word.len());
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    plain
}

/// What a template would split or refuse gets a backslash.
fn escape(name: &str, place: In) -> String {
    if place == In::Text {
        return name.to_owned();
    }
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_whitespace() || "'\"\\`$&;<>()*?~|".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Files and folders that begin like this; a folder ends with a slash.
fn files(word: &str) -> BTreeSet<String> {
    let (folder, prefix) = word.rsplit_once('/').map_or(("", word), |(folder, prefix)| (folder, prefix));
    let folder_path = match (folder, word.contains('/')) {
        ("", true) => PathBuf::from("/"),
        ("", false) => PathBuf::from("."),
        (folder, _) => PathBuf::from(folder),
    };
    let before = &word[..word.len() - prefix.len()];
    entries(&folder_path)
        // Hidden ones are for who asks for them.
        .filter(|(name, _)| name.starts_with(prefix) && (!name.starts_with('.') || prefix.starts_with('.')))
        .map(
            |(name, path)| if path.is_dir() { format!("{before}{name}/") } else { format!("{before}{name}") },
        )
        .collect()
}

/// Programs on the `PATH` that begin like this.
fn programs(word: &str) -> BTreeSet<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| entries(&folder).collect::<Vec<_>>())
        .filter(|(name, path)| name.starts_with(word) && is_program(path))
        .map(|(name, _)| name)
        .collect()
}

/// Whether this is the name of a program on the `PATH`.
pub(super) fn is_on_path(word: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_name = !word.is_empty() && !word.contains('/');
    is_name && std::env::split_paths(&path).any(|folder| is_program(&folder.join(word)))
}

fn entries(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs dir")).unwrap();
        std::fs::write(folder.path().join("log.txt"), "").unwrap();
        std::fs::write(folder.path().join(".hidden"), "").unwrap();
        folder
    }

    #[test]
    fn a_file_in_a_template_is_one_word() {
        let folder = folder();
        let text = format!("$`cat --file={}/lo", folder.path().display());
        let (start, found) = complete(&text, In::Command);
        assert_eq!(&text[..start], "$`cat --file=");
        let names: Vec<_> = found.iter().map(|candidate| candidate.replacement.as_str()).collect();
        let at = folder.path().display();
        assert_eq!(names, [format!("{at}/log.txt"), format!("{at}/logs\\ dir/")]);
        assert_eq!(found[1].display, "logs dir/");
    }

    #[test]
    fn a_file_in_a_string_stands_as_it_is() {
        let folder = folder();
        let text = format!("host.read(\"{}/logs d", folder.path().display());
        let (start, found) = complete(&text, In::Text);
        assert_eq!(&text[..start], "host.read(\"");
        assert_eq!(found[0].replacement, format!("{}/logs dir/", folder.path().display()));
    }

    #[test]
    fn the_first_word_of_a_command_is_a_program() {
        for text in ["$`ech", "$`true` | $`ech", "$sh`true | ech"] {
            let (start, found) = complete(text, In::Command);
            assert_eq!(&text[start..], "ech");
            assert!(found.iter().any(|candidate| candidate.replacement == "echo"), "{text}");
        }
        let (_, found) = complete("$`echo ech", In::Command);
        assert!(found.iter().all(|candidate| candidate.replacement != "echo"));
    }
}
