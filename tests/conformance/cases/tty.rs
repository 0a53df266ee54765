//! A command with a terminal of its own.

use super::{all_events, next_line};
use crate::{host::TestHost, support::marked::Marker};
use rexec::{Command, ExitStatus, Process, ProcessEvent, Signal, StdinSource};

pub async fn all_three_descriptors_are_a_terminal(host: &impl TestHost) {
    let script = "for fd in 0 1 2; do test -t $fd && echo $fd; done; tty";
    let output = host.executor().run(Command::shell(script).tty()).await.unwrap();
    let text = output.stdout.text().replace('\r', "");
    assert!(text.starts_with("0\n1\n2\n/dev/"), "{text}");
}

pub async fn both_outputs_come_as_one_with_carriage_returns(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::shell("echo out; echo err >&2").tty()).await.unwrap();
    let events = all_events(&mut run.events).await;
    let lines: Vec<_> = events[1..3]
        .iter()
        .map(|event| match event {
            ProcessEvent::Stdout(line) => line.bytes().to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lines, [b"out\r", b"err\r"]);
    assert_eq!(events[3..], [ProcessEvent::Exited(ExitStatus::Exited(0))]);
}

pub async fn everything_written_before_the_exit_arrives(host: &impl TestHost) {
    let output = host.executor().run(Command::new("seq").arg("50000").tty()).await.unwrap();
    assert_eq!(output.stdout.total(), 288_894 + 50_000);
}

pub async fn without_input_it_reads_the_end_at_once(host: &impl TestHost) {
    let output = host.executor().run(Command::shell("cat; echo end").tty()).await.unwrap();
    assert_eq!(output.stdout.text(), "end\r\n");
}

pub async fn given_input_is_read_whole_and_not_echoed(host: &impl TestHost) {
    // The second line is longer than a terminal keeps of one that is typed.
    let input = format!("short\n{}", "x".repeat(10_000));
    let output = host.executor().run(Command::new("cat").stdin_bytes(input.clone()).tty()).await.unwrap();
    assert_eq!(output.stdout.text().replace('\r', ""), input);
}

pub async fn an_owner_can_type(host: &impl TestHost) {
    let script = "stty -echo; echo ready; read -r name; echo \"hello $name\"";
    let mut run =
        host.executor().execute(Command::shell(script).tty().stdin(StdinSource::Piped)).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "ready");
    run.process.take_stdin().unwrap().write(b"you\n").await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "hello you");
    assert!(run.process.wait().await.success());
}

pub async fn a_typed_interrupt_is_one(host: &impl TestHost) {
    let script = "stty -echo; echo ready; exec cat";
    let mut run =
        host.executor().execute(Command::shell(script).tty().stdin(StdinSource::Piped)).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "ready");
    run.process.take_stdin().unwrap().write(b"\x03").await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Int));
}

pub async fn it_has_a_size(host: &impl TestHost) {
    let output = host.executor().run(Command::new("stty").arg("size").tty()).await.unwrap();
    let text = output.text();
    let sizes: Vec<u16> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(sizes.len(), 2, "{text}");
    assert!(sizes.iter().all(|&size| size > 0), "{text}");
}

pub async fn a_dropped_process_leaves_nothing(host: &impl TestHost) {
    let marker = Marker::new();
    let script = format!("trap '' HUP TERM; setsid sleep {marker} & sleep {marker} & sleep {marker}");
    let run = host.executor().execute(Command::shell(script).tty()).await.unwrap();
    marker.wait_for_sleeps(3).await;
    drop(run.process);
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}
