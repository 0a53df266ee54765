//! Commands as values, and running them on this machine.

use crate::folder::{Folder, TestConsole};

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

#[test]
fn a_command_is_a_value_that_prints_as_a_shell_would_read_it() {
    assert_eq!(eval(r#"`${cmd("echo", ["a b", 3]).arg("it's")}`"#), r#""echo 'a b' 3 'it'\\''s'""#);
}

#[test]
fn run_gives_what_a_command_wrote() {
    assert_eq!(eval(r#"local().run("echo 'a b'").text"#), "\"a b\"");
    assert_eq!(eval(r#"local().text(["printf", "%s|", "a b", 3])"#), "\"a b|3|\"");
}

#[test]
fn what_a_command_streams_is_shown_with_its_hosts_name() {
    let console = TestConsole::default();
    let script = r#"local().stream(sh("echo one; echo two >&2"))"#;
    Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!((console.stdout().as_str(), console.stderr().as_str()), ("local | one\n", "local | two\n"));
}
