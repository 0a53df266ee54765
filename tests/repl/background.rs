//! Processes that run beside the prompt.

use crate::{
    processes::wait_until,
    support::marked::Marker,
    terminal::{PROMPT, State},
};
use nix::sys::{signal::Signal, termios::LocalFlags};
use std::os::unix::process::ExitStatusExt;

#[test]
fn ctrl_c_leaves_alone_what_runs_in_the_background() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    terminal.run(&format!("let p = local().spawn(\"{}\");", marker.sleep()));
    wait_until(|| marker.processes().len() == 1);
    terminal.enter("print(\"now\"); sleep(1000)");
    terminal.expect("\nnow");
    terminal.press("\x03");
    terminal.expect("interrupted");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("p.running"), "true");
}

#[test]
fn leaving_ends_what_was_started_here() {
    for leave in ["\x04", "exit(3)\r"] {
        let state = State::new();
        let marker = Marker::new();
        let mut terminal = state.start();
        terminal.run(&format!("let p = local().spawn(\"{}\");", marker.sleep()));
        wait_until(|| marker.processes().len() == 1);
        terminal.press(leave);
        terminal.wait();
        assert!(marker.processes().is_empty());
    }
}

#[test]
fn a_closed_terminal_ends_everything() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    terminal.run(&format!("let p = local().spawn(\"{}\");", marker.sleep()));
    wait_until(|| marker.processes().len() == 1);
    drop(terminal);
    wait_until(|| marker.processes().is_empty());
}

#[test]
fn handlers_run_while_nobody_runs_anything_and_print_above_the_line() {
    let state = State::new();
    let gate = state.folder().join("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut terminal = state.start();
    terminal.run("let seen = [];");
    terminal.run("let p = local().spawn($`cat gate`);");
    terminal.run("p.on(\"stdout\", |event| { seen.push(event.line); print(`got ${event.line}`) });");
    terminal.press("let typed = 1");
    terminal.expect("let typed = 1");
    std::fs::write(&gate, "one\ntwo\n").unwrap();
    terminal.expect("got one\n");
    terminal.expect("got two\n");
    // What is typed is there again below.
    terminal.expect("rexec> let typed = 1");
    terminal.press("\r");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("[typed, seen]"), "[1, [\"one\", \"two\"]]");
}

#[test]
fn an_error_in_a_handler_is_shown_above_the_line() {
    let state = State::new();
    let gate = state.folder().join("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut terminal = state.start();
    terminal.run("let p = local().spawn($`cat gate`);");
    terminal.run("p.on(\"stdout\", |event| throw \"no luck\");");
    std::fs::write(&gate, "one\n").unwrap();
    terminal.expect("no luck");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("1"), "1");
}

#[test]
fn ctrl_c_ends_a_handler_that_would_not() {
    let state = State::new();
    let gate = state.folder().join("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut terminal = state.start();
    terminal.run("let p = local().spawn($`cat gate`);");
    terminal.run("p.on(\"stdout\", |event| { print(\"now\"); loop {} });");
    std::fs::write(&gate, "one\n").unwrap();
    terminal.expect("now\n");
    // The line that was being typed is there again, and then, below, another one.
    terminal.expect(PROMPT);
    terminal.press("\x03");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("1"), "1");
}

#[test]
fn a_process_shows_what_it_is_and_jobs_shows_those_that_run() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    assert_eq!(terminal.run(":jobs"), "nothing runs");
    let shown = terminal.run(&format!("let p = local().spawn(\"{}\"); p", marker.sleep()));
    let pid = terminal.run("p.pid");
    assert_eq!(shown, format!("process {pid} `{}` on local, running", marker.sleep()));
    assert_eq!(terminal.run(":jobs"), format!("process {pid} `{}` on local", marker.sleep()));
    terminal.run("p.stop(1);");
    assert_eq!(
        terminal.run("p"),
        format!("process {pid} `{}` on local, ended by signal TERM", marker.sleep())
    );
    assert_eq!(terminal.run(":jobs"), "nothing runs");
}

#[test]
fn reset_forgets_everything_and_ends_what_was_started() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    terminal.run("defer(|| print(\"the end\"))");
    terminal.run(&format!("let p = local().spawn(\"{}\");", marker.sleep()));
    wait_until(|| marker.processes().len() == 1);
    assert_eq!(terminal.run(":reset"), "the end");
    assert!(marker.processes().is_empty());
    assert_eq!(terminal.run(":vars"), "nothing yet");
}

#[test]
fn a_signal_ends_everything_and_puts_the_terminal_back() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let state = State::new();
        let marker = Marker::new();
        let mut terminal = state.start_with(&[("NO_COLOR", "1")]);
        terminal.run("defer(|| print(\"the end\"));");
        terminal.run(&format!("let p = local().spawn(\"{}\");", marker.sleep()));
        wait_until(|| marker.processes().len() == 1);
        assert!(!terminal.settings().local_flags.contains(LocalFlags::ICANON));
        terminal.signal(signal);
        terminal.expect("the end");
        assert_eq!(terminal.wait().signal(), Some(signal as i32));
        assert!(terminal.settings().local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO));
        assert!(marker.processes().is_empty());
    }
}
