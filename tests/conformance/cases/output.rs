//! What a command writes, as lines, in order, whole, and in bounded memory.

use super::{all_events, count_rest, next_line};
use crate::host::TestHost;
use rexec::{BatchEvent, Command, ExitStatus, LineEnding, Process, ProcessEvent};

pub async fn output_comes_line_by_line_and_the_end_last(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::shell("echo one; echo two; exit 4")).await.unwrap();
    let events = all_events(&mut run.events).await;
    assert!(matches!(events[0], ProcessEvent::Started { .. }));
    let lines: Vec<_> = events[1..3].iter().map(|event| event.line().unwrap().text()).collect();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(events[3..], [ProcessEvent::Exited(ExitStatus::Exited(4))]);
}

pub async fn a_line_comes_when_it_is_written_and_not_at_the_end(host: &impl TestHost) {
    let command = Command::shell("echo ready; read -r answer; echo \"got $answer\"");
    let command = command.stdin(rexec::StdinSource::Piped);
    let mut run = host.executor().execute(command).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "ready");
    let mut stdin = run.process.take_stdin().unwrap();
    stdin.write(b"it\n").await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "got it");
}

pub async fn the_two_outputs_are_told_apart(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::shell("echo out; echo err >&2")).await.unwrap();
    let events = all_events(&mut run.events).await;
    let text = |event: &ProcessEvent| event.line().map(|line| line.text().into_owned());
    let out: Vec<_> =
        events.iter().filter(|event| matches!(event, ProcessEvent::Stdout(_))).map(text).collect();
    let err: Vec<_> =
        events.iter().filter(|event| matches!(event, ProcessEvent::Stderr(_))).map(text).collect();
    assert_eq!((out, err), (vec![Some("out".into())], vec![Some("err".into())]));
}

pub async fn merged_outputs_keep_their_order(host: &impl TestHost) {
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done";
    let output = host.executor().run(Command::shell(script).merge_stderr()).await.unwrap();
    let expected: String = (1..=9).map(|i| format!("out{i}\nerr{i}\n")).collect();
    assert_eq!(output.stdout.text(), expected);
    assert_eq!(output.stderr.total(), 0);
}

pub async fn bytes_arrive_as_they_are(host: &impl TestHost) {
    // NUL, invalid UTF-8, a carriage return, no newline at the end.
    let command = Command::new("printf").arg(r"a\000b\n\377\376\ncr\r\nend");
    let mut run = host.executor().execute(command).await.unwrap();
    let events = all_events(&mut run.events).await;
    let lines: Vec<_> = events.iter().filter_map(ProcessEvent::line).collect();
    let bytes: Vec<_> = lines.iter().map(|line| &line.bytes()[..]).collect();
    assert_eq!(bytes, [&b"a\0b"[..], b"\xff\xfe", b"cr\r", b"end"]);
    assert_eq!(lines[1].text(), "\u{fffd}\u{fffd}");
    assert_eq!(lines[2].text(), "cr");
    assert_eq!(lines[2].ending(), LineEnding::Newline);
    assert_eq!(lines[3].ending(), LineEnding::EndOfOutput);
}

pub async fn a_long_line_comes_in_pieces_and_none_is_lost(host: &impl TestHost) {
    let command = Command::shell("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next");
    let mut run = host.executor().execute(command).await.unwrap();
    let events = all_events(&mut run.events).await;
    let lines: Vec<_> = events.iter().filter_map(ProcessEvent::line).collect();
    let (last, pieces) = lines.split_last().unwrap();
    assert_eq!(last.text(), "next");
    assert_eq!(pieces.iter().map(|piece| piece.bytes().len()).sum::<usize>(), 3_000_000);
    let (end, partial) = pieces.split_last().unwrap();
    assert!(!end.is_partial());
    assert_eq!(partial.len(), 2);
    assert!(partial.iter().all(|piece| piece.is_partial()));
}

pub async fn both_outputs_are_read_at_once(host: &impl TestHost) {
    // Each is more than a pipe holds: whoever reads one to its end first waits for ever.
    let script = "head -c 500000 /dev/zero | tr '\\0' '\\n' >&2; head -c 500000 /dev/zero | tr '\\0' '\\n'";
    let output = host.executor().run(Command::shell(script)).await.unwrap();
    assert_eq!((output.stdout.total(), output.stderr.total()), (500_000, 500_000));
}

pub async fn many_lines_arrive_whole_and_in_order(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::new("seq").arg("200000")).await.unwrap();
    let mut expected = 1u32;
    while let Some(event) = run.events.recv().await {
        if let Some(line) = event.line() {
            assert_eq!(line.text(), expected.to_string());
            expected += 1;
        }
    }
    assert_eq!(expected, 200_001);
}

pub async fn batches_and_events_can_be_mixed(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::new("seq").arg("50000")).await.unwrap();
    let mut lines = 0;
    loop {
        match run.events.recv().await {
            Some(ProcessEvent::Stdout(_)) => lines += 1,
            Some(_) => {}
            None => break,
        }
        if let Some(BatchEvent::Output(batch)) = run.events.recv_batch().await {
            lines += batch.len();
        }
    }
    assert_eq!(lines, 50_000);
}

pub async fn a_slow_reader_gets_everything_also_after_the_end(host: &impl TestHost) {
    // More than what is in flight, and the command may end long before it is read.
    let mut run = host.executor().execute(Command::new("seq").arg("300000")).await.unwrap();
    let mut stalls = 3;
    let mut lines = 0;
    while let Some(event) = run.events.recv_batch().await {
        if let BatchEvent::Output(batch) = event {
            lines += batch.len();
        }
        if stalls > 0 {
            stalls -= 1;
            // The reader is what is slow here; nothing is waited for.
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
    }
    assert_eq!(lines, 300_000);
    assert!(run.process.wait().await.success());
}

pub async fn dropped_events_leave_the_command_undisturbed(host: &impl TestHost) {
    let run = host.executor().execute(Command::new("seq").arg("200000")).await.unwrap();
    drop(run.events);
    // With a closed pipe it would end by SIGPIPE, with a full one never.
    assert_eq!(run.process.wait().await, ExitStatus::Exited(0));
}

pub async fn closed_outputs_are_not_the_end(host: &impl TestHost) {
    let script = "echo last; exec >&- 2>&-; read -r _; exit 5";
    let command = Command::shell(script).stdin(rexec::StdinSource::Piped);
    let mut run = host.executor().execute(command).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "last");
    assert_eq!(run.process.try_wait(), None);
    run.process.take_stdin().unwrap().write(b"\n").await.unwrap();
    let rest = all_events(&mut run.events).await;
    assert_eq!(rest, [ProcessEvent::Exited(ExitStatus::Exited(5))]);
}

pub async fn more_than_the_limit_is_truncated_in_the_middle(host: &impl TestHost) {
    let command = Command::new("seq").arg("100000").output_limit(1000);
    let output = host.executor().run(command).await.unwrap();
    assert!(output.is_truncated());
    assert_eq!(output.stdout.total(), 588_895);
    assert_eq!(output.stdout.bytes().len(), 1000);
    assert!(output.stdout.text().starts_with("1\n2\n3\n"));
    assert!(output.stdout.text().ends_with("99999\n100000\n"));
}

pub async fn nothing_is_lost_however_many_run_at_once(host: &impl TestHost) {
    let executor = host.executor();
    let mut running = Vec::new();
    for _ in 0..20 {
        running.push(executor.execute(Command::new("seq").arg("5000")).await.unwrap());
    }
    for mut run in running {
        assert_eq!(count_rest(&mut run.events).await.0, 5000);
        assert!(run.process.wait().await.success());
    }
}
