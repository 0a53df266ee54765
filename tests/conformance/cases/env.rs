//! The environment and the directory.

use crate::host::TestHost;
use rexec::{Command, ErrorKind};

fn show(name: &str) -> Command {
    Command::shell(format!("printf '%s' \"${{{name}-unset}}\""))
}

pub async fn a_variable_arrives_exactly_as_it_was_set(host: &impl TestHost) {
    for value in ["plain", "", "a b", "it's", "a=b", "two\nlines", "$HOME", "caf\u{e9}"] {
        let output = host.executor().run(show("REXEC_TEST").env("REXEC_TEST", value)).await.unwrap();
        assert_eq!(output.stdout.text(), value);
    }
}

pub async fn the_last_change_of_a_variable_holds(host: &impl TestHost) {
    let command = show("X").env("X", "1").env_remove("X").env("X", "2");
    assert_eq!(host.executor().run(command).await.unwrap().text(), "2");
    let command = show("X").env("X", "1").env_remove("X");
    assert_eq!(host.executor().run(command).await.unwrap().text(), "unset");
}

pub async fn a_variable_of_the_host_can_be_taken_away(host: &impl TestHost) {
    assert_ne!(host.executor().run(show("PATH")).await.unwrap().text(), "unset");
    let output = host.executor().run(Command::new("env").env_remove("HOME")).await.unwrap();
    assert!(!output.stdout.text().lines().any(|line| line.starts_with("HOME=")));
}

pub async fn a_cleared_environment_is_exactly_what_was_set(host: &impl TestHost) {
    let command = Command::new("env").env("BEFORE", "1").env_clear().env("ONLY", "this");
    assert_eq!(host.executor().run(command).await.unwrap().stdout.text(), "ONLY=this\n");
    let output = host.executor().run(Command::new("env").env_clear()).await.unwrap();
    assert_eq!(output.stdout.total(), 0);
}

pub async fn a_name_that_can_not_be_one_is_refused(host: &impl TestHost) {
    for name in ["", "A=B", "A\0"] {
        let error = host.executor().run(Command::new("true").env(name, "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}: {error}");
    }
}

pub async fn it_runs_in_its_directory(host: &impl TestHost) {
    let dir = host.temp_dir();
    let odd = dir.path().join("a b'\"$x");
    std::fs::create_dir(&odd).unwrap();
    let output = host.executor().run(Command::new("pwd").arg("-P").current_dir(&odd)).await.unwrap();
    assert_eq!(std::path::Path::new(&output.text()), odd.canonicalize().unwrap());
}

pub async fn its_own_path_says_where_its_program_is(host: &impl TestHost) {
    let dir = host.temp_dir();
    let tool = dir.path().join("rexec-test-tool");
    std::fs::write(&tool, "#!/bin/sh\necho tool $1\n").unwrap();
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let command = Command::new("rexec-test-tool").arg("x").env("PATH", path);
    assert_eq!(host.executor().run(command).await.unwrap().text(), "tool x");
}
