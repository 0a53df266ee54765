//! The embedded modules, beyond their examples.

use crate::folder::{Folder, TestConsole};

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

#[test]
fn wait_tells_why_it_waited_in_vain() {
    assert_eq!(
        eval(
            r#"import "std/wait" as wait; let e = attempt(|| wait::up_to(0.05, || throw "refused", 0.01)).error; [e.kind, e.message]"#
        ),
        r#"["timeout", "waited 0.05 s in vain: refused"]"#
    );
    assert_eq!(
        eval(r#"import "std/wait" as wait; attempt(|| wait::up_to(0.05, || false, 0.01)).error.message"#),
        r#""waited 0.05 s in vain""#
    );
}

#[test]
fn wait_sees_a_file_that_comes_later() {
    let folder = Folder::with(&[]);
    let script = r#"
        import "std/wait" as wait;
        let host = local().in_dir(args[0]);
        let writer = host.spawn($sh`sleep 0.1; echo > late`);
        [host.exists("late"), wait::file(host, "late", 30)]"#;
    let host = rexec::ScriptHost::builder().args([folder.path().display().to_string()]).build();
    let end = folder.run_with(&host, script).unwrap();
    assert_eq!(format!("{:?}", end.value), "[false, true]");
}

#[test]
fn a_port_is_healthy_while_somebody_listens_on_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(eval(&format!(r#"import "std/health" as health; health::port(local(), {port})"#)), "true");
    drop(listener);
    assert_eq!(eval(&format!(r#"import "std/health" as health; health::port(local(), {port})"#)), "false");
}

#[test]
fn health_names_what_is_not_well() {
    let console = TestConsole::default();
    let script = r#"import "std/health" as health; health::all(#{ disk: || true, web: || throw "down", db: || false })"#;
    let end = Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(end.value.as_bool(), Ok(false));
    assert_eq!(console.stderr(), "warn: db is not well\nwarn: web is not well: down\n");
}

#[test]
fn something_stable_stays_well() {
    let script = r#"import "std/health" as health; let n = 0; [health::stable(0.1, || { n += 1; n < 3 }), health::stable(0.05, || true)]"#;
    assert_eq!(eval(script), "[false, true]");
}

#[test]
fn a_step_tells_of_its_failure_and_throws_it_on() {
    let console = TestConsole::default();
    let script = r#"import "std/log" as steps; attempt(|| steps::step("build", || throw "broken")).error"#;
    let end = Folder::with(&[]).run_with(&console.host(), script).unwrap();
    assert_eq!(end.value.into_string().unwrap(), "broken");
    assert!(
        console.stderr().starts_with("info: build ...\nerror: build: failed after "),
        "{}",
        console.stderr()
    );
}

#[test]
fn assertions_throw_what_did_not_hold() {
    let message =
        |script: &str| eval(&format!(r#"import "std/assert" as assert; attempt(|| {script}).error.message"#));
    assert_eq!(message("assert::equal([1], [2])"), r#""expected [2], and not [1]""#);
    assert_eq!(message("assert::throws(|| 5)"), r#""expected an error, and not 5""#);
    assert_eq!(message("assert::includes([1], 2)"), r#""expected 2 in [1]""#);
    assert_eq!(
        message("assert::throws(|| throw \"x\", \"timeout\")"),
        r#""expected an error of kind timeout, and not thrown: x""#
    );
}

#[test]
fn retrying_stops_for_errors_that_are_none_of_the_connection() {
    let script = r#"import "std/retry" as again; let n = 0;
        let a = attempt(|| again::while_unreachable(30, || { n += 1; throw "other" })); [n, a.error]"#;
    assert_eq!(eval(script), r#"[1, "other"]"#);
}
