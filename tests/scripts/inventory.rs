//! `inventory`: hosts by name, group and expression, from files, programs and the command line.

use crate::folder::Folder;
use rexec::{ScriptHost, script::policy::Policy};
use std::os::unix::fs::PermissionsExt;

const TEXT: &str = r#"
    ssh = { user = "deploy" }
    vars = { region = "eu" }
    [groups]
    web = ["web[1-3]"]
    [groups.here]
    hosts = ["node1", "node2"]
    vars = { role = "demo" }
    [hosts.node1]
    address = "local"
    vars = { port = 8001, tags = ["a", "b"] }
    [hosts.node2]
    address = "local"
"#;

fn eval_with(host: rexec::ScriptHostBuilder, script: &str) -> String {
    let folder = Folder::with(&[("hosts.toml", TEXT)]);
    let file = folder.path().join("hosts.toml").display().to_string();
    let host = host.args([file]).build();
    let end = folder.run_with(&host, script).unwrap_or_else(|error| panic!("{error}: {:?}", error.places));
    format!("{:?}", end.value)
}

fn eval(script: &str) -> String {
    eval_with(ScriptHost::builder(), &format!("let hosts = inventory(args[0]); {script}"))
}

#[test]
fn hosts_know_their_names_variables_and_groups() {
    assert_eq!(
        eval(
            r#"let h = hosts.host("node1"); [h.name, `${h}`, h.vars.port, h.vars.tags, h.vars.role, h.vars.region, h.groups]"#
        ),
        r#"["node1", "local", 8001, ["a", "b"], "demo", "eu", ["here"]]"#
    );
    assert_eq!(
        eval(r#"let h = hosts.host("web2"); [h.name, `${h}`, h.kind]"#),
        r#"["web2", "ssh://deploy@web2", "ssh"]"#
    );
    assert_eq!(eval("[local().vars, local().groups]"), "[#{}, []]");
}

#[test]
fn a_host_with_defaults_is_still_the_one_of_the_inventory() {
    assert_eq!(
        eval(r#"let h = hosts.host("node1").in_dir("/").with_env(#{ A: 1 }); [h.name, h.vars.port]"#),
        r#"["node1", 8001]"#
    );
}

#[test]
fn hosts_are_chosen_by_group_and_expression_and_iterated() {
    assert_eq!(
        eval("let names = []; for h in hosts { names.push(h.name); } names"),
        r#"["node1", "node2", "web1", "web2", "web3"]"#
    );
    assert_eq!(eval(r#"each(hosts.group("web"), |h| h.name)"#), r#"["web1", "web2", "web3"]"#);
    assert_eq!(
        eval(r#"each(hosts.select("web:here:!web[2-3]"), |h| h.name)"#),
        r#"["node1", "node2", "web1"]"#
    );
    assert_eq!(
        eval(r#"[attempt(|| hosts.host("wbe1")).error.kind, attempt(|| hosts.group("x")).error.kind]"#),
        r#"["not_found", "not_found"]"#
    );
}

#[test]
fn a_command_runs_on_all_hosts_of_a_group_and_results_have_their_names() {
    let script = r#"let results = hosts.group("here").text($`echo hello`).raise();
        [results.values, results.table().contains("node2")]"#;
    assert_eq!(eval(script), r#"[["hello", "hello"], true]"#);
}

#[test]
fn a_rollout_takes_hosts_of_an_inventory_by_their_names() {
    let folder = Folder::with(&[("hosts.toml", TEXT)]);
    let host =
        ScriptHost::builder().state_folder(folder.path()).inventory(folder.path().join("hosts.toml")).build();
    let script = r#"import "std/rollout" as rollout;
        let r = rollout::run(inventory().group("here"), #{ version: 2, deploy: |host| host.run($`true`) });
        each(r.hosts, |h| `${h.name} ${h.status}`)"#;
    let end = folder.run_with(&host, script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"["node1 deployed", "node2 deployed"]"#);
}

#[test]
fn a_bare_inventory_is_what_the_command_line_says() {
    let folder = Folder::with(&[("hosts.toml", TEXT)]);
    let names = |host: rexec::ScriptHostBuilder| {
        let end = folder.run_with(&host.build(), "each(inventory().all, |h| `${h}`)");
        end.map(|end| format!("{:?}", end.value)).map_err(|error| error.kind)
    };
    let with_file = || ScriptHost::builder().inventory(folder.path().join("hosts.toml"));
    assert_eq!(
        names(with_file().hosts("web:!web2")).unwrap(),
        r#"["ssh://deploy@web1", "ssh://deploy@web3"]"#
    );
    assert_eq!(
        names(ScriptHost::builder().hosts("web[1-2],admin@db1:2222")).unwrap(),
        r#"["ssh://web1", "ssh://web2", "ssh://admin@db1:2222"]"#
    );
    assert_eq!(names(ScriptHost::builder()).unwrap_err(), "not_found");
    assert_eq!(names(with_file().hosts("wbe")).unwrap_err(), "not_found");
}

#[test]
fn a_program_may_be_an_inventory() {
    let folder = Folder::with(&[(
        "hosts",
        "#!/bin/sh\ntest \"$1\" = --list && echo '{\"web\": {\"hosts\": [\"a1\"], \"vars\": {\"x\": 1}}}'\n",
    )]);
    let file = folder.path().join("hosts");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = r#"inventory(args[0]).group("web")[0].vars.x"#;
    let run = |host: rexec::ScriptHostBuilder| {
        let host = host.args([file.display().to_string()]).build();
        folder.run_with(&host, script).map(|end| end.value.as_int().unwrap()).map_err(|error| error.kind)
    };
    assert_eq!(run(ScriptHost::builder()), Ok(1));
    assert_eq!(run(ScriptHost::builder().dry_run(true)), Ok(1));
    let policy = Policy::new().allow("read:/".parse().unwrap());
    assert_eq!(run(ScriptHost::builder().policy(policy)), Err("denied".into()));
}

#[test]
fn the_policy_guards_which_file_is_read() {
    let policy = || Policy::new().allow("local".parse().unwrap());
    let script = "attempt(|| inventory(args[0])).error.kind";
    assert_eq!(eval_with(ScriptHost::builder().policy(policy()), script), r#""denied""#);
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_the_file() {
    let folder = Folder::with(&[("hosts.toml", "[groups]\nweb = 5\n")]);
    let host = ScriptHost::builder().args([folder.path().join("hosts.toml").display().to_string()]).build();
    let error = folder.run_with(&host, "inventory(args[0])").unwrap_err();
    assert!(error.message.contains("hosts.toml: a group is a list of hosts"), "{error}");
}
