//! How a script goes on: `exit`, `attempt`, `retry`, `timeout`, `defer`, `each`.

use crate::folder::{Folder, TestConsole};
use rexec::ScriptHost;
use tokio_util::sync::CancellationToken;

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

#[test]
fn exit_ends_the_script_with_its_code_from_wherever_it_is_called() {
    let folder = Folder::with(&[("m.rhai", "fn leave() { exit(6) }"), ("top.rhai", "exit(8); fn f() { }")]);
    for (script, code) in [
        ("exit(3); throw \"not here\"", 3),
        ("exit()", 0),
        ("fn leave() { exit(4) } leave(); throw \"not here\"", 4),
        ("attempt(|| exit(5)); throw \"not here\"", 5),
        ("retry(3, 0.0, || exit(5)); throw \"not here\"", 5),
        ("try { exit(2); } catch { throw \"not here\" }", 2),
        ("import \"m\" as m; m::leave(); throw \"not here\"", 6),
        ("import \"top\" as top; top::f(); throw \"not here\"", 8),
    ] {
        assert_eq!(folder.run(script).unwrap().exit_code, code, "{script}");
    }
}

#[test]
fn a_number_that_is_no_exit_code_is_refused() {
    assert_eq!(eval("attempt(|| exit(256)).error.kind"), r#""invalid""#);
}

#[test]
fn attempt_gives_what_was_thrown() {
    assert_eq!(eval("let a = attempt(|| 5); [a.ok, a.value, a.error]"), "[true, 5, ()]");
    assert_eq!(eval("let a = attempt(|| throw #{ x: 1 }); [a.ok, a.value, a.error.x]"), "[false, (), 1]");
    assert_eq!(
        eval("let a = attempt(|| [1][5]); [a.ok, a.error.kind, a.error.line]"),
        r#"[false, "script", 1]"#
    );
}

#[test]
fn retry_gives_up_after_so_many_attempts_with_the_last_error() {
    assert_eq!(
        eval("let n = 0; let a = attempt(|| retry(3, 0.0, || { n += 1; throw `no ${n}` })); [n, a.error]"),
        r#"[3, "no 3"]"#
    );
}

#[test]
fn retry_does_not_repeat_what_another_attempt_cannot_help() {
    assert_eq!(eval("let n = 0; attempt(|| retry(3, 0.0, || { n += 1; [1][5] })); n"), "1");
    assert_eq!(eval("let n = 0; attempt(|| retry(3, 0.0, || { n += 1; exit(1000) })); n"), "1");
}

#[test]
fn retry_repeats_only_the_kinds_that_it_is_told() {
    let script = |on: &str| {
        format!(
            "let n = 0; attempt(|| retry(3, 0.0, || {{ n += 1; timeout(0.0, || sleep(60)) }}, #{{ on: [\"{on}\"] }})); n"
        )
    };
    assert_eq!(eval(&script("connect")), "1");
    assert_eq!(eval(&script("timeout")), "3");
}

#[test]
fn a_timeout_can_be_caught_and_names_its_kind() {
    assert_eq!(eval("attempt(|| timeout(0.02, || sleep(60))).error.kind"), r#""timeout""#);
    assert_eq!(eval("attempt(|| timeout(0.02, || { loop { } })).error.kind"), r#""timeout""#);
    assert_eq!(eval("timeout(60, || 5)"), "5");
}

#[test]
fn an_error_within_a_timeout_is_thrown_as_it_is() {
    assert_eq!(eval("attempt(|| timeout(60, || throw \"own\")).error"), r#""own""#);
}

#[test]
fn an_outer_timeout_is_not_taken_for_the_inner_one() {
    let script = r#"
        let inner = ();
        let outer = attempt(|| timeout(0.05, || { inner = attempt(|| timeout(60, || sleep(60))); }));
        [inner, outer.error.message]"#;
    assert_eq!(eval(script), r#"[(), "timed out after 50ms"]"#);
}

#[test]
fn a_timeout_cannot_be_swallowed_inside() {
    let script = r#"attempt(|| timeout(0.02, || { loop { try { sleep(60); } catch { } } })).error.kind"#;
    assert_eq!(eval(script), r#""timeout""#);
}

#[test]
fn each_goes_in_order_and_stops_at_the_first_error() {
    let script = "let seen = []; let a = attempt(|| each([1, 2, 3], |n| { seen.push(n); if n == 2 { throw \"two\" } n })); [seen, a.error]";
    assert_eq!(eval(script), r#"[[1, 2], "two"]"#);
}

/// Runs a script, and gives what it printed.
fn printed(script: &str) -> (TestConsole, Result<rexec::ScriptEnd, rexec::ScriptError>) {
    let console = TestConsole::default();
    let end = Folder::with(&[]).run_with(&console.host(), script);
    (console, end)
}

#[test]
fn what_was_deferred_runs_in_reverse_order_at_the_end() {
    let (console, end) = printed(
        "let n = 1; defer(|| print(`first ${n}`)); defer(|| print(\"second\")); n = 5; print(\"body\");",
    );
    assert_eq!(console.stdout(), "body\nsecond\nfirst 5\n");
    assert_eq!(end.unwrap().exit_code, 0);
}

#[test]
fn what_was_deferred_runs_after_an_error_and_after_exit() {
    let (console, end) = printed("fn say() { print(\"deferred\") } defer(|| say()); throw \"broken\"");
    assert_eq!(console.stdout(), "deferred\n");
    assert!(end.unwrap_err().message.contains("broken"));
    let (console, end) = printed("defer(|| print(\"deferred\")); exit(4)");
    assert_eq!(console.stdout(), "deferred\n");
    assert_eq!(end.unwrap().exit_code, 4);
}

#[test]
fn an_error_in_what_was_deferred_hides_neither_the_first_error_nor_the_rest() {
    let (console, end) = printed("defer(|| print(\"still\")); defer(|| throw \"second\"); throw \"first\"");
    assert_eq!(console.stdout(), "still\n");
    assert!(console.stderr().contains("in what was deferred: second"), "{}", console.stderr());
    assert!(end.unwrap_err().message.contains("first"));
    let (_, end) = printed("defer(|| throw \"only\");");
    assert!(end.unwrap_err().message.contains("only"));
}

#[test]
fn what_was_deferred_may_defer() {
    let (console, _) = printed("defer(|| { print(\"a\"); defer(|| print(\"b\")); });");
    assert_eq!(console.stdout(), "a\nb\n");
}

#[test]
fn what_was_deferred_in_a_module_and_in_parallel_runs_too() {
    let folder = Folder::with(&[("m.rhai", "const K = 5; fn later() { defer(|| print(global::K)) }")]);
    let console = TestConsole::default();
    let script = "import \"m\" as m; m::later(); parallel([7], |n| defer(|| print(n))).raise();";
    folder.run_with(&console.host(), script).unwrap();
    assert_eq!(console.stdout(), "7\n5\n");
}

#[test]
fn what_was_deferred_runs_after_a_cancellation_and_may_wait_itself() {
    let token = CancellationToken::new();
    let console = TestConsole::default();
    let host = ScriptHost::builder()
        .cancellation(token.clone())
        .console(std::sync::Arc::new(console.clone()))
        .build();
    let script = "defer(|| { sleep(0.01); print(\"cleaned\"); }); print(\"ready\"); sleep(600);";
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let run = tokio::spawn(async move { host.run_source("x", script).await });
        while !console.stdout().contains("ready") {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        token.cancel();
        let end = tokio::time::timeout(std::time::Duration::from_secs(30), run).await.unwrap().unwrap();
        assert!(end.is_err());
        assert_eq!(console.stdout(), "ready\ncleaned\n");
    });
}
