//! Output that never ends, ends late, is huge, or is not read.

use crate::{
    executor, start,
    support::{alone::alone, marked::Marker},
};
use rexec::{BatchEvent, Command, ExitStatus, Process, Signal};
use std::{fs, time::Duration};

/// The most memory that this process has had at once, in MiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_hundred_megabytes_takes_little_memory() {
    if !alone("output::a_line_of_a_hundred_megabytes_takes_little_memory") {
        return;
    }
    let before = peak_memory();
    let mut run = start(&executor(), "head -c 100000000 /dev/zero | tr '\\0' x").await;
    let (mut bytes, mut pieces) = (0, 0);
    while let Some(event) = run.events.recv().await {
        if let Some(line) = event.line() {
            bytes += line.bytes().len();
            pieces += 1;
        }
    }
    assert_eq!((bytes, pieces), (100_000_000, 96));
    let grown = peak_memory() - before;
    assert!(grown < 60, "it took {grown} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_stops_the_command_and_not_the_memory() {
    if !alone("output::a_reader_that_stops_reading_stops_the_command_and_not_the_memory") {
        return;
    }
    let before = peak_memory();
    let run = start(&executor(), "yes | head -c 500000000; echo end >&2").await;
    // Nothing is read. The time is for a program that would go on reading to show it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(run.process.try_wait(), None, "it waits for its reader");
    let grown = peak_memory() - before;
    assert!(grown < 40, "it took {grown} MiB");
    assert_eq!(run.process.cancel().await, ExitStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_megabytes_collected_stay_within_the_limit() {
    if !alone("output::two_hundred_megabytes_collected_stay_within_the_limit") {
        return;
    }
    let before = peak_memory();
    let output =
        executor().run(Command::shell(format!("yes {} | head -c 200000000", "x".repeat(79)))).await.unwrap();
    assert_eq!(output.stdout.total(), 200_000_000);
    assert!(output.is_truncated());
    let grown = peak_memory() - before;
    assert!(grown < 60, "it took {grown} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_stops_writing_in_the_background_is_not_waited_for() {
    let executor = executor();
    let output = executor.run(Command::shell("yes & echo done >&2")).await.unwrap();
    assert_eq!(output.stderr.text(), "done\n");
    assert!(output.stdout.total() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_writer_that_keeps_writing_is_heard_to_its_end() {
    // As `tee` in a shell's process substitution: it still has to write when the shell has ended.
    let script = "(i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo late $i; done) & echo early";
    let output = executor().run(Command::shell(script)).await.unwrap();
    let text = output.stdout.text();
    assert!(text.lines().any(|line| line == "early"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("late ")).count(), 30, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_killed_gives_what_it_had_written() {
    let marker = Marker::new();
    let mut run = start(&executor(), &format!("seq 20000; printf unfinished; {}", marker.sleep())).await;
    marker.wait_for_sleeps(1).await;
    run.process.kill().await.unwrap();
    let (mut lines, mut last) = (0, String::new());
    while let Some(event) = run.events.recv_batch().await {
        if let BatchEvent::Output(batch) = event {
            lines += batch.len();
            last = batch.lines().last().unwrap().text().into_owned();
        }
    }
    assert_eq!((lines, last.as_str()), (20_001, "unfinished"));
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_does_not_wait_for_a_reader_that_has_stopped() {
    // The end leaves more in the pipe than the events have room for.
    let run = start(&executor(), "exec yes").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    run.process.terminate().await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
    drop(run.events);
}
