//! What is run: which file, with which words and environment; and what is said if it can't be.

use crate::{executor, text};
use rexec::{Command, Error, ErrorKind};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

async fn refused(command: Command) -> Error {
    executor().run(command).await.unwrap_err()
}

#[tokio::test]
async fn a_program_keeps_the_name_by_which_it_was_called() {
    // Programs of many names, as busybox is one, go by it.
    assert_eq!(text(Command::new("sh").args(["-c", "echo $0"])).await, "sh");
    let output = text(Command::new("cat").arg("/proc/self/cmdline")).await;
    assert!(output.starts_with("cat\0"), "{output:?}");
}

#[tokio::test]
async fn a_program_is_found_also_with_an_empty_environment() {
    assert_eq!(text(Command::new("echo").arg("x").env_clear()).await, "x");
    assert_eq!(text(Command::new("echo").arg("x").env_remove("PATH")).await, "x");
}

#[tokio::test]
async fn a_relative_directory_is_taken_from_ours_and_its_program_from_there() {
    let dir = tempfile::tempdir_in(".").unwrap();
    fs::create_dir(dir.path().join("bin")).unwrap();
    script(&dir.path().join("bin/tool"), "#!/bin/sh\necho $PWD\n");
    let relative = dir.path().file_name().unwrap();
    let command = Command::new("bin/tool").current_dir(relative).env("PATH", "/nowhere:/bin:/usr/bin");
    assert!(text(command).await.ends_with(relative.to_str().unwrap()));
}

#[tokio::test]
async fn a_program_beside_the_command_is_hinted_at() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("deploy-it"), "#!/bin/sh\n");
    let error = refused(Command::new("deploy-it").current_dir(dir.path())).await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().unwrap().contains("./deploy-it"), "{:?}", error.hint());
}

#[tokio::test]
async fn a_program_that_is_on_the_path_but_not_executable_is_denied_by_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tool"), "").unwrap();
    let error = refused(Command::new("tool").env("PATH", dir.path())).await;
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("/tool`"), "{error}");
    assert!(error.hint().unwrap().contains("chmod +x"), "{:?}", error.hint());
}

#[tokio::test]
async fn a_missing_interpreter_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tool");
    script(&file, "#!/no/such/python -u\n");
    let error = refused(Command::new(&file)).await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("`/no/such/python`"), "{error}");

    script(&file, "#!/bin/sh\r\necho from windows\r\n");
    let error = refused(Command::new(&file)).await;
    assert!(error.to_string().contains(r"`/bin/sh\r`"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_program_is_told_apart_from_a_failing_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tool");
    script(&file, "\0not a program");
    let error = refused(Command::new(&file)).await;
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn too_many_arguments_are_refused_and_nothing_runs() {
    let dir = tempfile::tempdir().unwrap();
    let witness = dir.path().join("ran");
    let long = "x".repeat(100_000);
    let error = refused(Command::new("touch").arg(&witness).args(vec![long; 100])).await;
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(error.to_string().contains("too long"), "{error}");
    assert!(!witness.exists());
}

#[tokio::test]
async fn a_stage_that_the_kernel_refuses_ends_those_before_it() {
    let marker = crate::support::marked::Marker::new();
    let sleep = Command::new("sleep").arg(marker.to_string());
    let long = Command::new("cat").args(vec!["x".repeat(100_000); 100]);
    let error = executor().run(sleep.pipe(long)).await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

#[tokio::test]
async fn a_command_carries_a_mark_unless_it_may_not() {
    let show = || Command::shell("echo ${REXEC_COMMAND_ID-none}");
    let outer = text(show().env("REXEC_COMMAND_ID", "outer-1")).await;
    let (first, own) = outer.split_once(':').unwrap();
    assert_eq!(first, "outer-1");
    assert_ne!(own, "");
    assert_eq!(text(show().env_remove("REXEC_COMMAND_ID").daemon()).await, "none");
    assert_eq!(text(show().env_clear()).await, "none");
    let executor = executor();
    let (first, second) = (executor.run(show()).await.unwrap(), executor.run(show()).await.unwrap());
    assert_ne!(first.text(), second.text());
}

#[tokio::test]
async fn detaching_is_refused_and_not_forgotten() {
    let error = refused(Command::new("true").detach("name")).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    let file = rexec::OutputTarget::File("/dev/null".into());
    let error = refused(Command::new("true").merge_stderr().stderr(file)).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = executor().run(Command::new("true").tty().pipe(Command::new("cat"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
