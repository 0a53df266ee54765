//! In a terminal, started from a shell: Ctrl-C, Ctrl-Z, questions, colours.

use crate::{harness::Test, support::terminal::Terminal};
use std::process::Command;

/// What the shell asks with.
const PROMPT: &str = "shell> ";

/// Types a command that runs this script, in a shell that has a terminal.
fn type_into_a_shell(test: &Test) -> Terminal {
    let mut shell = Command::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]).current_dir(test.folder());
    shell.env("PS1", PROMPT).env("TERM", "xterm").env("NO_COLOR", "1").env_remove("CI");
    let mut terminal = Terminal::start(&shell);
    terminal.expect(PROMPT);
    terminal.enter(&format!("{} run script.rhai", env!("CARGO_BIN_EXE_rexec")));
    terminal.expect("\n");
    terminal
}

/// What the shell knows of the end of the last command.
fn shell_status(terminal: &mut Terminal) -> String {
    terminal.expect(PROMPT);
    terminal.enter("echo =$?=");
    terminal.expect("\n=");
    terminal.expect("=")
}

#[test]
fn ctrl_c_ends_what_runs_and_says_so() {
    let test = Test::script("defer(|| print(\"cleaned up\")); print(\"up\"); local().run(\"sleep 1000\");");
    let mut terminal = type_into_a_shell(&test);
    terminal.expect("up");
    terminal.press("\x03");
    terminal.expect("INT: ending what runs; Ctrl-C again ends it at once");
    terminal.expect("cleaned up");
    assert_eq!(shell_status(&mut terminal), "130");
}

#[test]
fn ctrl_z_stops_it_and_fg_continues_it() {
    let test = Test::script(
        "print(\"up\");
         while !local().exists(\"go\") { sleep(0.01); }
         print(\"went on\");",
    );
    let mut terminal = type_into_a_shell(&test);
    terminal.expect("up");
    terminal.press("\x1a");
    terminal.expect("Stopped");
    terminal.expect(PROMPT);
    std::fs::write(test.path("go"), "").unwrap();
    terminal.enter("fg");
    terminal.expect("went on");
    assert_eq!(shell_status(&mut terminal), "0");
}

#[test]
fn ctrl_c_in_a_question_for_a_secret_leaves_the_terminal_as_it_was() {
    let test = Test::script("secret(\"A_SECRET_OF_NOBODY\"); print(\"not reached\");");
    let mut terminal = type_into_a_shell(&test);
    terminal.expect("A_SECRET_OF_NOBODY: ");
    terminal.press("hunter2\x03");
    assert_eq!(shell_status(&mut terminal), "130");
    terminal.expect(PROMPT);
    terminal.enter("stty -a | grep -o ' -\\?echo '");
    terminal.expect("\n");
    assert_eq!(terminal.expect(PROMPT).trim(), "echo");
    assert!(!terminal.raw().contains("hunter2"), "the secret is seen");
}

#[test]
fn what_is_typed_in_answer_to_a_question_is_the_answer() {
    let test =
        Test::script("let name = ask(\"name? \"); print(`hello ${name}, ${secret(\"PIN_OF_NOBODY\").len}`);");
    let mut terminal = type_into_a_shell(&test);
    terminal.expect("name? ");
    terminal.enter("me");
    terminal.expect("PIN_OF_NOBODY: ");
    terminal.enter("1234");
    terminal.expect("hello me, 4");
    assert_eq!(shell_status(&mut terminal), "0");
}
