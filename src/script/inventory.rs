//! `inventory` in scripts: the hosts of a file, by name, group and expression.

use super::{
    convert,
    define::{function, property},
    error::{invalid, thrown},
    hosts::{self, Host, Member},
    policy::{self, Action},
    run::Run,
    scope::{self, ScriptResult},
    start::{Permit, permit},
    toolbox::formats::Data,
};
use crate::{
    Command, Error, ErrorKind,
    command::Job,
    inventory::{self, Format, InventoryHost, Values},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

/// The inventory that a bare `inventory()` gives: read once for each run.
#[derive(Default)]
pub(crate) struct DefaultInventory(OnceLock<Inventory>);

/// An inventory, as scripts hold it. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Inventory(Arc<Inner>);

struct Inner {
    data: inventory::Inventory,
    /// A host for each of its hosts, in the same order.
    hosts: Vec<Host>,
}

impl Inventory {
    fn new(run: &Run, data: inventory::Inventory) -> ScriptResult<Self> {
        let hosts = data.hosts().iter().map(|host| connect(run, host)).collect::<ScriptResult<_>>()?;
        Ok(Self(Arc::new(Inner { data, hosts })))
    }

    fn host(&self, name: &str) -> crate::Result<Host> {
        self.0.data.host(name).map(|host| self.host_of(host))
    }

    /// The host that was made for one of the data's.
    fn host_of(&self, wanted: &InventoryHost) -> Host {
        let index = self.0.data.hosts().iter().position(|host| host.name == wanted.name);
        self.0.hosts[index.expect("it is one of them")].clone()
    }

    fn hosts_of(&self, chosen: Vec<&InventoryHost>) -> Array {
        let wanted: std::collections::BTreeSet<&str> = chosen.iter().map(|host| host.name.as_str()).collect();
        let pairs = self.0.data.hosts().iter().zip(&self.0.hosts);
        pairs
            .filter(|(data, _)| wanted.contains(data.name.as_str()))
            .map(|(_, host)| Dynamic::from(host.clone()))
            .collect()
    }

    fn all(&self) -> Array {
        self.0.hosts.iter().cloned().map(Dynamic::from).collect()
    }
}

/// The host of an entry. It is not connected to before it is needed.
fn connect(run: &Run, entry: &InventoryHost) -> ScriptResult<Host> {
    let host = match entry.address.as_str() {
        "local" => run.local(),
        address => match address.split_once("://") {
            None | Some(("ssh", _)) => over_ssh(address, &entry.ssh)?,
            _ => hosts::from_text(address)?,
        },
    };
    let groups = convert::array(entry.groups.iter().cloned());
    Ok(host.as_member(Member { name: entry.name.clone(), vars: map_of(&entry.vars), groups }))
}

#[cfg(all(unix, feature = "ssh"))]
fn over_ssh(address: &str, options: &Values) -> ScriptResult<Host> {
    super::ssh::host(address, &map_of(options))
}

#[cfg(not(all(unix, feature = "ssh")))]
fn over_ssh(address: &str, _: &Values) -> ScriptResult<Host> {
    Err(thrown(Error::unsupported(format!("`{address}`: this rexec was built without SSH"))))
}

fn map_of(values: &Values) -> Map {
    let read = |value: &serde_json::Value| {
        serde_json::from_value::<Data>(value.clone()).map_or(Dynamic::UNIT, |data| data.0)
    };
    values.iter().map(|(key, value)| (key.as_str().into(), read(value))).collect()
}

/// What `--inventory` and `--hosts` stand for.
fn default_inventory() -> ScriptResult<Inventory> {
    let run = scope::current()?.run;
    if let Some(known) = run.inventory.0.get() {
        return Ok(known.clone());
    }
    let data = match (&run.settings.inventory, &run.settings.hosts) {
        (Some(file), None) => load(&run, file)?,
        (Some(file), Some(expression)) => load(&run, file)?.restricted_to(expression).map_err(thrown)?,
        (None, Some(addresses)) => {
            inventory::Inventory::from_addresses(addresses.split(',').map(str::trim)).map_err(thrown)?
        }
        (None, None) => {
            return Err(thrown(Error::new(ErrorKind::NotFound, "there is no inventory").with_hint(
                "`--inventory FILE` or `--hosts NAMES` before the script says which hosts there are",
            )));
        }
    };
    let inventory = Inventory::new(&run, data)?;
    Ok(run.inventory.0.get_or_init(|| inventory).clone())
}

fn from_file(path: &str) -> ScriptResult<Inventory> {
    let run = scope::current()?.run;
    if !run.settings.policy.is_empty() {
        let resolved = policy::resolve(Path::new(path));
        run.check(&Action::Read { host: "local", path: &resolved }).map_err(thrown)?;
    }
    Inventory::new(&run, load(&run, Path::new(path))?)
}

fn load(run: &Run, path: &Path) -> ScriptResult<inventory::Inventory> {
    if !is_executable(path) {
        return inventory::Inventory::from_file(path).map_err(thrown);
    }
    let text = printed_by(run, path)?;
    inventory::Inventory::parse(Format::Json, &text, path).map_err(|error| {
        thrown(Error::invalid(format!("what {} prints: {}", path.display(), error.message())))
    })
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let executable =
        |metadata: std::fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(executable)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// What an executable inventory prints, asked for as Ansible asks.
fn printed_by(run: &Run, path: &Path) -> ScriptResult<String> {
    let program = std::path::absolute(path)
        .map_err(|source| thrown(Error::from_io(format_args!("find {}", path.display()), source)))?;
    let job = Job::from(Command::new(program).arg("--list").reads_only());
    let local = run.local();
    match permit(run, &local, &job).map_err(thrown)? {
        Permit::Start(job) => {
            let executor = local.executor().clone();
            scope::wait(async move { executor.run(job).await.map(|output| output.stdout.text()) })
        }
        Permit::Pretend(_) => Err(invalid("an inventory that is a program can't be read in a dry run")),
    }
}

impl IntoIterator for Inventory {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().into_iter()
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Inventory>("Inventory");
    engine.register_iterator::<Inventory>();
    register_reading(engine);
    register_choosing(engine);
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |inventory: &mut Inventory| {
            let names = inventory.0.data.hosts().iter().map(|host| host.name.as_str());
            format!("inventory of {}", names.collect::<Vec<_>>().join(", "))
        });
    }
}

fn register_reading(engine: &mut Engine) {
    function(
        engine,
        "inventory(file: string) -> Inventory",
        r#"
The hosts of a file: our own format (TOML, YAML or JSON), an Ansible inventory (INI or YAML), an OpenSSH
configuration, or a program that prints JSON. No host is connected to before it is needed.

```rhai
let folder = local().temp_dir();
local().write(`${folder}/hosts.toml`, `
    ssh = { user = "deploy" }
    [groups]
    web = ["web[1-3]"]
    db = ["db1"]
`);
let hosts = inventory(`${folder}/hosts.toml`);
print(hosts.group("web").len);           // 3
print(hosts.host("web1"));               // ssh://deploy@web1
print(hosts.select("all:!web[2-3]"));    // [ssh://deploy@db1, ssh://deploy@web1]
```
"#,
        |file: ImmutableString| from_file(&file),
    );
    function(
        engine,
        "inventory() -> Inventory",
        r#"
The hosts that `--inventory FILE` and `--hosts EXPR` say, before the script on the command line. With a
file, the expression selects from it; without one it is a list of addresses, such as `web[1-3],deploy@db1`.

```rhai no_run needs --inventory
for host in inventory() { print(host.name); }
```
"#,
        default_inventory,
    );
}

fn register_choosing(engine: &mut Engine) {
    /// An inventory to show the methods with.
    const EXAMPLE: &str = r#"let file = `${local().temp_dir()}/hosts.toml`;
local().write(file, `groups = { web = ["web1", "web2"], db = ["db1"] }`);
let hosts = inventory(file);"#;
    let documented = |text: &str, line: &str| format!("\n{text}\n\n```rhai\n{EXAMPLE}\n{line}\n```\n");
    property(
        engine,
        "all(inventory: Inventory) -> array",
        &documented("All hosts, in the order of the file.", "print(hosts.all.len);  // 3"),
        |inventory: &mut Inventory| inventory.all(),
    );
    property(
        engine,
        "len(inventory: Inventory) -> int",
        &documented("How many hosts there are.", "print(hosts.len);  // 3"),
        |inventory: &mut Inventory| i64::try_from(inventory.0.hosts.len()).unwrap_or(i64::MAX),
    );
    property(
        engine,
        "groups(inventory: Inventory) -> array",
        &documented("The names of the groups, sorted.", r#"print(hosts.groups);  // ["db", "web"]"#),
        |inventory: &mut Inventory| convert::array(inventory.0.data.groups().map(str::to_owned)),
    );
    function(
        engine,
        "host(inventory: Inventory, name: string) -> Host",
        &documented("The host of this name.", r#"print(hosts.host("db1").groups);  // ["db"]"#),
        |inventory: &mut Inventory, name: ImmutableString| inventory.host(&name).map_err(thrown),
    );
    function(
        engine,
        "group(inventory: Inventory, name: string) -> array",
        &documented("The hosts of this group.", r#"print(hosts.group("web").len);  // 2"#),
        |inventory: &mut Inventory, name: ImmutableString| {
            inventory.0.data.group(&name).map(|hosts| inventory.hosts_of(hosts)).map_err(thrown)
        },
    );
    function(
        engine,
        "select(inventory: Inventory, expression: string) -> array",
        &documented(
            "The hosts that an expression selects. Terms are joined by `:` or `,`: names of hosts and groups, with \
             ranges (`web[1-3]`) and wildcards (`web*`). `!term` takes hosts away, `&term` keeps only those that are \
             in it too. A term that fits nothing is an error.",
            r#"print(hosts.select("all:!web2").len);  // 2"#,
        ),
        |inventory: &mut Inventory, expression: ImmutableString| {
            inventory.0.data.select(&expression).map(|hosts| inventory.hosts_of(hosts)).map_err(thrown)
        },
    );
}
