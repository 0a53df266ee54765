//! What scripts have around their commands: arguments, the environment, questions, formats, tables.

use crate::folder::{Folder, TestConsole};
use rexec::{Console, ScriptHost, script::policy::Policy};
use std::sync::Arc;

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

fn host_with_args(console: &TestConsole, args: &[&str]) -> ScriptHost {
    ScriptHost::builder().args(args.iter().copied()).console(Arc::new(console.clone())).build()
}

#[test]
fn args_are_seen_everywhere_and_can_be_shadowed() {
    let folder = Folder::with(&[("m.rhai", "fn first() { args[0] }")]);
    let script = r#"
        import "m" as m;
        fn inside() { args.len }
        fn shadowed(args) { args }
        let closure = |i| args[i];
        let seen = [args, inside(), shadowed(7), closure.call(1), m::first(), parallel([0, 1], |i| args[i]).values];
        let args = "mine";
        seen.push(args);
        seen"#;
    let end = folder.run_with(&host_with_args(&TestConsole::default(), &["a", "b"]), script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"[["a", "b"], 2, 7, "b", "a", ["a", "b"], "mine"]"#);
}

#[test]
fn cli_gives_typed_options() {
    let script = r#"let o = cli(#{ version: #{ required: true }, limit: #{ default: 5 }, fail_on: () }); [o.version, o.limit + 1, o.fail_on]"#;
    let host = host_with_args(&TestConsole::default(), &["--version", "2", "--limit=7"]);
    let end = Folder::with(&[]).run_with(&host, script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"["2", 8, ()]"#);
}

#[test]
fn cli_prints_help_from_the_options_and_the_scripts_first_comment() {
    let text = "// Deploys a version.\nlet o = cli(#{ limit: #{ default: 5, help: \"at once\" } });\nprint(\"not here\");";
    let folder = Folder::with(&[("main.rhai", text)]);
    let console = TestConsole::default();
    let end = folder.run_with(&host_with_args(&console, &["--help"]), text).unwrap();
    assert_eq!(end.exit_code, 0);
    assert!(console.stdout().starts_with("Deploys a version.\n\nUsage: rexec run "), "{}", console.stdout());
    assert!(console.stdout().contains("--limit <NUMBER>  at once [default: 5]"));
    assert!(!console.stdout().contains("not here"));
}

#[test]
fn wrong_arguments_end_the_script_with_code_2() {
    let console = TestConsole::default();
    let host = host_with_args(&console, &["--limt", "3"]);
    let end = Folder::with(&[])
        .run_with(&host, "try { cli(#{ limit: 5 }) } catch { } print(\"not here\")")
        .unwrap();
    assert_eq!(end.exit_code, 2);
    assert_eq!(console.stdout(), "");
    assert!(
        console.stderr().contains("there is no option `--limt`; did you mean `--limit`?"),
        "{}",
        console.stderr()
    );
    assert!(console.stderr().contains("Usage: rexec run"));
}

#[test]
fn env_throws_for_a_missing_name_unless_there_is_a_default() {
    assert_eq!(eval("attempt(|| env(\"REXEC_TEST_NO_SUCH\")).error.kind"), r#""not_found""#);
    assert_eq!(eval("env(\"REXEC_TEST_NO_SUCH\", 5)"), "5");
    assert_eq!(eval("env(\"PATH\").len > 0"), "true");
}

#[test]
fn the_policy_decides_which_variables_are_seen() {
    let policy = Policy::new().allow("env:PATH".parse().unwrap());
    let host = ScriptHost::builder().policy(policy).build();
    let script = r#"[env("PATH").len > 0, attempt(|| env("HOME", "")).error.kind, attempt(|| secret("HOME")).error.kind]"#;
    let end = Folder::with(&[]).run_with(&host, script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"[true, "denied", "denied"]"#);
}

#[test]
fn a_secret_that_was_typed_is_masked_in_everything_that_is_written() {
    let console = TestConsole::answering(&["hunter2"]);
    let script = r#"
        let value = secret("REXEC_TEST_TOKEN");
        print(`it is ${value}`);
        eprint(value);
        log::info(value);
        print([value, secret("REXEC_TEST_TOKEN")]);
        value.len"#;
    let end = Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(end.value.as_int(), Ok(7));
    assert!(console.asked_for_a_hidden_answer());
    assert_eq!(console.stdout(), "it is ***\n[\"***\", \"***\"]\n");
    assert!(!console.stderr().contains("hunter2"), "{}", console.stderr());
}

#[test]
fn a_secret_that_is_nowhere_and_nobody_can_type_is_an_error() {
    let script = r#"let e = attempt(|| secret("REXEC_TEST_TOKEN")).error; [e.kind, e.hint]"#;
    assert_eq!(
        eval(script),
        r#"["not_found", "set the variable REXEC_TEST_TOKEN, or REXEC_TEST_TOKEN_FILE to a file that holds it"]"#
    );
}

#[test]
fn questions_are_asked_on_a_terminal() {
    let console = TestConsole::answering(&["web1", "Yes", "no", ""]);
    let script = r#"[ask("Which host?"), confirm("Sure?"), confirm("Really?"), confirm("So?")]"#;
    let end = Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"["web1", true, false, false]"#);
    assert_eq!(console.stderr(), "Which host? \nSure? [y/N] \nReally? [y/N] \nSo? [y/N] \n");
}

#[test]
fn without_a_terminal_ask_throws_and_confirm_is_false() {
    assert_eq!(eval("[attempt(|| ask(\"Who?\")).ok, confirm(\"Sure?\")]"), "[false, false]");
}

#[test]
fn standard_input_is_read_by_lines_or_whole() {
    let value = |script: &str, input: &str| {
        let host = TestConsole::with_input(input).host();
        format!("{:?}", Folder::with(&[]).run_with(&host, script).unwrap().value)
    };
    assert_eq!(value("stdin().lines", "a\r\nb\n\nc"), r#"["a", "b", "", "c"]"#);
    assert_eq!(value("stdin().text", "a\r\nb\n"), r#""a\r\nb\n""#);
    assert_eq!(value("stdin().lines", ""), "[]");
    let script = "let seen = []; for line in stdin() { seen.push(line); if line == \"b\" { break } } [seen, stdin().text]";
    assert_eq!(value(script, "a\nb\nc\nd"), r#"[["a", "b"], "c\nd"]"#);
}

/// An input that never comes to an end.
struct Silent;

impl Console for Silent {
    fn print(&self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn eprint(&self, _: &str) {}

    fn input(&self) -> Box<dyn std::io::BufRead + Send> {
        let (reader, writer) = std::io::pipe().unwrap();
        // Open for as long as the test process lives.
        std::mem::forget(writer);
        Box::new(std::io::BufReader::new(reader))
    }
}

#[test]
fn waiting_for_input_can_be_given_up() {
    let host = ScriptHost::builder().console(Arc::new(Silent)).build();
    let script = "attempt(|| timeout(0.05, || stdin().text)).error.kind";
    let end = Folder::with(&[]).run_with(&host, script).unwrap();
    assert_eq!(end.value.into_string().unwrap(), "timeout");
}

#[test]
fn log_lines_go_to_standard_error_by_their_level() {
    let console = TestConsole::default();
    let script = "log::debug(\"d\"); log::info([1]); log::warn(\"w\"); log::error(\"e\");";
    Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(console.stderr(), "info: [1]\nwarn: w\nerror: e\n");
}

#[test]
fn formats_come_and_go() {
    assert_eq!(
        eval(r#"parse_json(`{"a": [1, null, 18446744073709551615]}`)"#),
        r##"#{"a": [1, (), 1.8446744073709552e19]}"##
    );
    assert_eq!(eval(r#"to_json(parse_toml("a = 1\n[b]\nc = true"))"#), r#""{\"a\":1,\"b\":{\"c\":true}}""#);
    assert_eq!(
        eval(r#"parse_yaml("country: no\nhosts: [a, b]")"#),
        r##"#{"country": "no", "hosts": ["a", "b"]}"##
    );
    assert_eq!(eval(r#"attempt(|| parse_json("{")).error.kind"#), r#""invalid""#);
    assert_eq!(eval("attempt(|| to_json(#{ f: || 1 })).error.kind"), r#""invalid""#);
}

#[test]
fn times_can_be_compared_and_moved() {
    assert_eq!(
        eval("let t = now(); [(t + 90) - t, t - (t - \"2m\"), t + 1 > t, t == t]"),
        "[90.0, 120.0, true, true]"
    );
    assert_eq!(eval("now().utc(\"%z\")"), r#""+0000""#);
    assert_eq!(eval("attempt(|| now().format(\"%Q%Q%!\")).ok"), "false");
}
