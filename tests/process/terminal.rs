//! A command that reads from our own terminal.

use crate::{executor, support::alone::itself};
use rexec::{Command, EventStream, ExitStatus, Process, StdinSource};

const INSIDE: &str = "REXEC_TEST_INSIDE";

/// What runs in the terminal: this program, which runs a command that reads, and then reads itself.
#[tokio::test]
async fn inside() {
    let Some(script) = std::env::var_os(INSIDE) else { return };
    let output = executor().output(Command::shell(script).stdin(StdinSource::Inherit)).await.unwrap();
    println!("it said: {} ({})", output.text(), output.status);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("we read: {line}");
}

fn in_terminal(script: &str) -> Command {
    let itself = itself("terminal::inside");
    let command = Command::new(itself.get_program()).args(itself.get_args());
    command.env(INSIDE, script).tty().stdin(StdinSource::Piped)
}

/// Reads until a line has this in it.
async fn wait_for_line(events: &mut EventStream, text: &str) {
    while let Some(event) = events.recv().await {
        if event.line().is_some_and(|line| line.text().contains(text)) {
            return;
        }
    }
    panic!("no line with {text:?}");
}

/// Says that it asks, and once it has read a line, and so has the terminal, that it has it.
const ASKER: &str = "exec 2> /dev/tty; echo ask >&2; read -r _; echo mine >&2";

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_what_is_typed_and_then_the_terminal_is_ours_again() {
    let command = in_terminal("echo ask > /dev/tty; read -r line; echo \"got $line\"");
    let mut run = executor().execute(command).await.unwrap();
    let mut keyboard = run.process.take_stdin().unwrap();
    wait_for_line(&mut run.events, "ask").await;
    keyboard.write(b"hello\n").await.unwrap();
    wait_for_line(&mut run.events, "it said: got hello (ended with exit code 0)").await;
    keyboard.write(b"and us\n").await.unwrap();
    wait_for_line(&mut run.events, "we read: and us").await;
    assert_eq!(run.process.wait().await, ExitStatus::Exited(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_interrupt_ends_it_and_not_us() {
    let mut run = executor().execute(in_terminal(&format!("{ASKER}; exec cat"))).await.unwrap();
    let mut keyboard = run.process.take_stdin().unwrap();
    wait_for_line(&mut run.events, "ask").await;
    keyboard.write(b"\n").await.unwrap();
    wait_for_line(&mut run.events, "mine").await;
    keyboard.write(b"\x03").await.unwrap();
    wait_for_line(&mut run.events, "(ended by signal INT)").await;
    keyboard.write(b"on\n").await.unwrap();
    wait_for_line(&mut run.events, "we read: on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_suspends_it_does_not_leave_it_stopped_for_ever() {
    let command = in_terminal(&format!("{ASKER}; read -r line; echo \"got $line\""));
    let mut run = executor().execute(command).await.unwrap();
    let mut keyboard = run.process.take_stdin().unwrap();
    wait_for_line(&mut run.events, "ask").await;
    keyboard.write(b"\n").await.unwrap();
    wait_for_line(&mut run.events, "mine").await;
    keyboard.write(b"\x1a").await.unwrap();
    keyboard.write(b"later\n").await.unwrap();
    wait_for_line(&mut run.events, "it said: got later").await;
    keyboard.write(b"end\n").await.unwrap();
    wait_for_line(&mut run.events, "we read: end").await;
}
