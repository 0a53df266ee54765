//! Options, arguments, and what is run.

use crate::harness::Test;
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn all_after_the_file_is_the_scripts_own() {
    let test = Test::script("for arg in args { print(arg); }");
    let words = ["--dry-run", "-v", "--", "a b", "", "-"];
    test.args(&words).run().code(0).stdout("--dry-run\n-v\n--\na b\n\n-\n");
}

#[test]
fn options_stand_before_the_task_or_before_the_file() {
    let script = "local().run(\"touch made\"); print(local().exists(\"made\"));";
    Test::script(script).options(&["--dry-run"]).run().code(0).stdout("false\n");
    let test = Test::words(&["run", "--dry-run", "script.rhai"]);
    fs::write(test.path("script.rhai"), script).unwrap();
    test.run().code(0).stdout("false\n").stderr_has("would run on local: touch made");
}

#[test]
fn a_script_comes_from_standard_input_too() {
    let test = Test::words(&["run", "-"]).args(&["x"]).stdin("print(args[0]); throw 1");
    test.run().code(1).stdout("x\n").stderr_has("--> -:1:17");
}

#[test]
fn a_script_names_its_interpreter_in_its_first_line() {
    let binary = env!("CARGO_BIN_EXE_rexec");
    let test = Test::script(&format!("#!{binary} run\nprint(args.len);\nthrow \"here\";\n"));
    let path = test.path("script.rhai");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let output = std::process::Command::new(path).arg("a").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(":3:1"), "{output:?}");
}

#[test]
fn eval_prints_the_value_as_print_would() {
    Test::eval("6 * 7").run().code(0).stdout("42\n");
    Test::eval("local().text(\"echo a b\")").run().code(0).stdout("a b\n");
    Test::eval("()").run().code(0).stdout("");
    Test::eval("args").args(&["-x", "y"]).run().code(0).stdout("[\"-x\", \"y\"]\n");
}

#[test]
fn eval_prints_json_where_that_is_asked_for() {
    let json = Test::eval("#{ a: [1, \"x\", ()], b: true }").options(&["--output", "json"]).run();
    json.code(0).stdout("{\"a\":[1,\"x\",null],\"b\":true}\n");
    Test::eval("local()").options(&["--output", "json"]).run().code(0).stdout("\"local\"\n");
}

#[test]
fn a_time_limit_holds_for_commands_without_one() {
    let script = "try { local().run(\"sleep 1000\"); } catch (error) { print(error.kind); }";
    Test::script(script).options(&["--timeout", "200ms"]).run().code(0).stdout("timeout\n");
}

#[test]
fn quiet_and_verbose_choose_what_is_logged() {
    let script = "log::debug(\"one\"); log::info(\"two\"); log::warn(\"three\");";
    Test::script(script).run().stderr("info: two\nwarn: three\n");
    Test::script(script).options(&["-q"]).run().stderr("warn: three\n");
    Test::script(script).options(&["-v"]).run().stderr("debug: one\ninfo: two\nwarn: three\n");
    Test::script(script).options(&["-q", "-v"]).run().code(2);
}

#[test]
fn logs_are_json_where_that_is_asked_for() {
    let expected = "{\"log\":{\"level\":\"info\",\"message\":\"it's \\\"up\\\"\"}}\n";
    Test::script("log::info(`it's \"up\"`);").options(&["--output", "json"]).run().stderr(expected);
}
