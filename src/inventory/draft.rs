//! What a file says of hosts and groups, and what follows from it.

use super::{ALL, Inventory, InventoryHost, Values, expand};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// An inventory as it is written: what groups hand down is not resolved yet.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// In the order in which they were first named.
    hosts: Vec<DraftHost>,
    groups: BTreeMap<String, DraftGroup>,
    pub(super) all: Handed,
}

/// What a level gives to the hosts below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Handed {
    pub(super) vars: Values,
    pub(super) ssh: Values,
}

#[derive(Debug)]
pub(super) struct DraftHost {
    name: String,
    pub(super) address: Option<String>,
    pub(super) own: Handed,
}

#[derive(Debug, Default)]
pub(super) struct DraftGroup {
    hosts: BTreeSet<String>,
    pub(super) children: BTreeSet<String>,
    pub(super) handed: Handed,
}

impl Draft {
    /// The host of this name, which is made if it is new.
    pub(super) fn host(&mut self, name: &str) -> &mut DraftHost {
        let index = self.hosts.iter().position(|host| host.name == name).unwrap_or_else(|| {
            self.hosts.push(DraftHost { name: name.to_owned(), address: None, own: Handed::default() });
            self.hosts.len() - 1
        });
        &mut self.hosts[index]
    }

    /// The group of this name, which is made if it is new.
    pub(super) fn group(&mut self, name: &str) -> &mut DraftGroup {
        self.groups.entry(name.to_owned()).or_default()
    }

    /// Adds a host to a group.
    pub(super) fn add_to_group(&mut self, group: &str, host: &str) {
        if group != ALL {
            self.group(group).hosts.insert(host.to_owned());
        }
    }

    /// Adds the hosts that an address with ranges stands for, and gives their names.
    pub(super) fn add_addresses(&mut self, group: Option<&str>, text: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for address in expand(text)? {
            let name = name_in(&address).to_owned();
            if name.is_empty() {
                return Err(Error::invalid(format!("`{address}` names no host")));
            }
            if name != address {
                self.give_address(&name, &address)?;
            } else {
                self.host(&name);
            }
            if let Some(group) = group {
                self.add_to_group(group, &name);
            }
            names.push(name);
        }
        Ok(names)
    }

    fn give_address(&mut self, name: &str, address: &str) -> Result<()> {
        let host = self.host(name);
        match &host.address {
            Some(other) if other != address => Err(Error::invalid(format!(
                "`{other}` and `{address}` are both called `{name}`: give one of them another name"
            ))),
            _ => {
                host.address = Some(address.to_owned());
                Ok(())
            }
        }
    }

    /// The inventory that it stands for.
    ///
    /// # Errors
    ///
    /// Where a child is no group, or groups are children of each other.
    pub(super) fn build(self) -> Result<Inventory> {
        let mut depths = BTreeMap::new();
        for group in self.groups.keys() {
            self.depth(group, &mut Vec::new(), &mut depths)?;
        }
        let parents = self.parents();
        let hosts: Vec<InventoryHost> =
            self.hosts.iter().map(|host| self.build_host(host, &parents, &depths)).collect();
        let members = |group: &String| {
            hosts.iter().filter(|host| host.groups.contains(group)).map(|host| host.name.clone()).collect()
        };
        let groups = self.groups.keys().map(|group| (group.clone(), members(group))).collect();
        Ok(Inventory { hosts, groups })
    }

    /// How many groups a group is below: parents hand down before their children.
    fn depth<'a>(
        &'a self,
        group: &'a str,
        path: &mut Vec<&'a str>,
        depths: &mut BTreeMap<&'a str, usize>,
    ) -> Result<()> {
        if path.contains(&group) {
            path.push(group);
            return Err(Error::invalid(format!("groups are children of each other: {}", path.join(" > "))));
        }
        let own = path.len();
        let known = depths.entry(group).or_insert(0);
        *known = own.max(*known);
        let Some(draft) = self.groups.get(group) else {
            let parent = path.last().copied().unwrap_or_default();
            return Err(Error::invalid(format!("`{group}`, a child of the group `{parent}`, is no group")));
        };
        path.push(group);
        for child in &draft.children {
            self.depth(child, path, depths)?;
        }
        path.pop();
        Ok(())
    }

    fn parents(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, group) in &self.groups {
            for child in &group.children {
                parents.entry(child).or_default().push(name);
            }
        }
        parents
    }

    fn build_host(
        &self,
        host: &DraftHost,
        parents: &BTreeMap<&str, Vec<&str>>,
        depths: &BTreeMap<&str, usize>,
    ) -> InventoryHost {
        let mut groups: BTreeSet<&str> = BTreeSet::new();
        let mut waiting: Vec<&str> = self
            .groups
            .iter()
            .filter(|(_, group)| group.hosts.contains(&host.name))
            .map(|(name, _)| name.as_str())
            .collect();
        while let Some(group) = waiting.pop() {
            if groups.insert(group) {
                waiting.extend(parents.get(group).into_iter().flatten());
            }
        }
        let mut from_above: Vec<&str> = groups.iter().copied().collect();
        from_above.sort_by_key(|group| depths.get(group).copied().unwrap_or(0));
        let mut handed = self.all.clone();
        for group in from_above {
            handed.extend(&self.groups[group].handed);
        }
        handed.extend(&host.own);
        InventoryHost {
            name: host.name.clone(),
            address: host.address.clone().unwrap_or_else(|| host.name.clone()),
            ssh: handed.ssh,
            vars: handed.vars,
            groups: groups.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Handed {
    /// What a lower level gives counts more.
    fn extend(&mut self, lower: &Handed) {
        self.vars.extend(lower.vars.iter().map(|(key, value)| (key.clone(), value.clone())));
        self.ssh.extend(lower.ssh.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// The name in an address: `web1` in `ssh://deploy@web1:22`.
fn name_in(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    match rest.rsplit_once(':') {
        // More colons are those of an IPv6 address.
        Some((name, port)) if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_address_is_without_user_and_port() {
        for (address, name) in [
            ("web1", "web1"),
            ("deploy@web1:22", "web1"),
            ("ssh://deploy@web1:22", "web1"),
            ("fe80::1", "fe80::1"),
            ("local", "local"),
        ] {
            assert_eq!(name_in(address), name);
        }
    }

    #[test]
    fn a_lower_level_counts_more() {
        let mut draft = Draft::default();
        let set = |handed: &mut Handed, value: &str| {
            handed.vars.insert("x".into(), value.into());
        };
        draft.add_addresses(Some("inner"), "h[1-2]").unwrap();
        draft.group("outer").children.insert("inner".into());
        set(&mut draft.all, "all");
        set(&mut draft.group("outer").handed, "outer");
        let x = |draft: Draft| {
            draft.build().unwrap().hosts().iter().map(|host| host.vars["x"].clone()).collect::<Vec<_>>()
        };
        let mut second = Draft::default();
        second.add_addresses(Some("inner"), "h[1-2]").unwrap();
        second.group("outer").children.insert("inner".into());
        set(&mut second.group("outer").handed, "outer");
        set(&mut second.group("inner").handed, "inner");
        set(&mut second.host("h2").own, "host");
        assert_eq!(x(draft), ["outer", "outer"]);
        assert_eq!(x(second), ["inner", "host"]);
    }

    #[test]
    fn children_that_are_no_groups_or_each_others_parents_are_refused() {
        let mut draft = Draft::default();
        draft.group("a").children.insert("b".into());
        assert!(draft.build().unwrap_err().message().contains("`b`, a child of the group `a`"));
        let mut draft = Draft::default();
        draft.group("a").children.insert("b".into());
        draft.group("b").children.insert("a".into());
        assert!(draft.build().unwrap_err().message().contains("a > b > a"));
    }

    #[test]
    fn two_addresses_of_one_name_are_refused() {
        let mut draft = Draft::default();
        draft.add_addresses(None, "web1:22").unwrap();
        assert!(draft.add_addresses(None, "web1:23").is_err());
    }
}
