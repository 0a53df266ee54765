//! Processes: signals, input, ends, and what is left when the script is over.

use crate::{
    folder::{Folder, TestConsole},
    run::{error_of, eval, printed},
};
use rexec::ScriptHost;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[test]
fn signals_go_by_name_and_by_number_to_the_whole_group() {
    let script = r#"
        let ends = [];
        for signal in ["USR1", "SIGUSR2", "hup", 15, 9] {
            let process = local().spawn($sh`sleep 60 & sleep 60; wait`);
            process.signal(signal);
            ends.push(process.wait().signal);
        }
        ends
    "#;
    assert_eq!(eval(script), r#"["USR1", "USR2", "HUP", "TERM", "KILL"]"#);
}

#[test]
fn an_unknown_signal_is_refused_with_the_nearest_name() {
    let error = error_of("let p = local().spawn($`sleep 60`);\np.signal(\"TREM\");");
    assert_eq!((error.kind.as_str(), error.hint.as_deref()), ("invalid", Some("did you mean \"TERM\"?")));
    assert_eq!(crate::run::place_of(&error), "2:3");
    let error = error_of("local().spawn($`sleep 60`).signal(99)");
    assert!(error.message.contains("no signal 99"), "{error}");
    let error = error_of("local().spawn($`sleep 60`).signal(#{})");
    assert!(error.message.contains("not a map"), "{error}");
}

#[test]
fn stop_says_what_it_took() {
    let script = r#"
        let polite = local().spawn($`sleep 60`);
        let ended = local().spawn($`true`);
        ended.wait();
        let stubborn = local().spawn($sh`trap '' TERM; echo ready; while :; do sleep 0.05; done`);
        stubborn.expect("ready", 10);
        [polite.stop(5), ended.stop(5), stubborn.stop("100ms"), stubborn.stop, stubborn.wait().signal]
    "#;
    assert_eq!(eval(script), r#"["terminated", "already_ended", "killed", "already_ended", "KILL"]"#);
}

#[test]
fn wait_gives_the_output_as_often_as_it_is_asked() {
    let script = r#"
        let process = local().spawn($sh`echo out; echo err >&2; exit 3`);
        let first = process.wait();
        let second = process.wait(1);
        [first.code, first.stdout, first.stderr, second.code, second.text, process.running]
    "#;
    assert_eq!(eval(script), r#"[3, "out\n", "err\n", 3, "out", false]"#);
}

#[test]
fn wait_with_a_limit_loses_nothing_of_the_output() {
    let script = r#"
        let process = local().spawn($sh`echo early; sleep 0.3; echo late; sleep 0.2`);
        let none = process.wait(0.1);
        let line = process.expect("early", 10);
        let lines = [];
        for line in process.lines() { lines.push(line); }
        [none == (), line.text, lines, process.wait().lines]
    "#;
    assert_eq!(eval(script), r#"[true, "early", ["late"], ["early", "late"]]"#);
}

#[test]
fn a_process_that_passed_its_limit_throws_from_wait() {
    let error = error_of("local().spawn($`sleep 60`.timeout(0.05)).wait()");
    assert_eq!(error.kind, "timeout");
}

#[test]
fn input_is_open_until_it_is_closed_or_waited() {
    let script = r#"
        let upper = local().spawn($`tr a-z A-Z`);
        upper.write("one\n");
        upper.write_line("two");
        let output = upper.wait().lines;
        let count = local().spawn($`wc -c`);
        count.write(blob(1000, 120));
        count.close_stdin();
        output + [count.expect("\\d+", 10).text]
    "#;
    assert_eq!(eval(script), r#"["ONE", "TWO", "1000"]"#);
}

#[test]
fn more_input_than_all_buffers_hold_does_not_deadlock_with_the_output() {
    let script = r#"
        let process = local().spawn($`cat`.output_limit(100000000));
        let megabyte = blob(1000000, 120);
        for i in 0..20 { process.write(megabyte); }
        process.wait().bytes.len()
    "#;
    assert_eq!(eval(script), "20000000");
}

#[test]
fn input_that_was_given_or_closed_can_not_be_written_to() {
    for script in [
        "local().spawn($`cat`.stdin(\"x\")).write(\"y\")",
        "let p = local().spawn($`cat`); p.close_stdin(); p.write(\"y\")",
        "let p = local().spawn($`cat`); p.wait(); p.write(\"y\")",
    ] {
        let error = error_of(script);
        assert!(error.message.contains("input can't be written to"), "{script}: {error}");
    }
}

#[test]
fn a_pipeline_is_a_process_too() {
    let script = r#"
        let output = local().spawn($`printf 'b\na\n' | sort | cat`).wait();
        [output.text, output.stages.map(|stage| stage.code)]
    "#;
    assert_eq!(eval(script), r#"["a\nb", [0, 0, 0]]"#);
}

#[test]
fn expect_gives_the_match_and_leaves_what_comes_after() {
    let script = r#"
        let process = local().spawn($sh`echo starting; echo "port 80 ok"; echo next; echo end >&2`);
        let found = process.expect("port (?<port>\\d+) (x)?", 10);
        let next = process.expect("^next$", 10);
        let end = process.expect("end", 10);
        [found.text, found.groups, found.port, found.line, found == "port 80 ", next.text, end.text]
    "#;
    let expected = r#"["port 80 ", ["port 80 ", "80", ()], "80", "port 80 ok", true, "next", "end"]"#;
    assert_eq!(eval(script), expected);
}

#[test]
fn expect_says_what_was_written_instead() {
    let error = error_of("local().spawn($sh`echo booting; echo waiting; sleep 60`).expect(\"ready\", 0.2)");
    assert_eq!(error.kind, "timeout");
    assert!(error.message.contains("`ready`"), "{error}");
    let error = error.error.unwrap();
    assert_eq!(error.tail().unwrap(), "booting\nwaiting");
    let error = error_of("local().spawn($sh`echo bye; exit 3`).expect(\"ready\", 10)");
    assert_eq!(error.kind, "command");
    assert!(error.message.contains("exit code 3") && error.message.contains("`ready`"), "{error}");
    assert_eq!(error.error.unwrap().tail().unwrap(), "bye");
    let error = error_of("local().spawn($`sleep 60`).expect(\"(\", 1)");
    assert!(error.message.contains("no regular expression"), "{error}");
}

#[test]
fn a_spawned_command_that_does_not_exist_throws_at_once() {
    let error = error_of("\n  local().spawn($`no-such-program --x`)");
    assert_eq!(error.kind, "not_found");
    assert!(error.message.contains("no-such-program"), "{error}");
    assert_eq!(crate::run::place_of(&error), "2:11");
}

/// A sleep that no other test starts.
fn unique_sleep() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("60.{}{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether a process with this among its arguments runs.
fn runs(argument: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.into_iter().any(|entry| {
        let text = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        text.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    })
}

fn gone_within_a_second(argument: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    while runs(argument) {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn the_end_of_a_script_ends_what_it_started_however_it_ends() {
    for rest in ["", "throw \"x\";", "exit(3);", "local().run($`false`);"] {
        let sleep = unique_sleep();
        let script = format!(
            "let p = local().spawn($`sleep {sleep}`); local().spawn($sh`sleep {sleep} & wait`);\n{rest}"
        );
        let _ = Folder::with(&[]).run(&script);
        assert!(!runs(&sleep), "after {rest:?}");
    }
}

#[test]
fn a_process_at_the_end_is_asked_before_it_is_killed() {
    let console = TestConsole::default();
    let folder = Folder::with(&[]);
    let path = folder.path().join("said");
    let script = format!(
        "let p = local().spawn($sh`trap 'echo bye > {}; exit' TERM; echo ready; while :; do sleep 0.02; done`);
        p.expect(\"ready\", 10);",
        path.display()
    );
    folder.run_with(&console.host(), &script).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "bye\n");
}

/// Runs a script that is cancelled once it has printed `ready`.
fn cancelled(script: &str) -> rexec::ScriptError {
    let token = CancellationToken::new();
    let console = CancelsWhenReady(token.clone());
    let host = ScriptHost::builder().console(std::sync::Arc::new(console)).cancellation(token).build();
    let started = Instant::now();
    let error = Folder::with(&[]).run_with(&host, script).expect_err("it was cancelled");
    assert!(started.elapsed() < Duration::from_secs(20), "{script}");
    error
}

struct CancelsWhenReady(CancellationToken);

impl rexec::script::Console for CancelsWhenReady {
    fn print(&self, text: &str) -> std::io::Result<()> {
        assert_eq!(text, "ready", "nothing is printed after the cancellation");
        self.0.cancel();
        Ok(())
    }

    fn eprint(&self, _: &str) {}
}

#[test]
fn a_cancelled_script_ends_in_whatever_it_does_and_leaves_nothing() {
    for what in [
        "loop { }",
        "loop { try { sleep(60); } catch { } }",
        "sleep(60);",
        "local().run($`sleep SLEEP`);",
        "local().run($sh`sleep SLEEP & sleep SLEEP; true`);",
        "local().spawn($`sleep SLEEP`).wait();",
        "for event in local().spawn($`sleep SLEEP`) { }",
        "local().spawn($`sleep SLEEP`).expect(\"x\", 60);",
        "react([local().spawn($`sleep SLEEP`)], |event| ());",
        "let p = local().spawn($`sleep SLEEP`); p.on(\"started\", |event| sleep(60)); p.wait();",
        "every(0.001, || loop { }); sleep(60);",
        "local().run($`sleep SLEEP` | $`cat`);",
        "local().run($`false`.or_else($`sleep SLEEP`));",
        "let a = []; for i in 0..10000 { a.push(i); } loop { a.map(|x| x + 1); }",
    ] {
        let sleep = unique_sleep();
        let script = format!(
            "let other = local().spawn($`sleep {sleep}`); print(\"ready\"); {}",
            what.replace("SLEEP", &sleep)
        );
        let error = cancelled(&script);
        assert!(error.is_cancelled(), "{what}: {error:?}");
        assert!(gone_within_a_second(&sleep), "{what}");
    }
}

#[test]
fn what_was_deferred_runs_when_a_script_is_cancelled() {
    let folder = Folder::with(&[]);
    let path = folder.path().join("deferred");
    let script = format!("defer(|| local().run($`touch {}`)); print(\"ready\"); sleep(60);", path.display());
    let error = cancelled(&script);
    assert!(error.is_cancelled() && path.exists(), "{error:?}");
}

#[test]
fn a_dry_run_starts_nothing_and_says_what_it_would() {
    let console = TestConsole::default();
    let host = ScriptHost::builder().console(std::sync::Arc::new(console.clone())).dry_run(true).build();
    let folder = Folder::with(&[]);
    let script = r#"
        let output = local().run($`touch never`);
        let process = local().spawn($`touch never`);
        print(output.dry);
        print(process.wait().code);
        print(local().text($`echo read`.reads()));
    "#;
    folder.run_with(&host, script).unwrap();
    assert_eq!(console.stdout(), "true\n0\nread\n");
    assert_eq!(console.stderr(), "would run on local: touch never\nwould run on local: touch never\n");
}

#[test]
fn pairs_of_the_same_process_are_equal() {
    let script = r#"
        let p = local().spawn($`true`); let q = local().spawn($`true`);
        print([p == p, p == q, p != q, p.host == local(), p.command == $`true`]);
    "#;
    assert_eq!(printed(script), ["[true, false, true, true, true]"]);
}
