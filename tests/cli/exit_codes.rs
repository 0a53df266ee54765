//! The exit codes, and quiet ends.

use crate::harness::Test;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::Stdio,
};

#[test]
fn a_script_that_ends_well_gives_0() {
    Test::script("print(1 + 1);").run().code(0).stdout("2\n").stderr("");
}

#[test]
fn an_empty_script_is_fine() {
    Test::script("").run().code(0).stdout("").stderr("");
}

#[test]
fn a_script_chooses_its_exit_code() {
    Test::script("fn f() { exit(42); } f(); print(\"not reached\");").run().code(42).stdout("").stderr("");
}

#[test]
fn an_uncaught_error_gives_1() {
    Test::script("throw \"no\";").run().code(1);
    Test::script("local().run(\"false\");").run().code(1);
}

#[test]
fn a_script_that_does_not_parse_gives_2_and_nothing_runs() {
    Test::script("print(\"not reached\"); let = 1;").run().code(2).stdout("");
}

#[test]
fn wrong_usage_gives_2() {
    Test::words(&["run"]).run().code(2);
    Test::words(&["walk"]).run().code(2);
    Test::words(&["run", "--no-such-option", "x"]).run().code(2).stderr_has("--no-such-option");
    Test::eval("1").options(&["--timeout", "soon"]).run().code(2).stderr_has("length of time");
}

#[test]
fn a_script_that_is_not_there_gives_2() {
    let expected = "error: read missing.rhai: no such file or directory\n";
    Test::words(&["run", "missing.rhai"]).run().code(2).stderr(expected);
}

#[test]
fn some_failed_in_parallel_gives_3() {
    Test::script("parallel([1, 0], |n| 10 / n).raise();").run().code(3);
    Test::script("parallel([1, 0], |n| 10 / n);").run().code(3).stderr_has("nobody looked at this failure");
}

#[test]
fn a_denial_by_the_policy_that_nobody_caught_gives_4() {
    Test::script("local().run(\"true\");").options(&["--allow", "env:HOME"]).run().code(4);
    Test::script("local().run(\"true\");").options(&["--deny", "local"]).run().code(4);
    let caught = "try { local().run(\"true\"); } catch (error) { print(error.kind); }";
    Test::script(caught).options(&["--deny", "program:true"]).run().code(0).stdout("denied\n");
}

#[test]
fn a_permission_that_the_host_refuses_is_no_denial_by_the_policy() {
    Test::script("local().run(\"/dev/null\");").run().code(1).stderr_has("/dev/null");
}

#[test]
fn a_reader_that_has_had_enough_ends_it_quietly() {
    let test = Test::script("let n = 0; loop { print(n); n += 1; }");
    let mut child = test.command().spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "0");
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(output.status.signal(), Some(libc::SIGPIPE));
}

#[test]
fn a_full_disk_under_its_output_is_an_error() {
    let test = Test::script("print(\"x\");");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = test.command().stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no space left"), "{output:?}");
}

#[test]
fn closed_outputs_are_no_reason_to_fail() {
    let script = "print(\"to nobody\"); eprint(\"to nobody\"); log::info(\"to nobody\"); local().write(\"done\", \"\");";
    let test = Test::script(script);
    let done = test.path("done");
    let mut command = std::process::Command::new("sh");
    let rexec = test.command();
    command.args(["-c", "exec \"$@\" <&- >&- 2>&-", "sh"]).arg(rexec.get_program()).args(rexec.get_args());
    let status = command.current_dir(test.folder()).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(done.exists());
}
