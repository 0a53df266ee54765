//! `std/rollout`: batches, health checks, rollback, the report and the journal.

use crate::folder::{Folder, TestConsole};
use rexec::ScriptHost;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Hosts, a log of what the hooks did (files are how parallel closures tell), and a rollout.
///
/// `bad` fails its health check in each script below.
const HEAD: &str = r#"
    import "std/rollout" as rollout;
    let folder = local().in_dir(args[0]);
    let note = |what, host| { folder.append("log", `${what} ${host}` + "\n"); };
    let options = #{
        version: "2",
        before: |host| note.call("before", host),
        deploy: |host| note.call("deploy", host),
        healthy: |host| !host.starts_with("bad"),
        rollback: |host| note.call("rollback", host),
        after: |host| note.call("after", host),
        health_timeout: 0.05,
        health_interval: 0.01,
        limit: 1,
    };
"#;

struct Rollout {
    folder: Folder,
    console: TestConsole,
}

impl Rollout {
    fn new() -> Self {
        Self { folder: Folder::with(&[]), console: TestConsole::default() }
    }

    fn host(&self, resume: bool, cancellation: &CancellationToken) -> ScriptHost {
        ScriptHost::builder()
            .args([self.folder.path().display().to_string()])
            .console(Arc::new(self.console.clone()))
            .state_folder(self.folder.path().join("state"))
            .resume(resume)
            .cancellation(cancellation.clone())
            .build()
    }

    fn run(&self, script: &str) -> String {
        self.run_resuming(false, script)
    }

    fn run_resuming(&self, resume: bool, script: &str) -> String {
        let host = self.host(resume, &CancellationToken::new());
        let end = self.folder.run_with(&host, &format!("{HEAD}{script}"));
        format!("{:?}", end.unwrap_or_else(|error| panic!("{error}: {:?}", error.places)).value)
    }

    /// What the hooks did, in order; then forgotten.
    fn log(&self) -> Vec<String> {
        let path = self.folder.path().join("log");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    fn journals(&self) -> usize {
        let folder = self.folder.path().join("state/journals");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

#[test]
fn batch_sizes_are_numbers_or_parts_and_the_last_one_repeats() {
    let sizes = |script: &str| Rollout::new().run(script);
    assert_eq!(sizes(r#"rollout::batches(10, [1, "25%", "100%"])"#), "[1, 2, 7]");
    assert_eq!(sizes(r#"rollout::batches(10, [3])"#), "[3, 3, 3, 1]");
    assert_eq!(sizes(r#"rollout::batches(3, ["10%"])"#), "[1, 1, 1]");
    assert_eq!(sizes(r#"rollout::batches(10, "50%")"#), "[5, 5]");
    assert_eq!(sizes(r#"rollout::batches(0, [1])"#), "[]");
    for wrong in ["0", "-1", "1.5", r#""x""#, r#""%""#, r#""0%x""#, "()", "[]"] {
        let script = format!("attempt(|| rollout::batches(4, {wrong})).error.kind");
        assert_eq!(sizes(&script), r#""invalid""#, "{wrong}");
    }
}

#[test]
fn each_host_goes_through_the_hooks_batch_by_batch() {
    let rollout = Rollout::new();
    let script = r#"options.batches = [1, 2];
        let r = rollout::run(["a", "b", "c"], options);
        [r.ok, r.batches, each(r.hosts, |h| `${h.name} ${h.status} ${h.batch}`), r.failed]"#;
    assert_eq!(rollout.run(script), r#"[true, 2, ["a deployed 1", "b deployed 2", "c deployed 2"], []]"#);
    let expected = [
        "before a", "deploy a", "after a", "before b", "deploy b", "after b", "before c", "deploy c",
        "after c",
    ];
    assert_eq!(rollout.log(), expected);
    assert_eq!(rollout.journals(), 0);
}

#[test]
fn a_failure_stops_it_and_rolls_back_all_that_was_touched_newest_first() {
    let rollout = Rollout::new();
    let script = r#"options.batches = [1, 2, 1];
        let r = rollout::run(["a", "b", "bad", "d"], options);
        [r.ok, each(r.hosts, |h| h.status), r.failed, r.rolled_back, r.hosts[2].error.message]"#;
    assert_eq!(
        rollout.run(script),
        r#"[false, ["rolled back", "rolled back", "rolled back", "not reached"], ["bad"], ["a", "b", "bad"], "not healthy after 0.05 s: the check says no"]"#
    );
    assert_eq!(rollout.log()[8..], ["rollback bad", "rollback b", "rollback a"]);
    assert_eq!(rollout.journals(), 0);
}

#[test]
fn failures_within_the_limit_are_rolled_back_alone() {
    let rollout = Rollout::new();
    let script = r#"options.batches = [2]; options.max_failures = 1;
        let r = rollout::run(["a", "bad", "c"], options);
        [r.ok, each(r.hosts, |h| h.status), r.failed]"#;
    assert_eq!(rollout.run(script), r#"[true, ["deployed", "rolled back", "deployed"], ["bad"]]"#);
    let script = r#"options.batches = [2]; options.max_failures = 1;
        let r = rollout::run(["a", "bad1", "c", "bad2", "e"], options);
        [r.ok, each(r.hosts, |h| h.status), r.failed]"#;
    assert_eq!(
        rollout.run(script),
        r#"[false, ["rolled back", "rolled back", "rolled back", "rolled back", "not reached"], ["bad1", "bad2"]]"#
    );
}

#[test]
fn a_rollback_that_fails_is_told_and_keeps_no_other_from_being_made() {
    let rollout = Rollout::new();
    let script = r#"options.rollback = |host| { if host == "b" { throw "stuck" } note.call("rollback", host) };
        let r = rollout::run(["a", "b", "bad"], options);
        [each(r.hosts, |h| h.status), r.hosts[1].error]"#;
    assert_eq!(rollout.run(script), r#"[["rolled back", "rollback failed", "rolled back"], "stuck"]"#);
}

#[test]
fn without_a_rollback_hook_what_was_deployed_stays() {
    let rollout = Rollout::new();
    let script = r#"options.remove("rollback");
        each(rollout::run(["a", "bad"], options).hosts, |h| h.status)"#;
    assert_eq!(rollout.run(script), r#"["deployed", "failed"]"#);
}

#[test]
fn a_check_that_throws_or_hangs_is_a_check_that_says_no() {
    let rollout = Rollout::new();
    let script = r#"options.healthy = |host| throw "refused";
        rollout::run(["a"], options).hosts[0].error.message"#;
    assert_eq!(rollout.run(script), r#""not healthy after 0.05 s: refused""#);
    let script = r#"options.healthy = |host| sleep(600);
        rollout::run(["a"], options).ok"#;
    assert_eq!(rollout.run(script), "false");
}

#[test]
fn hosts_are_hosts_or_maps_with_a_name() {
    let rollout = Rollout::new();
    let script = r#"
        let names = |hosts| each(rollout::run(hosts, #{ version: 1, deploy: |host| () }).hosts, |h| h.name);
        [names.call([local()]), names.call([#{ name: "n1", port: 80 }, #{ name: "n2" }]),
         attempt(|| names.call([local(), local()])).error.message]"#;
    assert_eq!(rollout.run(script), r#"[["local"], ["n1", "n2"], "rollout: two hosts are called local"]"#);
}

#[test]
fn wrong_options_are_refused_before_anything_is_touched() {
    let rollout = Rollout::new();
    for (change, message) in [
        ("options.helthy = 1", "unknown option `helthy`"),
        ("options.remove(\"version\")", "the option `version` is missing"),
        ("options.batches = [0]", "0 is no size"),
    ] {
        let script = format!("{change}; attempt(|| rollout::run([\"a\"], options)).error.message");
        assert!(rollout.run(&script).contains(message), "{message}: {}", rollout.run(&script));
    }
    assert!(rollout.log().is_empty());
}

#[test]
fn a_rollout_that_was_broken_off_goes_on_where_it_was() {
    let rollout = Rollout::new();
    let script = r#"
        options.batches = [1];
        options.deploy = |host| { if host == "b" && !folder.exists("again") { print("at b"); sleep(600); } note.call("deploy", host) };
        let r = rollout::run(["a", "b", "c"], options);
        each(r.hosts, |h| h.status)"#;
    let token = CancellationToken::new();
    let host = rollout.host(false, &token);
    let name = rollout.folder.path().join("main.rhai").display().to_string();
    let text = format!("{HEAD}{script}");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let run = tokio::spawn(async move { host.run_source(&name, &text).await });
        while !rollout.console.stdout().contains("at b") {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        token.cancel();
        assert!(run.await.unwrap().is_err());
    });
    assert_eq!(rollout.log(), ["before a", "deploy a", "after a", "before b"]);
    assert_eq!(rollout.journals(), 1);

    std::fs::write(rollout.folder.path().join("again"), "").unwrap();
    assert_eq!(rollout.run_resuming(true, script), r#"["deployed before", "deployed", "deployed"]"#);
    assert_eq!(rollout.log(), ["before b", "deploy b", "after b", "before c", "deploy c", "after c"]);
    assert_eq!(rollout.journals(), 0);
}

#[test]
fn a_rollout_that_was_broken_off_begins_anew_unless_it_is_to_be_resumed() {
    let rollout = Rollout::new();
    let broken_off = r#"
        options.batches = [1];
        options.deploy = |host| { if host == "b" { exit(9) } };
        rollout::run(["a", "b"], options)"#;
    let host = rollout.host(false, &CancellationToken::new());
    assert_eq!(rollout.folder.run_with(&host, &format!("{HEAD}{broken_off}")).unwrap().exit_code, 9);
    assert_eq!(rollout.journals(), 1);
    rollout.log();
    assert_eq!(
        rollout.run(r#"each(rollout::run(["a", "b"], options).hosts, |h| h.status)"#),
        r#"["deployed", "deployed"]"#
    );
    assert!(
        rollout.console.stderr().contains("was broken off with 1 hosts done"),
        "{}",
        rollout.console.stderr()
    );
    assert_eq!(rollout.log().len(), 6);
    assert_eq!(rollout.journals(), 0);
}

#[test]
fn a_resumed_rollout_that_fails_rolls_back_what_the_first_run_had_done_too() {
    let rollout = Rollout::new();
    let broken_off = r#"
        options.batches = [1];
        options.deploy = |host| { if host == "bad" && !folder.exists("again") { exit(9) } note.call("deploy", host) };
        each(rollout::run(["a", "bad"], options).hosts, |h| h.status)"#;
    let host = rollout.host(false, &CancellationToken::new());
    assert_eq!(rollout.folder.run_with(&host, &format!("{HEAD}{broken_off}")).unwrap().exit_code, 9);
    std::fs::write(rollout.folder.path().join("again"), "").unwrap();
    rollout.log();
    assert_eq!(rollout.run_resuming(true, broken_off), r#"["rolled back", "rolled back"]"#);
    assert_eq!(rollout.log().last().map(String::as_str), Some("rollback a"));
}
