//! `scripts/rollout.rhai`: a real rolling deployment on this machine, with the binary.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A run of the script, with all that it makes in a folder of its own.
struct Run {
    folder: tempfile::TempDir,
}

impl Run {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn with(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_rexec"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["run", "scripts/rollout.rhai"])
            .args(options)
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .output()
            .unwrap()
    }

    fn start(&self, options: &[&str]) -> Output {
        fs::create_dir_all(self.folder.path().join("tmp")).unwrap();
        let output = self.with(options);
        assert_eq!(self.processes(), Vec::<PathBuf>::new(), "still running");
        let left: Vec<_> = fs::read_dir(self.folder.path().join("tmp")).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        output
    }

    /// What runs in the folder.
    fn processes(&self) -> Vec<PathBuf> {
        let root = self.folder.path().canonicalize().unwrap();
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
        processes
            .filter(|process| directory_of(process).is_some_and(|folder| folder.starts_with(&root)))
            .collect()
    }
}

fn directory_of(process: &Path) -> Option<PathBuf> {
    fs::read_link(process.join("cwd")).ok()
}

/// The lines of its table, without the process ids at their ends.
fn table(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    text.lines()
        .map(|line| words(line).split_last().map(|(_, rest)| rest.join(" ")).unwrap_or_default())
        .collect()
}

#[test]
fn it_deploys_a_version_to_three_nodes_of_this_machine() {
    let output = Run::new().start(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        "NODE RESULT VERSION HEALTH",
        "node1 deployed 1.1 healthy",
        "node2 deployed 1.1 healthy",
        "node3 deployed 1.1 healthy",
    ];
    assert_eq!(table(&output), expected);
}

#[test]
fn a_node_that_does_not_get_healthy_brings_all_back_to_the_old_version() {
    let output = Run::new().start(&["--fail-on", "node2"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    let expected = [
        "NODE RESULT VERSION HEALTH",
        "node1 rolled back 1.0 healthy",
        "node2 rolled back 1.0 healthy",
        "node3 rolled back 1.0 healthy",
    ];
    assert_eq!(table(&output), expected);
    assert!(stderr.contains("node2: not healthy after 2 s"), "{stderr}");
}

#[test]
fn what_was_not_reached_is_not_touched() {
    let output = Run::new().start(&["--fail-on", "node1", "--batches", "1", "--to", "7"]);
    assert_eq!(output.status.code(), Some(3));
    let expected = [
        "NODE RESULT VERSION HEALTH",
        "node1 rolled back 1.0 healthy",
        "node2 not reached 1.0 healthy",
        "node3 not reached 1.0 healthy",
    ];
    assert_eq!(table(&output), expected);
}

#[test]
fn it_does_the_same_on_the_hosts_of_an_inventory() {
    let run = Run::new();
    let file = run.folder.path().join("hosts.toml");
    fs::write(&file, "[groups]\nweb = [\"a\", \"b\"]\n[hosts.a]\naddress = \"local\"\n[hosts.b]\naddress = \"local\"\n[hosts.c]\n").unwrap();
    let file = file.display().to_string();
    let output = run.start(&["--inventory", &file, "--hosts", "web", "--fail-on", "b"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    let expected = ["NODE RESULT VERSION HEALTH", "a rolled back 1.0 healthy", "b rolled back 1.0 healthy"];
    assert_eq!(table(&output), expected);
}

#[test]
fn its_options_are_told_by_help_and_wrong_ones_refused() {
    let output = Run::new().start(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.starts_with("Rolls a new version") && help.contains("--fail-on <TEXT>"), "{help}");
    let output = Run::new().start(&["--fail-at", "node2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("no option `--fail-at`; did you mean `--fail-on`?")
    );
}
