//! `scripts/rollout.rhai` over SSH: three addresses of one server, by an inventory.

use crate::support::sshd::{Sshd, user};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// An inventory of three hosts, each an address of this server.
fn write_inventory(sshd: &Sshd, folder: &Path) -> String {
    let quoted = |name: &str| format!("{:?}", sshd.file(name).display().to_string());
    let text = format!(
        "ssh = {{ user = {user:?}, port = {port}, key = {key}, config = {config}, known_hosts = {known} }}\n\
         [groups]\nweb = [\"web[1-3]\"]\n\
         [hosts]\nweb1 = {{ address = \"127.0.0.1\" }}\nweb2 = {{ address = \"127.0.0.2\" }}\nweb3 = {{ address = \"127.0.0.3\" }}\n",
        user = user(),
        port = sshd.port(),
        key = quoted("id"),
        config = r#""none""#,
        known = quoted("known_hosts"),
    );
    let file = folder.join("hosts.toml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn roll_out(sshd: &Sshd, options: &[&str]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let inventory = write_inventory(sshd, folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_rexec"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "scripts/rollout.rhai", "--inventory", &inventory, "--hosts", "web"])
        .args(options)
        .env("XDG_STATE_HOME", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let without_pid = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.split_last().map(|(_, rest)| rest.join(" ")).unwrap_or_default()
    };
    let table = text.lines().map(without_pid).collect();
    (output, table)
}

#[test]
fn a_version_is_rolled_out_over_three_ssh_hosts() {
    let sshd = Sshd::start();
    let (output, table) = roll_out(&sshd, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        "NODE RESULT VERSION HEALTH",
        "web1 deployed 1.1 healthy",
        "web2 deployed 1.1 healthy",
        "web3 deployed 1.1 healthy",
    ];
    assert_eq!(table, expected);
}

#[test]
fn an_unhealthy_ssh_host_brings_all_back() {
    let sshd = Sshd::start();
    let (output, table) = roll_out(&sshd, &["--fail-on", "web2"]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        "NODE RESULT VERSION HEALTH",
        "web1 rolled back 1.0 healthy",
        "web2 rolled back 1.0 healthy",
        "web3 rolled back 1.0 healthy",
    ];
    assert_eq!(table, expected);
}
