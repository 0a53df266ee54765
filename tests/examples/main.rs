//! Every program in `examples/` runs, and prints what it says.

#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};
use support::example::{program, top};

/// For each example a test that it prints what stands in the file beside this one.
macro_rules! examples {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            prints(stringify!($name), include_str!(concat!(stringify!($name), ".txt")));
        })*

        const HERE: &[&str] = &[$(stringify!($name)),*];
    };
}

examples! {
    basic_exec,
    embed_engine,
    guarded,
    managed_process,
    process_control,
    streaming_logs,
}

/// The same for scripts.
macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            script_prints(stringify!($name), include_str!(concat!(stringify!($name), ".txt")));
        })*

        const SCRIPTS: &[&str] = &[$(stringify!($name)),*];
    };
}

scripts! {
    keep_running,
    test_with_mocks,
}

/// Examples that need more than this machine, and the test binary that runs them.
const ELSEWHERE: &[(&str, &str)] = &[("ssh_exec", "ssh"), ("fan_out", "ssh")];

#[test]
fn every_example_is_run_by_a_test() {
    let programs = HERE.iter().chain(ELSEWHERE.iter().map(|(name, _)| name));
    assert_eq!(examples("rs"), programs.map(ToString::to_string).collect());
    assert_eq!(examples("rhai"), SCRIPTS.iter().map(ToString::to_string).collect());
}

fn examples(extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(top().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let meant = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    meant.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn prints(name: &str, expected: &str) {
    check(name, &mut Command::new(program(name)), expected);
}

fn script_prints(name: &str, expected: &str) {
    let script = top().join("examples").join(name).with_extension("rhai");
    check(name, Command::new(env!("CARGO_BIN_EXE_rexec")).arg("run").arg(script), expected);
}

fn check(name: &str, command: &mut Command, expected: &str) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} fails with {}:\n{errors}", output.status);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        expected,
        "what {name} prints; and to stderr:\n{errors}"
    );
    assert_eq!(errors, "", "{name} has something to complain about");
}
