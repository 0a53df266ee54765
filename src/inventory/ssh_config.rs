//! An OpenSSH configuration as an inventory: each `Host` of it that is a name and no pattern.
//!
//! `ssh` itself reads the file for what it says of them, so only the names are taken from it.

use super::draft::Draft;
use crate::Result;
use std::path::Path;

/// Whether a text is one: its first word that counts is one of the configuration's.
pub(super) fn looks_like_one(text: &str) -> bool {
    let first = text.lines().filter_map(directive).next();
    first.is_some_and(|(word, rest)| {
        !rest.is_empty() && ["host", "match", "include"].contains(&word.to_lowercase().as_str())
    })
}

/// A line's keyword and what follows it.
fn directive(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (word, rest) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
    Some((word, rest.trim_matches([' ', '\t', '='])))
}

pub(super) fn read(text: &str, path: &Path) -> Result<Draft> {
    let mut draft = Draft::default();
    if !is_the_users_own(path) {
        draft.all.ssh.insert("config".into(), path.to_string_lossy().into_owned().into());
    }
    let hosts = text.lines().filter_map(directive).filter(|(word, _)| word.eq_ignore_ascii_case("host"));
    for (_, patterns) in hosts {
        let names = patterns.split_whitespace().map(|name| name.trim_matches('"'));
        for name in names.filter(|name| !name.contains(['*', '?', '!'])) {
            draft.host(name);
        }
    }
    Ok(draft)
}

/// `ssh` reads this one without being told.
fn is_the_users_own(path: &Path) -> bool {
    let own = super::without_tilde("~/.ssh/config");
    path == own || matches!((path.canonicalize(), own.canonicalize()), (Ok(path), Ok(own)) if path == own)
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Format, Inventory};

    const TEXT: &str =
        "# mine\nHost web1 web2 *.example.org\n  User deploy\nhost=db\nHost *\n  Port 22\nMatch user x\n";

    #[test]
    fn its_hosts_without_wildcards_are_read() {
        let format = Format::of("config".as_ref(), TEXT);
        assert_eq!(format, Format::SshConfig);
        let inventory = Inventory::parse(format, TEXT, "/x/config".as_ref()).unwrap();
        let names: Vec<_> = inventory.hosts().iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["web1", "web2", "db"]);
        assert_eq!(inventory.hosts()[0].ssh["config"], "/x/config");
    }

    #[test]
    fn an_ini_with_a_host_called_host_is_no_configuration() {
        assert_eq!(Format::of("hosts".as_ref(), "[web]\nhost\n"), Format::AnsibleIni);
        assert_eq!(Format::of("hosts".as_ref(), "web1\n"), Format::AnsibleIni);
    }
}
