//! The ends of a process: none passes for another, and none leaves anything.

use super::{all_events, next_line};
use crate::{host::TestHost, support::marked::Marker};
use rexec::{Command, ErrorKind, ExitStatus, Process, ProcessEvent, Signal, Stopped};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(30);

/// Does not end when it is asked to.
fn stubborn(marker: &Marker) -> Command {
    Command::shell(format!("trap '' TERM; echo ready; sleep {marker} & while :; do sleep 0.02; done"))
}

pub async fn a_time_limit_ends_it_and_the_status_says_so(host: &impl TestHost) {
    let marker = Marker::new();
    let command = Command::shell(format!("echo before; sleep {marker} & sleep {marker}")).timeout(SHORT);
    let error = host.executor().run(command).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.status(), Some(ExitStatus::TimedOut { limit: SHORT, signal: Some(Signal::Term) }));
    assert_eq!(error.output().unwrap().text(), "before");
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn a_command_that_ignores_term_is_killed_after_the_grace(host: &impl TestHost) {
    let marker = Marker::new();
    let command = stubborn(&marker).timeout(SHORT).grace(Duration::from_millis(50));
    let error = host.executor().run(command).await.unwrap_err();
    assert_eq!(error.status(), Some(ExitStatus::TimedOut { limit: SHORT, signal: Some(Signal::Kill) }));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn one_that_exits_well_when_it_is_timed_out_is_no_success(host: &impl TestHost) {
    let script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done";
    let error = host.executor().run(Command::shell(script).timeout(SHORT)).await.unwrap_err();
    assert_eq!(error.status(), Some(ExitStatus::TimedOut { limit: SHORT, signal: None }));
}

pub async fn a_time_limit_that_is_not_reached_changes_nothing(host: &impl TestHost) {
    let output = host.executor().run(Command::new("echo").arg("quick").timeout(LONG)).await.unwrap();
    assert_eq!(output.text(), "quick");
}

pub async fn a_stopped_process_is_timed_out_all_the_same(host: &impl TestHost) {
    let error = host.executor().run(Command::shell("kill -s STOP $$").timeout(SHORT)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

pub async fn stop_says_what_it_took(host: &impl TestHost) {
    let executor = host.executor();
    let marker = Marker::new();

    let mut run = executor.execute(Command::shell("echo ready; while :; do sleep 0.02; done")).await.unwrap();
    next_line(&mut run.events).await;
    assert_eq!(run.process.stop(LONG).await.unwrap(), Stopped::Terminated);
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
    assert_eq!(run.process.stop(LONG).await.unwrap(), Stopped::AlreadyEnded);

    let mut run = executor.execute(stubborn(&marker)).await.unwrap();
    next_line(&mut run.events).await;
    assert_eq!(run.process.stop(Duration::from_millis(50)).await.unwrap(), Stopped::Killed);
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn stop_lets_a_program_end_by_itself(host: &impl TestHost) {
    let script = "exec 2>/dev/null; trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.02; done";
    let mut run = host.executor().execute(Command::shell(script)).await.unwrap();
    next_line(&mut run.events).await;
    assert_eq!(run.process.stop(LONG).await.unwrap(), Stopped::Terminated);
    let rest = all_events(&mut run.events).await;
    assert_eq!(rest[0].line().unwrap().text(), "bye");
    assert_eq!(rest[1], ProcessEvent::Exited(ExitStatus::Exited(9)));
}

pub async fn what_is_cancelled_says_so(host: &impl TestHost) {
    let marker = Marker::new();
    let mut run =
        host.executor().execute(Command::shell(format!("echo ready; sleep {marker}"))).await.unwrap();
    next_line(&mut run.events).await;
    assert_eq!(run.process.cancel().await, ExitStatus::Cancelled);
    let rest = all_events(&mut run.events).await;
    assert_eq!(rest, [ProcessEvent::Exited(ExitStatus::Cancelled)]);
    assert_eq!(run.process.cancel().await, ExitStatus::Cancelled, "and again");
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn cancelling_what_has_ended_changes_nothing(host: &impl TestHost) {
    let run = host.executor().execute(Command::shell("exit 6")).await.unwrap();
    run.process.wait().await;
    assert_eq!(run.process.cancel().await, ExitStatus::Exited(6));
}

pub async fn a_dropped_process_is_ended_with_what_it_started(host: &impl TestHost) {
    let marker = Marker::new();
    let script = format!("trap '' TERM HUP INT; (setsid sleep {marker} &); sleep {marker} & sleep {marker}");
    let mut run = host.executor().execute(Command::shell(script)).await.unwrap();
    marker.wait_for_sleeps(3).await;
    drop(run.process);
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
    let last = all_events(&mut run.events).await.pop();
    assert_eq!(last, Some(ProcessEvent::Exited(ExitStatus::Cancelled)));
}

pub async fn a_run_that_is_given_up_leaves_nothing(host: &impl TestHost) {
    let marker = Marker::new();
    let executor = host.executor();
    {
        let running =
            std::pin::pin!(executor.run(Command::shell(format!("sleep {marker} & sleep {marker}"))));
        let started = marker.wait_for_sleeps(2);
        // The run is dropped in the middle, as a script that is interrupted does.
        tokio::select! {
            _ = running => panic!("it can't have ended"),
            () = started => {}
        }
    }
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn a_background_child_that_holds_the_pipe_is_not_waited_for(host: &impl TestHost) {
    let marker = Marker::new();
    let output = host.executor().run(Command::shell(format!("sleep {marker} & echo done"))).await.unwrap();
    assert_eq!(output.text(), "done");
    assert!(output.duration < LONG, "it took {:?}", output.duration);
}

pub async fn a_large_output_before_such_an_end_is_whole(host: &impl TestHost) {
    let marker = Marker::new();
    let script = format!("sleep {marker} & seq 100000");
    let output = host.executor().run(Command::shell(script)).await.unwrap();
    assert_eq!(output.stdout.total(), 588_895);
}

pub async fn nobody_need_read_the_events_of_what_is_stopped(host: &impl TestHost) {
    // It writes until everything between it and its reader is full.
    let run = host.executor().execute(Command::new("yes")).await.unwrap();
    assert_ne!(run.process.stop(SHORT).await.unwrap(), Stopped::AlreadyEnded);
    assert_eq!(run.process.try_wait(), Some(ExitStatus::Signaled(Signal::Term)));
    drop(run.events);
}
