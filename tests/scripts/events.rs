//! Events: loops, handlers, filters, several processes at once.

use crate::run::{error_of, eval};

#[test]
fn a_loop_gets_each_event_in_order() {
    let script = r#"
        let seen = [];
        for event in local().spawn($sh`echo one; echo two >&2; sleep 0.05; printf three; exit 4`) {
            seen.push(switch event.kind {
                "started" => event.pid > 0,
                "exited" => [event.code, event.signal],
                _ => `${event.kind} ${event.line}`
            });
        }
        seen.len() == 5 && seen[0] == true && "stdout one" in seen && "stderr two" in seen
            && seen[3] == "stdout three" && seen[4] == [4, ()]
    "#;
    assert_eq!(eval(script), "true");
}

#[test]
fn a_second_loop_throws_and_says_why() {
    let script = "let p = local().spawn($`echo a`);\nfor event in p { }\nfor event in p { print(event); }";
    let error = error_of(script);
    assert_eq!(error.kind, "invalid");
    assert!(error.message.contains("`for event in process`") && error.message.contains("once"), "{error}");
    assert_eq!(crate::run::place_of(&error), "3:14");
    let error = error_of("let p = local().spawn($`echo a`); for l in p.lines() { } for e in p { }");
    assert!(error.message.contains("lines()"), "{error}");
}

#[test]
fn what_a_loop_leaves_is_there_for_whoever_reads_next() {
    let script = r#"
        let process = local().spawn($`printf '1\n2\n3\n4\n'`);
        let rest = [];
        process.on("stdout", |event| rest.push(event.line));
        for event in process { if event.line == "2" { break; } }
        let three = process.expect("3", 10).text;
        let output = process.wait();
        [three, rest, output.lines]
    "#;
    assert_eq!(eval(script), r#"["3", ["1", "2", "3", "4"], ["1", "2", "3", "4"]]"#);
}

#[test]
fn lines_of_any_bytes_arrive() {
    let script = r#"
        let seen = [];
        for event in local().spawn($`printf 'caf\303\251\r\n\377\000x\n\nend'`) {
            if event.kind == "stdout" { seen.push([event.line, event.bytes.len(), event.partial]); }
        }
        seen
    "#;
    let expected =
        "[[\"café\", 6, false], [\"\u{fffd}\\0x\", 3, false], [\"\", 0, false], [\"end\", 3, false]]";
    assert_eq!(eval(script), expected);
}

#[test]
fn handlers_run_in_order_while_the_script_waits_in_whatever_call() {
    for wait in [
        "process.wait();",
        "sleep(0.5);",
        "local().run($`sleep 0.5`);",
        "local().spawn($`sleep 0.5`).wait();",
        "for event in process { }",
        "for event in local().spawn($`sleep 0.5`) { }",
        "process.expect(\"end\", 10); process.wait();",
        "react([process], |event| ());",
        "for event in select([process]) { }",
        "process.stop(10);",
        "while process.running { sleep(0.02); } sleep(0.05);",
    ] {
        let script = format!(
            r#"
            let seen = [];
            let process = local().spawn($sh`echo a; echo b >&2; sleep 0.05; echo c; sleep 0.05; echo end`);
            process.on("started", |event| seen.push("started"))
                .on("stdout", |event| seen.push(event.line))
                .on("output", |event| seen.push(`+${{event.line}}`))
                .on("stderr", |event| seen.push(`err ${{event.line}}`))
                .on("exited", |event| seen.push("exited"));
            {wait}
            let stdout = seen.filter(|text| text in ["started", "a", "c", "end", "exited"]);
            [stdout, seen.index_of("+a") == seen.index_of("a") + 1, seen.len()]
            "#
        );
        let script = if wait.contains("stop") {
            script
                .replace("sleep 0.05; echo c; sleep 0.05; echo end`", "echo c; echo end; sleep 5`")
                .replace(wait, &format!("sleep(0.3); {wait}"))
        } else {
            script
        };
        assert_eq!(eval(&script), r#"[["started", "a", "c", "end", "exited"], true, 10]"#, "{wait}");
    }
}

#[test]
fn a_handler_may_do_things_to_captured_processes_and_to_its_own() {
    let script = r#"
        let p = local().spawn($sh`echo go; sleep 60`);
        let q = local().spawn($`sleep 60`);
        let seen = [];
        p.on("stdout", |event| { seen.push(event.line); q.terminate(); this.kill(); });
        let ends = [p.wait().signal, q.wait().signal];
        seen + ends
    "#;
    assert_eq!(eval(script), r#"["go", "KILL", "TERM"]"#);
}

#[test]
fn a_handler_that_waits_does_not_run_twice_at_once() {
    let script = r#"
        let seen = [];
        let process = local().spawn($`printf '1\n2\n3\n'`);
        process.on("stdout", |event| {
            seen.push(`begin ${event.line}`);
            local().run($`sleep 0.02`);
            if event.line == "2" { seen.push(this.wait().code); }
            seen.push(`end ${event.line}`);
        });
        process.wait();
        seen
    "#;
    let expected = r#"["begin 1", "end 1", "begin 2", 0, "end 2", "begin 3", "end 3"]"#;
    assert_eq!(eval(script), expected);
}

#[test]
fn an_error_in_a_handler_is_thrown_where_the_script_waits() {
    for wait in ["process.wait();", "sleep(5);", "for event in process { }", "for event in process { 1; }"] {
        let script = format!(
            "let process = local().spawn($`echo a`);\nprocess.on(\"stdout\", |event| throw \"oops\");\n{wait}\nsleep(0); print(\"not reached\");"
        );
        let error = error_of(&script);
        assert_eq!((error.kind.as_str(), error.message.as_str()), ("thrown", "oops"), "{wait}");
        assert_eq!(error.places.first().map(|place| place.line), Some(2), "{wait}: {error:?}");
    }
    let script = r#"
        let process = local().spawn($`printf '1\n2\n'`);
        let seen = [];
        process.on("stdout", |event| if event.line == "1" { throw "oops" } else { seen.push(event.line) });
        let caught = "";
        try { process.wait(); } catch (error) { caught = error; }
        process.wait();
        [caught, seen]
    "#;
    assert_eq!(eval(script), r#"["oops", ["2"]]"#);
}

#[test]
fn a_kind_that_is_none_is_refused_with_the_nearest() {
    let error = error_of("local().spawn($`true`).on(\"stduot\", |event| ())");
    assert!(error.message.contains("did you mean \"stdout\"?"), "{error}");
    let error = error_of("local().spawn($`true`).on(\"whatever\", |event| ())");
    assert!(error.message.contains("\"exited\""), "{error}");
}

#[test]
fn filters_drop_and_rewrite_what_handlers_and_loops_see() {
    let script = r#"
        let handled = [];
        let looped = [];
        let process = local().spawn($`printf 'a 1\nb 2\na 3\n'`)
            .grep("^a")
            .filter(|line| if line == "a 3" { line.to_upper() } else { true })
            .filter(|line| line != "nothing");
        process.on("stdout", |event| handled.push(event.line));
        for event in process { if event.kind == "stdout" { looped.push(event.line); } }
        [handled, looped, process.wait().lines]
    "#;
    assert_eq!(eval(script), r#"[["a 1", "A 3"], ["a 1", "A 3"], ["a 1", "b 2", "a 3"]]"#);
    let error = error_of("for e in local().spawn($`echo a`).filter(|line| 5) { }\nsleep(0);");
    assert!(error.message.contains("filter") && error.message.contains("not 5"), "{error}");
}

#[test]
fn react_ends_with_stop_and_goes_on_where_it_stopped() {
    let script = r#"
        let a = local().spawn($`printf 'a1\na2\na3\n'`);
        let seen = [];
        react([a], |event| {
            if event.kind != "stdout" { return; }
            seen.push(event.line);
            if event.line == "a2" { stop() }
        });
        seen.push("|");
        react([a], |event| if event.kind == "stdout" { seen.push(`${event.line} ${this == a}`) });
        seen
    "#;
    assert_eq!(eval(script), r#"["a1", "a2", "|", "a3 true"]"#);
}

#[test]
fn select_merges_the_events_of_several() {
    let script = r#"
        let fast = local().spawn($sh`for i in 1 2 3; do echo $i; sleep 0.02; done`);
        let slow = local().spawn($sh`sleep 0.5; echo late`);
        let lines = [];
        for event in select([slow, fast]) {
            if event.kind == "stdout" { lines.push(event.line); }
            if event.kind == "exited" { lines.push(event.process == fast); }
        }
        lines
    "#;
    assert_eq!(eval(script), r#"["1", "2", "3", true, "late", false]"#);
    let error = error_of("select([1])");
    assert!(error.message.contains("array of processes"), "{error}");
}

#[test]
fn every_runs_until_it_is_stopped() {
    let script = r#"
        let ticks = 0;
        let timer = every(0.01, || ticks += 1);
        while ticks < 3 { sleep(0.01); }
        timer.stop();
        let then = ticks;
        sleep(0.1);
        then == ticks
    "#;
    assert_eq!(eval(script), "true");
}

#[test]
fn a_slow_reader_slows_the_command_and_loses_nothing() {
    let script = r#"
        let count = 0;
        let last = "";
        for event in local().spawn($`seq 1 300000`) {
            if event.kind == "stdout" {
                count += 1;
                last = event;
                if count % 100000 == 0 { sleep(0.05); }
            }
        }
        [count, last.line]
    "#;
    assert_eq!(eval(script), r#"[300000, "300000"]"#);
}
