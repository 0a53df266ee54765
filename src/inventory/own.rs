//! Our own inventory, as data: `hosts`, `groups`, `vars`, `ssh`.

use super::{Values, draft::Draft};
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What may stand at the top.
pub(super) const KEYS: [&str; 4] = ["hosts", "groups", "vars", "ssh"];

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Top {
    vars: Values,
    ssh: Values,
    hosts: Option<Hosts>,
    groups: BTreeMap<String, Group>,
}

/// Hosts as a list of addresses, or by name.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`hosts` is a list of addresses, or a table of hosts by their names")]
enum Hosts {
    List(Vec<String>),
    ByName(serde_json::Map<String, Value>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Host {
    address: Option<String>,
    vars: Values,
    ssh: Values,
}

/// A group as a list of hosts, or with more to say.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a group is a list of hosts, or a table of hosts, children, vars and ssh")]
enum Group {
    List(Vec<String>),
    Full(FullGroup),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FullGroup {
    hosts: Vec<String>,
    children: Vec<String>,
    vars: Values,
    ssh: Values,
}

pub(super) fn read(value: Value) -> Result<Draft> {
    let top: Top = from_value(value)?;
    let mut draft = Draft::default();
    draft.all.vars = top.vars;
    draft.all.ssh = top.ssh;
    match top.hosts {
        None => {}
        Some(Hosts::List(addresses)) => {
            for address in addresses {
                draft.add_addresses(None, &address)?;
            }
        }
        Some(Hosts::ByName(hosts)) => {
            for (name, host) in hosts {
                add_host(
                    &mut draft,
                    &name,
                    from_value(host).map_err(|error| in_part("host", &name, &error))?,
                )?;
            }
        }
    }
    for (name, group) in top.groups {
        add_group(&mut draft, &name, group)?;
    }
    Ok(draft)
}

fn from_value<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|problem| Error::invalid(problem.to_string()))
}

fn in_part(what: &str, name: &str, error: &Error) -> Error {
    Error::invalid(format!("{what} `{name}`: {}", error.message()))
}

fn add_host(draft: &mut Draft, text: &str, host: Host) -> Result<()> {
    for name in draft.add_addresses(None, text)? {
        let draft_host = draft.host(&name);
        draft_host.address = host.address.clone().or(draft_host.address.take());
        draft_host.own.vars.extend(host.vars.clone());
        draft_host.own.ssh.extend(host.ssh.clone());
    }
    Ok(())
}

fn add_group(draft: &mut Draft, name: &str, group: Group) -> Result<()> {
    let group = match group {
        Group::List(hosts) => FullGroup { hosts, ..FullGroup::default() },
        Group::Full(group) => group,
    };
    let of_group = draft.group(name);
    of_group.children.extend(group.children);
    of_group.handed.vars.extend(group.vars);
    of_group.handed.ssh.extend(group.ssh);
    for host in group.hosts {
        draft.add_addresses(Some(name), &host)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Format, Inventory};

    const TEXT: &str = r#"
        vars = { region = "eu", tier = 1 }
        ssh = { user = "deploy" }

        [groups]
        web = ["web[1-2]", "admin@web3:2222"]

        [groups.db]
        hosts = ["db1"]
        vars = { tier = 2 }
        ssh = { port = 2200 }

        [groups.site]
        children = ["web", "db"]
        vars = { tier = 0 }

        [hosts.db1]
        address = "10.0.0.5"
        vars = { primary = true }

        [hosts.lone]
    "#;

    #[test]
    fn a_file_of_ours_is_read_with_all_that_it_says() {
        let inventory = Inventory::parse(Format::Toml, TEXT, "hosts.toml".as_ref()).unwrap();
        let names: Vec<_> = inventory.hosts().iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["db1", "lone", "web1", "web2", "web3"]);
        let db1 = inventory.host("db1").unwrap();
        assert_eq!(db1.address, "10.0.0.5");
        assert_eq!(db1.groups, ["db", "site"]);
        assert_eq!(serde_json::to_string(&db1.vars).unwrap(), r#"{"region":"eu","tier":2,"primary":true}"#);
        assert_eq!(serde_json::to_string(&db1.ssh).unwrap(), r#"{"user":"deploy","port":2200}"#);
        assert_eq!(inventory.host("web3").unwrap().address, "admin@web3:2222");
        assert_eq!(inventory.host("web1").unwrap().vars["tier"], 0);
        assert_eq!(inventory.group("site").unwrap().len(), 4);
        assert!(inventory.host("lone").unwrap().groups.is_empty());
    }

    #[test]
    fn the_same_is_read_from_yaml_and_json() {
        let yaml = "groups:\n  web: [web1, web2]\nhosts:\n  web1:\n    vars: {a: 1}\n";
        let json = r#"{"groups": {"web": ["web1", "web2"]}, "hosts": {"web1": {"vars": {"a": 1}}}}"#;
        let yaml = Inventory::parse(Format::Yaml, yaml, "x".as_ref()).unwrap();
        let json = Inventory::parse(Format::Json, json, "x".as_ref()).unwrap();
        assert_eq!(yaml, json);
        assert_eq!(yaml.host("web1").unwrap().vars["a"], 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (text, word) in [
            ("hosts = 5", "list of addresses"),
            ("[hosts.a]\nadress = \"x\"", "host `a`: unknown field `adress`"),
            ("[groups.a]\nhost = [\"x\"]", "a group is a list"),
            ("nothing = 1", "unknown field `nothing`"),
            ("[groups]\na = [\"x[\"]", "the range has no `]`"),
        ] {
            let error = Inventory::parse(Format::Toml, text, "x".as_ref()).unwrap_err();
            assert!(error.message().contains(word), "{text}: {error}");
        }
    }
}
