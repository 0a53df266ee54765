//! Inventories: which hosts there are, in which groups, with which variables.
//!
//! Plain data, and parsers for the files that people have: our own (TOML, YAML, JSON), Ansible's (INI,
//! YAML, and the JSON of its dynamic inventories), and an OpenSSH configuration.
//!
//! Our own, here as TOML:
//!
//! ```toml
//! vars = { region = "eu" }                  # of all hosts
//! ssh = { user = "deploy" }                 # how all are reached; as the options of `ssh` in scripts
//!
//! [groups]
//! web = ["web[1-20]", "admin@web21:2222"]   # names or addresses, with ranges
//!
//! [groups.db]
//! hosts = ["db1", "db2"]
//! children = ["archive"]                    # groups whose hosts belong to this one too
//! vars = { port = 5432 }
//!
//! [hosts.db1]                               # what is special about one host
//! address = "10.0.0.5"                      # or a whole one: "ssh://root@10.0.0.5:22", "local"
//! ssh = { port = 2222 }
//! vars = { primary = true }
//! ```
//!
//! A variable of a host counts more than one of its group, that of a group more than that of the group
//! which it is a child of, and those more than the ones of all.

mod ansible_data;
mod ansible_ini;
mod draft;
mod own;
mod range;
mod select;
mod ssh_config;

pub use range::expand;

use crate::{Error, ErrorKind, Result};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Variables, or the options by which a host is reached.
pub type Values = Map<String, Value>;

/// Hosts and groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    hosts: Vec<InventoryHost>,
    groups: BTreeMap<String, Vec<String>>,
}

/// A host of an inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct InventoryHost {
    /// What it is called; no other host of the inventory has this name.
    pub name: String,
    /// Where it is: `web1`, `deploy@web1:22`, `ssh://web1`, `local`.
    pub address: String,
    /// How it is reached: `user`, `port`, `key`, `jump`, ...
    pub ssh: Values,
    /// Its variables, those of its groups included.
    pub vars: Values,
    /// Its groups, and those that these are children of, sorted.
    pub groups: Vec<String>,
}

/// What sort of file an inventory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ours, as TOML.
    Toml,
    /// Ours or Ansible's, as YAML.
    Yaml,
    /// Ours or Ansible's, as JSON; what an executable inventory prints.
    Json,
    /// Ansible's, as INI.
    AnsibleIni,
    /// An OpenSSH configuration: its hosts without wildcards.
    SshConfig,
}

impl Format {
    /// What a file is by its name, and where that does not say, by what is in it.
    pub fn of(path: &Path, text: &str) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Format::Toml,
            Some("yaml" | "yml") => Format::Yaml,
            Some("json") => Format::Json,
            _ if text.trim_start().starts_with('{') => Format::Json,
            _ if ssh_config::looks_like_one(text) => Format::SshConfig,
            _ => Format::AnsibleIni,
        }
    }
}

impl Inventory {
    /// Reads an inventory from a file.
    ///
    /// # Errors
    ///
    /// Where it can't be read, or makes no sense.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| {
            Error::from_io(format_args!("read the inventory {}", path.display()), source)
        })?;
        Self::parse(Format::of(path, &text), &text, path).map_err(|error| in_file(&error, path))
    }

    /// Reads an inventory from its text. The path says where an OpenSSH configuration is, since `ssh`
    /// reads it again.
    ///
    /// ```
    /// use rexec::inventory::{Format, Inventory};
    ///
    /// let text = "[web]\nweb[1:3]\n[db]\ndb1 ansible_host=10.0.0.5\n";
    /// let inventory = Inventory::parse(Format::AnsibleIni, text, "hosts".as_ref())?;
    /// let names: Vec<_> = inventory.select("web:!web2")?.iter().map(|host| host.name.as_str()).collect();
    /// assert_eq!(names, ["web1", "web3"]);
    /// assert_eq!(inventory.host("db1")?.address, "10.0.0.5");
    /// # Ok::<(), rexec::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where it makes no sense.
    pub fn parse(format: Format, text: &str, path: &Path) -> Result<Self> {
        let draft = match format {
            Format::Toml => own::read(toml_value(text)?)?,
            Format::Yaml => from_data(yaml_value(text)?)?,
            Format::Json => from_data(json_value(text)?)?,
            Format::AnsibleIni => ansible_ini::read(text)?,
            Format::SshConfig => ssh_config::read(text, path)?,
        };
        draft.build()
    }

    /// An inventory of these addresses, with ranges, and no groups.
    ///
    /// # Errors
    ///
    /// Where a range makes no sense, or two addresses have one name.
    pub fn from_addresses<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut draft = draft::Draft::default();
        for address in addresses {
            draft.add_addresses(None, address)?;
        }
        draft.build()
    }

    /// All hosts, in the order in which the file names them.
    pub fn hosts(&self) -> &[InventoryHost] {
        &self.hosts
    }

    /// The names of the groups, sorted.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// The host of this name.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub fn host(&self, name: &str) -> Result<&InventoryHost> {
        let found = self.hosts.iter().find(|host| host.name == name);
        found.ok_or_else(|| self.not_found("host", name))
    }

    /// The hosts of this group, in the order of the file; `all` is the group of all.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) where there is none.
    pub fn group(&self, name: &str) -> Result<Vec<&InventoryHost>> {
        if name == ALL {
            return Ok(self.hosts.iter().collect());
        }
        match self.groups.get(name) {
            Some(members) => Ok(self.hosts.iter().filter(|host| members.contains(&host.name)).collect()),
            None => Err(self.not_found("group", name)),
        }
    }

    /// The hosts that an expression selects, in the order of the file.
    ///
    /// Terms are joined by `:` or `,`: names of hosts and groups, with ranges (`web[1-3]`) and
    /// wildcards (`web*`). `!term` takes hosts away, `&term` keeps only those that are in it too.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) for a term that fits nothing: an exclusion that is misspelt
    /// must not pass.
    pub fn select(&self, expression: &str) -> Result<Vec<&InventoryHost>> {
        select::select(self, expression)
    }

    /// The same inventory with only the hosts that an expression selects.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub fn restricted_to(&self, expression: &str) -> Result<Self> {
        let hosts: Vec<InventoryHost> = self.select(expression)?.into_iter().cloned().collect();
        let is_left = |name: &String| hosts.iter().any(|host| host.name == *name);
        let groups = self.groups.iter().map(|(group, members)| {
            (group.clone(), members.iter().filter(|name| is_left(name)).cloned().collect())
        });
        Ok(Self { groups: groups.collect(), hosts })
    }

    fn not_found(&self, what: &str, name: &str) -> Error {
        let known: Vec<&str> = match what {
            "group" => self.groups().collect(),
            _ => self.hosts.iter().map(|host| host.name.as_str()).collect(),
        };
        const SHOWN: usize = 20;
        let more = known.len().saturating_sub(SHOWN);
        let mut hint =
            format!("there are {}", known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", "));
        if more > 0 {
            hint.push_str(&format!(" and {more} more"));
        }
        let error = Error::new(ErrorKind::NotFound, format!("the inventory has no {what} `{name}`"));
        if known.is_empty() { error } else { error.with_hint(hint) }
    }
}

/// The name that stands for all hosts.
const ALL: &str = "all";

/// Ours has nothing but these at the top; everything else is Ansible's.
fn from_data(value: Value) -> Result<draft::Draft> {
    match &value {
        Value::Object(top) if !top.is_empty() && top.keys().all(|key| own::KEYS.contains(&key.as_str())) => {
            own::read(value)
        }
        _ => ansible_data::read(&value),
    }
}

fn toml_value(text: &str) -> Result<Value> {
    toml::from_str(text).map_err(|problem| Error::invalid(format!("this is no TOML: {}", problem.message())))
}

fn yaml_value(text: &str) -> Result<Value> {
    let options = serde_saphyr::Options { strict_booleans: true, with_snippet: false, ..Default::default() };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|problem| Error::invalid(format!("this is no YAML: {problem}")))
}

fn json_value(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|problem| Error::invalid(format!("this is no JSON: {problem}")))
}

fn in_file(error: &Error, path: &Path) -> Error {
    let placed = Error::new(error.kind(), format!("{}: {}", path.display(), error.message()));
    match error.hint() {
        Some(hint) => placed.with_hint(hint),
        None => placed,
    }
}

/// `~/x` as the path that it means.
fn without_tilde(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
