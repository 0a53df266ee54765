//! Ansible's inventory as INI: `[web]`, `[web:vars]`, `[site:children]`, hosts with `key=value`.

use super::{ansible_data::reach, draft::Draft};
use crate::{Error, Result};
use serde_json::Value;

/// What the lines of a section are.
enum Section {
    Hosts(Option<String>),
    Vars(String),
    Children(String),
}

pub(super) fn read(text: &str) -> Result<Draft> {
    let mut draft = Draft::default();
    let mut section = Section::Hosts(None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let read = match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(header) if !header.contains(['[', ']']) => {
                begin_section(&mut draft, header).map(|new| section = new)
            }
            _ => read_line(&mut draft, &section, line),
        };
        read.map_err(|error| Error::invalid(format!("line {}: {}", index + 1, error.message())))?;
    }
    Ok(draft)
}

fn begin_section(draft: &mut Draft, header: &str) -> Result<Section> {
    let (name, what) = header.split_once(':').unwrap_or((header, ""));
    let name = name.trim().to_owned();
    if name != super::ALL {
        draft.group(&name);
    }
    match what {
        "" => Ok(Section::Hosts(Some(name))),
        "vars" => Ok(Section::Vars(name)),
        "children" => Ok(Section::Children(name)),
        other => Err(Error::invalid(format!(
            "`[{name}:{other}]` is no section: they are [{name}], [{name}:vars] and [{name}:children]"
        ))),
    }
}

fn read_line(draft: &mut Draft, section: &Section, line: &str) -> Result<()> {
    match section {
        Section::Hosts(group) => read_host(draft, group.as_deref(), line),
        Section::Children(group) => {
            let child = without_comment(line).to_owned();
            draft.group(&child);
            if group != super::ALL {
                draft.group(group).children.insert(child);
            }
            Ok(())
        }
        Section::Vars(group) => {
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| Error::invalid(format!("`{line}` is no variable: write it as name=value")))?;
            let (key, value) = (key.trim(), literal(unquoted(value.trim())));
            let handed = if group == super::ALL { &mut draft.all } else { &mut draft.group(group).handed };
            if let Some((option, value)) = reach(key, &value) {
                handed.ssh.insert(option.to_owned(), value);
            }
            handed.vars.insert(key.to_owned(), value);
            Ok(())
        }
    }
}

fn read_host(draft: &mut Draft, group: Option<&str>, line: &str) -> Result<()> {
    let mut words = words(line)?.into_iter();
    let address = words.next().ok_or_else(|| Error::invalid("a line without a host"))?;
    let group = group.filter(|group| *group != super::ALL);
    let names = draft.add_addresses(group, &address)?;
    let variables: Vec<String> = words.collect();
    for name in names {
        for variable in &variables {
            let (key, value) = variable.split_once('=').ok_or_else(|| {
                Error::invalid(format!("`{variable}` is no variable of `{name}`: write it as name=value"))
            })?;
            super::ansible_data::set_variable(draft.host(&name), key, literal(value));
        }
    }
    Ok(())
}

/// A comment ends a line where a space stands before it.
fn without_comment(line: &str) -> &str {
    line.split(" #").next().unwrap_or_default().trim()
}

/// The words of a line, with quotes around parts of them, up to a comment.
fn words(line: &str) -> Result<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let (mut current, mut quote, mut is_word) = (String::new(), None, false);
    for character in line.chars() {
        match (quote, character) {
            (None, '#') if !is_word => break,
            (None, '\'' | '"') => (quote, is_word) = (Some(character), true),
            (Some(open), _) if open == character => quote = None,
            (None, _) if character.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut current));
                }
            }
            _ => {
                current.push(character);
                is_word = true;
            }
        }
    }
    if quote.is_some() {
        return Err(Error::invalid(format!("a quote in `{line}` has no end")));
    }
    if is_word {
        words.push(current);
    }
    Ok(words)
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Whole numbers and truths are what they look like; everything else is text.
fn literal(text: &str) -> Value {
    match text {
        "true" | "True" => Value::Bool(true),
        "false" | "False" => Value::Bool(false),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Format, Inventory};

    fn parse(text: &str) -> crate::Result<Inventory> {
        Inventory::parse(Format::AnsibleIni, text, "hosts".as_ref())
    }

    #[test]
    fn hosts_groups_children_and_variables_are_read() {
        let inventory = parse(
            "lone\n\
             [web]\n\
             web[01:03].example.org http_port=80 name='a b' # three\n\
             alias ansible_host=10.0.0.7 ansible_user=root ansible_port=2222\n\
             ; a comment\n\
             [db]\n\
             db1:2200\n\
             [db:vars]\n\
             ansible_user = admin\n\
             path = \"/a b\"\n\
             [site:children]\n\
             web\n\
             db\n\
             [all:vars]\n\
             region=eu\n",
        )
        .unwrap();
        let web = inventory.host("web02.example.org").unwrap();
        assert_eq!(
            (&web.vars["http_port"], &web.vars["name"], &web.vars["region"]),
            (&80.into(), &"a b".into(), &"eu".into())
        );
        assert_eq!(web.groups, ["site", "web"]);
        let alias = inventory.host("alias").unwrap();
        assert_eq!(alias.address, "10.0.0.7");
        assert_eq!((&alias.ssh["user"], &alias.ssh["port"]), (&"root".into(), &2222.into()));
        let db = inventory.host("db1").unwrap();
        assert_eq!(db.address, "db1:2200");
        assert_eq!((&db.ssh["user"], &db.vars["path"]), (&"admin".into(), &"/a b".into()));
        assert_eq!(inventory.group("site").unwrap().len(), 5);
        assert_eq!(inventory.hosts()[0].name, "lone");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        for (text, word) in [
            ("[web]\nweb1 port\n", "line 2: `port` is no variable"),
            ("[web:hosts]\n", "line 1: `[web:hosts]` is no section"),
            ("a\nb x='y\n", "line 2: a quote"),
            ("[web:vars]\nx\n", "line 2: `x` is no variable"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message().contains(word), "{error}");
        }
    }
}
