//! Choosing hosts by an expression: `web:!web3`, `db,web[1-3]`, `all:&eu`.

use super::{Inventory, InventoryHost, expand};
use crate::{Error, ErrorKind, Result};
use globset::Glob;
use std::collections::BTreeSet;

pub(super) fn select<'a>(inventory: &'a Inventory, expression: &str) -> Result<Vec<&'a InventoryHost>> {
    let terms: Vec<&str> = terms(expression);
    let (mut wanted, mut required, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    for term in terms {
        match (term.strip_prefix('!'), term.strip_prefix('&')) {
            (Some(term), _) => excluded.push(names(inventory, term)?),
            (_, Some(term)) => required.push(names(inventory, term)?),
            _ => wanted.push(names(inventory, term)?),
        }
    }
    if wanted.is_empty() && required.is_empty() && excluded.is_empty() {
        return Err(Error::invalid("an empty expression selects no hosts: `all` selects all"));
    }
    let is_selected = |host: &&InventoryHost| {
        let is_in = |set: &BTreeSet<&str>| set.contains(host.name.as_str());
        (wanted.is_empty() || wanted.iter().any(is_in))
            && required.iter().all(is_in)
            && !excluded.iter().any(is_in)
    };
    Ok(inventory.hosts.iter().filter(is_selected).collect())
}

/// The terms between `:` and `,`; within brackets those belong to a range.
fn terms(expression: &str) -> Vec<&str> {
    let mut depth = 0;
    let separates = move |character: char| {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        depth == 0 && (character == ':' || character == ',')
    };
    expression.split(separates).map(str::trim).filter(|term| !term.is_empty()).collect()
}

/// The names of the hosts that a term stands for.
fn names<'a>(inventory: &'a Inventory, term: &str) -> Result<BTreeSet<&'a str>> {
    let mut found = BTreeSet::new();
    for name in expand_unless_glob(term)? {
        let before = found.len();
        found.extend(named(inventory, &name)?);
        if found.len() == before && !is_known_and_empty(inventory, &name) && !has_any(inventory, &name)? {
            return Err(nothing_fits(inventory, &name));
        }
    }
    Ok(found)
}

fn named<'a>(inventory: &'a Inventory, name: &str) -> Result<Vec<&'a str>> {
    if name == super::ALL || name == "*" {
        return Ok(inventory.hosts.iter().map(|host| host.name.as_str()).collect());
    }
    if let Some(members) = inventory.groups.get(name) {
        return Ok(members.iter().map(String::as_str).collect());
    }
    let pattern = Glob::new(name)
        .map_err(|problem| Error::invalid(format!("`{name}` is no pattern: {problem}")))?
        .compile_matcher();
    let hosts = inventory.hosts.iter().filter(|host| pattern.is_match(&host.name));
    let groups = inventory.groups.iter().filter(|(group, _)| pattern.is_match(group));
    let members = groups.flat_map(|(_, members)| members.iter().map(String::as_str));
    Ok(hosts.map(|host| host.name.as_str()).chain(members).collect())
}

fn expand_unless_glob(term: &str) -> Result<Vec<String>> {
    if term.contains(['*', '?']) { Ok(vec![term.to_owned()]) } else { expand(term) }
}

/// A group without hosts is no misspelling.
fn is_known_and_empty(inventory: &Inventory, name: &str) -> bool {
    name == super::ALL || name == "*" || inventory.groups.get(name).is_some_and(Vec::is_empty)
}

/// Whether a name stands for hosts that were found already.
fn has_any(inventory: &Inventory, name: &str) -> Result<bool> {
    named(inventory, name).map(|names| !names.is_empty())
}

fn nothing_fits(inventory: &Inventory, name: &str) -> Error {
    let groups: Vec<&str> = inventory.groups().collect();
    let error =
        Error::new(ErrorKind::NotFound, format!("no host and no group of the inventory fits `{name}`"));
    if groups.is_empty() { error } else { error.with_hint(format!("its groups are {}", groups.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Format;

    fn inventory() -> Inventory {
        let text = "[web]\nweb[1:4]\n[db]\ndb1\ndb2\n[eu]\nweb1\nweb2\ndb1\n[empty]\n";
        Inventory::parse(Format::AnsibleIni, text, "hosts".as_ref()).unwrap()
    }

    fn selected(expression: &str) -> String {
        let inventory = inventory();
        let hosts = inventory.select(expression).unwrap();
        hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn terms_are_joined_taken_away_and_intersected() {
        for (expression, names) in [
            ("web", "web1 web2 web3 web4"),
            ("web:!web3", "web1 web2 web4"),
            ("web,db2", "web1 web2 web3 web4 db2"),
            ("web:db:&eu", "web1 web2 db1"),
            ("all:!eu:!web[3-4]", "db2"),
            ("!web", "db1 db2"),
            ("&eu", "web1 web2 db1"),
            ("web[2-3]", "web2 web3"),
            ("*1", "web1 db1"),
            ("d*", "db1 db2"),
            ("all", "web1 web2 web3 web4 db1 db2"),
            ("empty", ""),
            ("web1:web1:web", "web1 web2 web3 web4"),
        ] {
            assert_eq!(selected(expression), names, "{expression}");
        }
    }

    #[test]
    fn a_term_that_fits_nothing_is_an_error_also_where_it_excludes() {
        for expression in ["wbe", "web:!web33", "web:&ue", "x*", "web[1-5]"] {
            let error = inventory().select(expression).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{expression}");
        }
        assert!(inventory().select("").is_err());
        assert!(inventory().select(" : ").is_err());
    }

    #[test]
    fn a_restricted_inventory_has_only_those_hosts() {
        let eu = inventory().restricted_to("eu").unwrap();
        assert_eq!(eu.hosts().len(), 3);
        assert_eq!(eu.group("web").unwrap().len(), 2);
        assert!(eu.host("web3").is_err());
    }
}
