//! `parallel` and the results that it gives.

use crate::folder::{Folder, TestConsole};
use rexec::{Console, ScriptHost};
use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

#[test]
fn values_come_in_the_order_of_the_items() {
    let script = "parallel([3, 1, 2], |n| { sleep(n * 0.01); n * 10 }).values";
    assert_eq!(eval(script), "[30, 10, 20]");
}

#[test]
fn a_result_has_item_value_error_and_duration() {
    let script = r#"
        let results = parallel(["a", "b"], |name| if name == "b" { throw #{ code: 4 } } else { name + "!" });
        let good = results[0];
        let bad = results[-1];
        [good.item, good.ok, good.value, good.error, good.duration < 60.0, bad.ok, bad.value, bad.error.code]
    "#;
    assert_eq!(eval(script), r#"["a", true, "a!", (), true, false, (), 4]"#);
}

#[test]
fn results_are_iterated_in_order() {
    let script = "let seen = []; for r in parallel([1, 2, 3], |n| n) { seen.push(r.value); } seen";
    assert_eq!(eval(script), "[1, 2, 3]");
}

/// Prints wait here until so many have come, and it remembers how many were here at once.
#[derive(Default)]
struct MeetingPlace {
    expected: usize,
    present: Mutex<(usize, usize)>,
    arrived: Condvar,
}

impl Console for MeetingPlace {
    fn print(&self, _text: &str) -> std::io::Result<()> {
        let mut present = self.present.lock().unwrap();
        present.0 += 1;
        present.1 = present.1.max(present.0);
        self.arrived.notify_all();
        let deadline = Duration::from_secs(30);
        let (mut present, wait) =
            self.arrived.wait_timeout_while(present, deadline, |present| present.1 < self.expected).unwrap();
        present.0 -= 1;
        if wait.timed_out() { Err(std::io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    fn eprint(&self, _text: &str) {}
}

fn largest_meeting(expected: usize, script: &str) -> usize {
    let place = Arc::new(MeetingPlace { expected, ..MeetingPlace::default() });
    let host = ScriptHost::builder().console(place.clone()).limit(4).build();
    Folder::with(&[]).run_with(&host, script).unwrap();
    place.present.lock().unwrap().1
}

#[test]
fn as_many_run_at_once_as_the_limit_says() {
    let items = "let items = []; for n in 0..200 { items.push(n); }";
    assert_eq!(largest_meeting(4, &format!("{items} parallel(items, |n| print(n)).raise()")), 4);
    assert_eq!(
        largest_meeting(7, &format!("{items} parallel(items, |n| print(n), #{{ limit: 7 }}).raise()")),
        7
    );
    assert_eq!(
        largest_meeting(1, &format!("{items} parallel(items, |n| print(n), #{{ limit: 1 }}).raise()")),
        1
    );
}

#[test]
fn a_thousand_trivial_items_are_done() {
    let script = "let items = []; for n in 0..1000 { items.push(n); }
        let values = parallel(items, |n| n * 2).values; [values.len, values[999]]";
    assert_eq!(eval(script), "[1000, 1998]");
}

#[test]
fn captured_variables_are_copied_for_each_item() {
    let script = "
        let n = 0;
        let list = [1];
        let map = #{ inner: #{ x: 1 } };
        let results = parallel([1, 2, 3, 4, 5, 6, 7, 8], |x| {
            for i in 0..200 { n += 1; list.push(i); map.inner.x += 1; }
            [n, list.len, map.inner.x]
        });
        [results.raise().values.filter(|v| v == [200, 201, 201]).len, n, list, map.inner.x]";
    assert_eq!(eval(script), "[8, 0, [1], 1]");
}

#[test]
fn variables_that_two_captured_closures_share_stay_one_variable() {
    let script = "
        let count = 0;
        let bump = || { count += 1; };
        let read = || count;
        let values = parallel([1, 2, 3], |x| { bump.call(); bump.call(); read.call() }).values;
        [values, count]";
    assert_eq!(eval(script), "[[2, 2, 2], 0]");
}

#[test]
fn what_contains_itself_can_be_copied() {
    let script = "
        let f = ();
        f = |n| if n == 0 { 0 } else { f };
        let list = [];
        let length = || list.len;
        list = [length, length];
        parallel([3, 4], |n| { f.call(0) + n + list.len }).values";
    assert_eq!(eval(script), "[5, 6]");
}

#[test]
fn variables_captured_by_a_closure_that_crossed_a_module_are_copied_too() {
    let folder = Folder::with(&[("m.rhai", "fn many(items, f) { parallel(items, f).raise().values }")]);
    let script = r#"import "m" as m; let n = 0;
        [m::many([1, 2, 3, 4, 5, 6, 7, 8], |x| { for i in 0..500 { n += 1; } n }), n]"#;
    assert_eq!(folder.eval(script), "[[500, 500, 500, 500, 500, 500, 500, 500], 0]");
}

#[test]
fn functions_modules_and_constants_are_seen_inside() {
    let folder = Folder::with(&[(
        "m.rhai",
        "const K = 5; fn work(x) { x * global::K } fn make() { |x| work(x) + 1 }",
    )]);
    let script = r#"
        import "m" as m;
        const G = 9;
        fn double(x) { x * 2 + global::G }
        let made = m::make();
        [
            parallel([1, 2], |x| double(x)).values,
            parallel([1, 2], double).values,
            parallel([1, 2], Fn("double")).values,
            parallel([1, 2], |x| m::work(x)).values,
            parallel([1, 2], made).values,
        ]"#;
    assert_eq!(folder.eval(script), "[[11, 13], [11, 13], [11, 13], [5, 10], [6, 11]]");
}

#[test]
fn parallel_nests() {
    let script = "parallel([1, 2, 3], |x| parallel([10, 20], |y| x * y).values).values";
    assert_eq!(eval(script), "[[10, 20], [20, 40], [30, 60]]");
}

#[test]
fn a_module_that_imports_itself_by_way_of_parallel_is_a_cycle() {
    let folder = Folder::with(&[(
        "a.rhai",
        r#"let r = parallel([1], |x| { import "a" as a; a::f() }).raise(); fn f() { 1 }"#,
    )]);
    let script = r#"let problem = attempt(|| { import "a" as a; a::f() }).error; problem.message"#;
    assert!(folder.eval(script).contains("import cycle"), "{}", folder.eval(script));
}

#[test]
fn fail_fast_gives_up_the_rest() {
    let script = "
        let results = parallel([0, 60, 60, 60], |s| { if s == 0 { throw \"first\" } sleep(s); }, #{ fail_fast: true, limit: 2 });
        [results.failed.len, results[0].error, results[1].error.kind, results[3].error.kind]";
    assert_eq!(eval(script), r#"[4, "first", "cancelled", "cancelled"]"#);
}

#[test]
fn a_time_limit_is_for_each_item() {
    let script = "
        let results = parallel([0, 60], |s| { sleep(s); s }, #{ timeout: 0.05 });
        [results[0].value, results[1].error.kind]";
    assert_eq!(eval(script), r#"[0, "timeout"]"#);
}

#[test]
fn a_deadline_is_for_all() {
    let script = "
        let results = parallel([0, 60, 60], |s| { sleep(s); s }, #{ deadline: 0.1, limit: 1 });
        [results[0].value, results[1].error.kind, results[2].error.kind, results[2].duration]";
    assert_eq!(eval(script), r#"[0, "timeout", "timeout", 0.0]"#);
}

#[test]
fn a_time_limit_ends_a_loop_that_waits_for_nothing() {
    let script = "parallel([1], |x| { loop { } }, #{ timeout: 0.05 })[0].error.kind";
    assert_eq!(eval(script), r#""timeout""#);
}

#[test]
fn cancelling_the_script_ends_all_items() {
    let token = CancellationToken::new();
    let console = TestConsole::default();
    let host = ScriptHost::builder().cancellation(token.clone()).console(Arc::new(console.clone())).build();
    let script =
        "try { parallel([1, 2], |x| { print(`began ${x}`); sleep(600); }); } catch { print(\"caught\"); }";
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let run = tokio::spawn(async move { host.run_source("x", script).await });
        while console.stdout().lines().count() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        token.cancel();
        let end = tokio::time::timeout(Duration::from_secs(30), run).await.unwrap().unwrap();
        assert!(end.is_err(), "a cancelled script has no good end");
        assert!(!console.stdout().contains("caught"));
    });
}

#[test]
fn exit_in_an_item_ends_the_script() {
    let end = Folder::with(&[])
        .run("parallel([1, 60], |s| { if s == 1 { exit(7) } sleep(s) }); throw \"not here\"")
        .unwrap();
    assert_eq!(end.exit_code, 7);
}

#[test]
fn raise_throws_one_error_for_all_that_failed() {
    let script = r#"
        let results = parallel([1, 2, 3, 4, 5], |n| if n > 1 { throw `no ${n}` } else { n });
        let error = attempt(|| results.raise()).error;
        [error.kind, error.message]"#;
    assert_eq!(eval(script), r#"["failed", "4 of 5 failed: 2: no 2; 3: no 3; 4: no 4; and 1 more"]"#);
}

#[test]
fn failures_that_nobody_looked_at_are_shown_and_the_exit_code_is_3() {
    for (script, code) in [
        (r#"parallel(["web1", "web2"], |name| if name == "web2" { throw "refused" });"#, 3),
        (
            r#"let names = parallel(["web1", "web2"], |name| if name == "web2" { throw "refused" }).values;"#,
            3,
        ),
        (r#"parallel(["web1", "web2"], |name| if name == "web2" { throw "refused" }).failed"#, 0),
        (r#"for result in parallel(["web2"], |name| throw "refused") { }"#, 0),
        (r#"parallel(["web2"], |name| throw "refused"); exit(5)"#, 5),
    ] {
        let console = TestConsole::default();
        let end = Folder::with(&[]).run_with(&console.host(), script).unwrap();
        assert_eq!(end.exit_code, code, "{script}");
        assert_eq!(console.stderr().contains("web2: refused"), code != 0, "{script}: {}", console.stderr());
    }
}

#[test]
fn results_print_as_a_table_and_as_groups() {
    let console = TestConsole::default();
    let script = r#"
        let results = parallel(["web1", "web2", "db"], |name| if name == "db" { throw "down" } else { "up 3 days" });
        print(results.grouped());
        print(results.table().split("\n").len);
    "#;
    Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(console.stdout(), "web1, web2 (2):\nup 3 days\n\ndb (1) failed:\ndown\n4\n");
}

#[test]
fn an_unknown_option_is_refused() {
    let script = "attempt(|| parallel([1], |x| x, #{ limt: 2 })).error.message";
    assert!(eval(script).contains("unknown option `limt`"));
    assert!(eval("attempt(|| parallel([1], |x| x, #{ limit: 0 })).error.message").contains("limit of 0"));
}
