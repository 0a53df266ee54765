//! Tests that look at the whole of their own process: its descriptors, memory, children.

use std::process::Command;

const ALONE: &str = "REXEC_TEST_ALONE";

/// Whether the test with this name has a process to itself. If not, it is run in one, and nothing
/// else is to be done here:
///
/// ```ignore
/// if !alone("waiting::no_zombies") {
///     return;
/// }
/// ```
pub fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some_and(|name| name == test) {
        return true;
    }
    let status = itself(test).env(ALONE, test).status().unwrap();
    assert!(status.success(), "{test} failed in its own process");
    false
}

/// This test program, to run this one test.
pub fn itself(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}
