//! Lines from a pipe: no prompt, and the first error is the end.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

fn pipe(text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rexec"))
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn lines_run_without_a_prompt() {
    let output = pipe("print(1)\nlet a = 2\nfn f(x) {\n  x * a\n}\n3 + 4\n\"text\"\n");
    assert_eq!(stdout(&output), "1\n7\n\"text\"\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_first_error_is_the_end() {
    let output = pipe("print(1)\nthrow \"no luck\"\nprint(2)\n");
    assert_eq!(stdout(&output), "1\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no luck"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_does_not_parse_or_is_not_finished_is_code_2() {
    for text in ["print(1)\nlet 5 = 1\n", "print(1)\nprint(2\n"] {
        let output = pipe(text);
        assert_eq!(stdout(&output), "1\n");
        assert!(!output.stderr.is_empty());
        assert_eq!(output.status.code(), Some(2), "{text}");
    }
}

#[test]
fn exit_gives_the_code() {
    let output = pipe("exit(7)\nprint(1)\n");
    assert_eq!(stdout(&output), "");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_last_line_needs_no_newline() {
    assert_eq!(stdout(&pipe("6 * 7")), "42\n");
}

#[test]
fn a_command_that_fails_is_an_error() {
    let output = pipe("$`echo one`\n$sh`echo oops >&2; exit 3`\n$`echo two`\n");
    assert_eq!(stdout(&output), "one\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "oops\nended with exit code 3\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&pipe("$`false`.unchecked()\n$`echo two`\n")), "two\n");
}

#[test]
fn a_secret_is_masked_in_values_and_errors() {
    let output = pipe("let c = $`echo x`.secret(\"hunter2\");\n\"hunter2\"\nthrow \"hunter2\"\n");
    assert_eq!(stdout(&output), "\"***\"\n");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
}
