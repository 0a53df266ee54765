//! Ansible's inventory as data: its YAML, and the JSON that a dynamic inventory prints.

use super::draft::{Draft, DraftHost, Handed};
use crate::{Error, Result};
use serde_json::{Map, Value};

pub(super) fn read(value: &Value) -> Result<Draft> {
    let Value::Object(top) = value else {
        return Err(Error::invalid("an inventory is a map of groups"));
    };
    let mut draft = Draft::default();
    for (name, group) in top {
        match name.as_str() {
            "_meta" => read_host_variables(&mut draft, group)?,
            _ => read_group(&mut draft, name, group)?,
        }
    }
    Ok(draft)
}

/// The variables of hosts, as a dynamic inventory gives them in one place.
fn read_host_variables(draft: &mut Draft, meta: &Value) -> Result<()> {
    let Some(hosts) = meta.get("hostvars") else { return Ok(()) };
    for (name, variables) in object(hosts, "_meta.hostvars")? {
        set_variables(draft.host(name), object(variables, name)?);
    }
    Ok(())
}

fn read_group(draft: &mut Draft, name: &str, group: &Value) -> Result<()> {
    if name != super::ALL {
        draft.group(name);
    }
    match group {
        Value::Null => Ok(()),
        Value::Array(hosts) => add_hosts(draft, name, hosts),
        Value::Object(parts) => {
            for (key, value) in parts {
                read_part(draft, name, key, value)?;
            }
            Ok(())
        }
        _ => Err(Error::invalid(format!("the group `{name}` is neither a map nor a list of hosts"))),
    }
}

fn read_part(draft: &mut Draft, group: &str, key: &str, value: &Value) -> Result<()> {
    match (key, value) {
        (_, Value::Null) => Ok(()),
        ("hosts", Value::Array(hosts)) => add_hosts(draft, group, hosts),
        ("hosts", _) => {
            for (address, variables) in object(value, &format!("{group}.hosts"))? {
                let names = draft.add_addresses(Some(group), address)?;
                let Value::Object(variables) = variables else { continue };
                names.iter().for_each(|name| set_variables(draft.host(name), variables));
            }
            Ok(())
        }
        ("vars", _) => {
            let variables = object(value, &format!("{group}.vars"))?;
            let handed = if group == super::ALL { &mut draft.all } else { &mut draft.group(group).handed };
            hand_down(handed, variables);
            Ok(())
        }
        ("children", Value::Array(children)) => {
            for child in children {
                add_child(draft, group, text(child)?);
            }
            Ok(())
        }
        ("children", _) => {
            for (child, inner) in object(value, &format!("{group}.children"))? {
                add_child(draft, group, child);
                read_group(draft, child, inner)?;
            }
            Ok(())
        }
        (other, _) => Err(Error::invalid(format!(
            "the group `{group}` has `{other}`: it may have hosts, vars and children"
        ))),
    }
}

fn add_child(draft: &mut Draft, group: &str, child: &str) {
    draft.group(child);
    if group != super::ALL {
        draft.group(group).children.insert(child.to_owned());
    }
}

fn add_hosts(draft: &mut Draft, group: &str, hosts: &[Value]) -> Result<()> {
    for host in hosts {
        draft.add_addresses(Some(group), text(host)?)?;
    }
    Ok(())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| Error::invalid(format!("`{value}` is no name")))
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| Error::invalid(format!("`{what}` is no map")))
}

fn hand_down(handed: &mut Handed, variables: &Map<String, Value>) {
    for (key, value) in variables {
        if let Some((option, value)) = reach(key, value) {
            handed.ssh.insert(option.to_owned(), value);
        }
        handed.vars.insert(key.clone(), value.clone());
    }
}

fn set_variables(host: &mut DraftHost, variables: &Map<String, Value>) {
    for (key, value) in variables {
        set_variable(host, key, value.clone());
    }
}

/// A variable of a host; some of Ansible's say where it is and how it is reached.
pub(super) fn set_variable(host: &mut DraftHost, key: &str, value: Value) {
    match (key, &value) {
        ("ansible_host" | "ansible_ssh_host", Value::String(address)) => host.address = Some(address.clone()),
        ("ansible_connection", Value::String(kind)) if kind == "local" => host.address = Some("local".into()),
        _ => {}
    }
    if let Some((option, value)) = reach(key, &value) {
        host.own.ssh.insert(option.to_owned(), value);
    }
    host.own.vars.insert(key.to_owned(), value);
}

/// Ansible's word for how a host is reached, as ours.
pub(super) fn reach(key: &str, value: &Value) -> Option<(&'static str, Value)> {
    let option = match key {
        "ansible_user" | "ansible_ssh_user" => "user",
        "ansible_port" | "ansible_ssh_port" => "port",
        "ansible_ssh_private_key_file" => "key",
        _ => return None,
    };
    let value = match value.as_str() {
        Some(text) if option == "port" => text.parse::<u16>().map_or_else(|_| value.clone(), Value::from),
        Some(text) if option == "key" => {
            Value::from(super::without_tilde(text).to_string_lossy().into_owned())
        }
        _ => value.clone(),
    };
    Some((option, value))
}

#[cfg(test)]
mod tests {
    use crate::inventory::{Format, Inventory};

    #[test]
    fn ansibles_yaml_is_read() {
        let text = "
all:
  vars: {region: eu}
  hosts:
    lone:
  children:
    web:
      hosts:
        web[1:2]: {http_port: 80}
      vars: {ansible_user: deploy}
    site:
      children:
        web:
";
        let inventory = Inventory::parse(Format::Yaml, text, "hosts.yml".as_ref()).unwrap();
        let web = inventory.host("web2").unwrap();
        assert_eq!(web.groups, ["site", "web"]);
        assert_eq!(
            (&web.vars["http_port"], &web.vars["region"], &web.ssh["user"]),
            (&80.into(), &"eu".into(), &"deploy".into())
        );
        assert!(inventory.host("lone").unwrap().groups.is_empty());
    }

    #[test]
    fn what_a_dynamic_inventory_prints_is_read() {
        let text = r#"{
            "web": {"hosts": ["web1"], "vars": {"a": 1}},
            "db": ["db1"],
            "site": {"children": ["web", "db"]},
            "_meta": {"hostvars": {"web1": {"ansible_host": "10.0.0.1", "ansible_port": "2222"}, "here": {"ansible_connection": "local"}}}
        }"#;
        let inventory = Inventory::parse(Format::Json, text, "x".as_ref()).unwrap();
        let web = inventory.host("web1").unwrap();
        assert_eq!(
            (web.address.as_str(), &web.ssh["port"], &web.vars["a"]),
            ("10.0.0.1", &2222.into(), &1.into())
        );
        assert_eq!(inventory.group("site").unwrap().len(), 2);
        assert_eq!(inventory.host("here").unwrap().address, "local");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["[1]", r#"{"web": 5}"#, r#"{"web": {"host": []}}"#, r#"{"web": {"hosts": [5]}}"#] {
            assert!(Inventory::parse(Format::Json, text, "x".as_ref()).is_err(), "{text}");
        }
    }
}
