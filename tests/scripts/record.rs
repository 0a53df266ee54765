//! `--record`: every command, event and result of a run, as JSON lines.

use crate::folder::{Folder, TestConsole};
use rexec::ScriptHost;
use serde_json::Value;
use std::sync::Arc;

/// The record of a script.
fn record_of(host: rexec::ScriptHostBuilder, script: &str) -> Vec<Value> {
    let folder = Folder::with(&[]);
    let file = folder.path().join("record.jsonl");
    let host = host.record(&file).build();
    // How it ends is in the record.
    let _ = folder.run_with(&host, script);
    let text = std::fs::read_to_string(&file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(record: &[Value]) -> Vec<&str> {
    record.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

#[test]
fn a_commands_start_output_and_end_are_recorded() {
    let record = record_of(
        ScriptHost::builder().args(["--x"]),
        "local().run($sh`echo out; echo err >&2; exit 3`.unchecked())",
    );
    assert_eq!(types(&record[..3]), ["begin", "command", "started"]);
    assert_eq!(record[0]["args"][0], "--x");
    assert_eq!((&record[1]["host"], &record[1]["dry"]), (&"local".into(), &false.into()));
    assert!(record[2]["pid"].as_u64().unwrap() > 1);
    let line = |kind: &str| record.iter().find(|line| line["type"] == kind).unwrap();
    assert_eq!(line("stdout")["line"], "out");
    assert_eq!(line("stderr")["line"], "err");
    assert_eq!((&line("result")["code"], &line("result")["success"]), (&3.into(), &false.into()));
    assert_eq!(
        (&record.last().unwrap()["type"], &record.last().unwrap()["exit_code"]),
        (&"end".into(), &0.into())
    );
}

#[test]
fn spawned_processes_parallel_ones_and_pipelines_are_recorded_each_under_a_number() {
    let script = r#"
        let p = local().spawn($`sleep 60`);
        parallel([1, 2, 3], |n| local().text($`echo ${n}`)).raise();
        local().text($`echo a | cat`);
        p.kill();
        p.wait();
    "#;
    let record = record_of(ScriptHost::builder(), script);
    let of_type = |kind: &str| record.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    assert_eq!((of_type("command").len(), of_type("started").len(), of_type("result").len()), (5, 5, 5));
    let mut ids: Vec<_> = of_type("command").iter().map(|line| line["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    let killed: Vec<_> = of_type("result").into_iter().filter(|line| line["signal"] == "KILL").collect();
    assert_eq!(killed.len(), 1);
    assert_eq!(killed[0]["id"], 1);
}

#[test]
fn what_never_ran_and_why_the_script_ended_is_recorded() {
    let record = record_of(ScriptHost::builder(), "local().run($`no-such-program-here`)");
    assert_eq!(types(&record), ["begin", "command", "failed", "end"]);
    assert_eq!(record[2]["kind"], "not_found");
    assert!(record[3]["error"].as_str().unwrap().contains("no-such-program-here"));
    assert_eq!(record[3]["exit_code"], Value::Null);
}

#[test]
fn a_dry_run_records_what_it_would_have_run() {
    let record = record_of(ScriptHost::builder().dry_run(true), "local().run($`touch x`)");
    assert_eq!(types(&record), ["begin", "command", "end"]);
    assert_eq!((&record[1]["command"], &record[1]["dry"]), (&"touch x".into(), &true.into()));
}

#[test]
fn secrets_are_masked_in_the_record() {
    let console = TestConsole::answering(&["hunter2"]);
    let host = ScriptHost::builder().console(Arc::new(console));
    let record =
        record_of(host, r#"let s = secret("REXEC_TEST_TOKEN"); local().run($`echo ${s}`); throw `no ${s}`"#);
    let text = format!("{record:?}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(record.iter().find(|line| line["type"] == "stdout").unwrap()["line"], "***");
}

#[test]
fn a_record_that_cannot_be_made_is_an_error_before_anything_runs() {
    let folder = Folder::with(&[]);
    let host = ScriptHost::builder().record(folder.path().join("no/such/folder/x")).build();
    let console = TestConsole::default();
    let error = folder.run_with(&host, "local().run($`touch ran`)").unwrap_err();
    assert_eq!(error.kind, "not_found");
    assert_eq!(console.stdout(), "");
}
