//! Errors as they are shown.

use crate::harness::Test;

#[test]
fn a_failed_command_shows_the_line_the_calls_and_what_it_said() {
    let script = "\
fn deploy(host) {
    host.run($sh`echo going; echo one >&2; echo two >&2; exit 3`);
}

deploy(local());
";
    let expected = "\
error: ended with exit code 3: `sh -c 'echo going; echo one >&2; echo two >&2; exit 3'` on local
 --> script.rhai:2:10
  |
2 |     host.run($sh`echo going; echo one >&2; echo two >&2; exit 3`);
  |          ^^^
  |
  = note: called at script.rhai:5:1: deploy(local());
  = output: one
            two
";
    Test::script(script).run().code(1).stderr(expected);
}

#[test]
fn a_thrown_text_is_the_message() {
    let expected = "\
error: not today
 --> script.rhai:2:3
  |
2 |   throw \"not today\";
  |   ^^^^^
";
    Test::script("if true {\n  throw \"not today\";\n}").run().code(1).stderr(expected);
}

#[test]
fn a_misspelt_name_shows_the_right_one() {
    let expected = "\
error: unknown function `retyr` for (int, function)
 --> script.rhai:1:1
  |
1 | retyr(3, || 1);
  | ^^^^^
  |
  = hint: did you mean `retry`?
";
    Test::script("retyr(3, || 1);").run().code(1).stderr(expected);
}

#[test]
fn a_script_that_does_not_parse_shows_where() {
    let outcome = Test::script("let x = $`ls *.txt`;\n").run();
    outcome.code(2).stderr_has(" --> script.rhai:1:14\n").stderr_has("1 | let x = $`ls *.txt`;");
}

#[test]
fn the_caret_is_right_after_characters_of_more_than_one_byte() {
    let expected = "\
error: not today
 --> script.rhai:1:15
  |
1 | let e = \"é日\"; throw \"not today\";
  |                ^^^^^
";
    Test::script("let e = \"é日\"; throw \"not today\";").run().code(1).stderr(expected);
}

#[test]
fn an_error_in_an_imported_module_names_its_file() {
    let test = Test::script("import \"helper\" as helper;\nhelper::fail();");
    std::fs::write(test.path("helper.rhai"), "fn fail() {\n  throw \"inside\";\n}").unwrap();
    let outcome = test.run();
    outcome
        .code(1)
        .stderr_has("error: inside\n --> ")
        .stderr_has("helper.rhai:2:3")
        .stderr_has("throw \"inside\";");
    outcome.stderr_has("called at script.rhai:2");
}

#[test]
fn an_error_is_one_json_object_where_that_is_asked_for() {
    let script = "local().run($sh`echo out; echo err >&2; exit 3`);";
    let outcome = Test::script(script).options(&["--output", "json"]).run();
    outcome.code(1);
    assert_eq!(outcome.stderr.lines().count(), 1);
    let shown: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    let error = &shown["error"];
    assert_eq!(error["kind"], "command");
    assert_eq!(error["host"], "local");
    assert_eq!(error["code"], 3);
    assert_eq!(error["signal"], serde_json::Value::Null);
    assert_eq!(error["stdout"], "out\n");
    assert_eq!(error["stderr"], "err\n");
    assert_eq!(error["places"][0]["source"], "script.rhai");
    assert_eq!(error["places"][0]["line"], 1);
}

#[test]
fn secrets_are_masked_in_everything() {
    let script = "\
let token = secret(\"TOKEN\");
print(token);
log::info(token);
local().run($sh`echo ${token} >&2; exit 1`);
";
    for form in ["pretty", "plain", "json"] {
        let outcome =
            Test::script(script).options(&["--output", form]).env("TOKEN", "it's \"hunter2\"").run();
        outcome.code(1).stdout("***\n");
        assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
    }
    Test::eval("secret(\"TOKEN\")").env("TOKEN", "hunter2").run().stdout("***\n");
    let json = Test::eval("[secret(\"TOKEN\")]").options(&["--output", "json"]).env("TOKEN", "hunter2");
    json.run().stdout("[\"***\"]\n");
}
