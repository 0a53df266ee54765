//! `host.manage(...)`: services that a script keeps running.

use crate::{
    folder::{Folder, TestConsole},
    support::marked::Marker,
};
use rexec::ScriptHost;
use std::sync::Arc;

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

fn problem(script: &str) -> String {
    Folder::with(&[]).run(script).unwrap_err().to_string()
}

#[test]
fn a_service_ends_with_the_script_that_started_it() {
    let marker = Marker::new();
    let folder = Folder::with(&[]);
    let script = format!(
        r#"
        let service = local().in_dir({:?}).manage("service",
            $sh`trap 'echo asked > asked; exit 0' TERM; setsid {sleep} & echo up; while :; do sleep 0.02; done`,
            #{{ ready: "up", pid_file: "service.pid" }});
        service.start();
        service.wait_ready(10);
        service.pid
        "#,
        folder.path(),
        sleep = marker.sleep()
    );
    assert!(folder.eval(&script).parse::<u32>().is_ok());
    assert!(marker.processes().is_empty());
    assert!(folder.path().join("asked").exists(), "it was asked before it was killed");
    assert!(!folder.path().join("service.pid").exists());
}

#[test]
fn an_error_in_the_script_ends_it_too() {
    let marker = Marker::new();
    let script = format!(
        r#"let service = local().manage("service", $sh`{0} & {0}`); service.start(); throw "no luck""#,
        marker.sleep()
    );
    assert!(problem(&script).contains("no luck"));
    assert!(marker.processes().is_empty());
}

#[test]
fn a_crash_is_followed_by_a_restart() {
    let script = r#"
        let folder = local().temp_dir();
        let service = local().in_dir(folder).manage("service",
            $sh`echo run >> runs; test $(wc -l < runs) -gt 1 || exit 7; echo up; exec sleep 60`,
            #{ backoff: #{ initial: 0.02, jitter: 0 }, max_restarts: 3, restart_window: "1m" });
        service.start();
        let told = [];
        for event in service.follow() {
            switch event.kind {
                "exited" => told.push(event.code),
                "restarted" => told.push([event.count, event.after]),
                "stdout" => { told.push(event.line); break; }
            }
        }
        told.push(service.restarts);
        told
    "#;
    assert_eq!(eval(script), r#"[7, [1, 0.02], "up", 1]"#);
}

#[test]
fn a_service_that_keeps_failing_says_why() {
    let script = r#"
        let service = local().manage("service", $sh`echo why >&2; exit 3`, #{ max_restarts: 1, backoff: 0.01 });
        service.start();
        for event in service.follow() {}
        let status = service.status;
        [status.state, status.code, status.pid, status.error.message, status.error.stderr]
    "#;
    let expected = [
        r#""failed""#,
        "3",
        "()",
        r#""`service` was given up after 1 restarts within 60s: ended with exit code 3: `sh -c 'echo why >&2; exit 3'` on local""#,
        r#""why\n""#,
    ];
    assert_eq!(eval(script), format!("[{}]", expected.join(", ")));
}

#[test]
fn readiness_is_a_pattern_a_port_a_file_or_a_command() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let script = r#"
        let folder = local().temp_dir();
        let host = local().in_dir(folder);
        let ready = [
            "listening on \\d+", #{ line: "^listening" }, PORT, #{ port: "127.0.0.1:PORT" },
            #{ file: "flag" }, $`test -e ${folder + "/flag"}`, #{ command: ["test", "-e", folder + "/flag"] },
        ];
        ready.map(|ready| {
            let service = host.manage("service", $sh`echo listening on 80; echo > flag; exec sleep 60`, #{ ready });
            service.start();
            service.wait_ready(10);
            service.stop()
        })
    "#;
    let script = script.replace("PORT", &listener.local_addr().unwrap().port().to_string());
    let script = script.replace("#{ ready }", "#{ ready: ready }");
    assert_eq!(eval(&script), format!("[{}]", [r#""terminated""#; 7].join(", ")));
}

#[test]
fn waiting_for_readiness_has_a_limit_of_its_own() {
    let script = r#"
        let service = local().manage("service", $sh`echo loading; exec sleep 60`, #{ ready: "never" });
        service.start();
        try { service.wait_ready(0.2); } catch (error) {
            return [error.kind, error.stdout, service.status.state];
        }
    "#;
    assert_eq!(eval(script), r#"["timeout", "loading\n", "starting"]"#);
}

#[test]
fn a_service_works_on_a_mock() {
    let script = r#"
        let host = mock(#{ "serve *": #{ stdout: "up\n", forever: true }, "check": [#{ code: 1 }, ""] });
        let service = host.manage("web", "serve --port 80", #{ ready: cmd("check") });
        service.start();
        service.wait_ready(10);
        [service.logs(), service.stop(), host.calls.map(|command| command.to_string())]
    "#;
    assert_eq!(eval(script), r#"[["up"], "terminated", ["serve --port 80", "check", "check"]]"#);
}

#[test]
fn options_that_make_no_sense_are_refused_and_nothing_runs() {
    for (options, expected) in [
        ("restart: \"sometimes\"", "unknown restart policy `sometimes`"),
        ("redy: 80", "unknown option `redy`"),
        ("redy: 80", "`ready`"),
        ("ready: 99999", "`99999` is no port"),
        ("ready: #{ lines: \"x\" }", "unknown `ready.lines`"),
        ("ready: #{ line: 3 }", "expected a text for `ready.line`, and not 3"),
        ("ready: #{}", "`ready` is one of"),
        ("ready: \"(\"", "`(` is no regular expression"),
        ("stop_signal: \"TREM\"", "unknown signal `TREM`"),
        ("watch: [3]", "`watch` takes a path or an array of paths, and not 3"),
        ("backoff: #{ start: 1 }", "unknown option `start`"),
    ] {
        let problem =
            problem(&format!("let host = mock(#{{}}); host.manage(\"x\", $`serve`, #{{ {options} }})"));
        assert!(problem.contains(expected), "{options}: {problem}");
    }
    assert!(problem("local().manage(\"x\", $`a | b`)").contains("can't be managed"));
}

#[test]
fn a_dry_run_says_what_it_would_run_and_starts_nothing() {
    let marker = Marker::new();
    let console = TestConsole::default();
    let host = ScriptHost::builder().dry_run(true).console(Arc::new(console.clone())).build();
    let script = format!(
        r#"let service = local().manage("service", $`{}`, #{{ ready: "up" }});
        service.start(); service.wait_ready(1); service.reload(); service.stop();"#,
        marker.sleep()
    );
    Folder::with(&[]).run_with(&host, &script).unwrap();
    assert!(console.stderr().contains(&format!("would run on local: {}", marker.sleep())));
    assert!(marker.processes().is_empty());
}

#[test]
fn a_time_limit_for_commands_is_none_for_a_service() {
    let script = r#"
        let service = local().with_timeout(0.1).manage("service", $sh`sleep 0.3; echo up; exec sleep 60`,
            #{ ready: "up" });
        service.start();
        service.wait_ready(10);
        service.restarts
    "#;
    assert_eq!(eval(script), "0");
}
