//! Signals: by name, to the whole process group.

use super::next_line;
use crate::{
    host::TestHost,
    support::{marked::Marker, wait::wait_for},
};
use rexec::{Command, ExitStatus, Process, Signal};
use std::time::Duration;

/// Says `ready`, then waits until a signal ends it.
fn waiter() -> Command {
    Command::shell("echo ready; while :; do sleep 0.02; done")
}

pub async fn the_status_says_which_signal_ended_it(host: &impl TestHost) {
    for signal in
        [Signal::Term, Signal::Kill, Signal::Int, Signal::Hup, Signal::Usr1, Signal::Quit, Signal::Abrt]
    {
        let mut run = host.executor().execute(waiter()).await.unwrap();
        next_line(&mut run.events).await;
        run.process.signal(signal).await.unwrap();
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(signal));
    }
}

pub async fn a_signal_from_elsewhere_is_told_the_same(host: &impl TestHost) {
    let output = host.executor().output(Command::shell("kill -s TERM $$")).await.unwrap();
    assert_eq!(output.status, ExitStatus::Signaled(Signal::Term));
    let output = host.executor().output(Command::shell("exit 143")).await.unwrap();
    assert_eq!(output.status, ExitStatus::Exited(143));
}

pub async fn a_program_can_handle_a_signal(host: &impl TestHost) {
    // A shell tells on standard error how its `sleep` ended.
    let script = "exec 2>/dev/null; trap 'echo reloaded' HUP; trap 'echo bye; exit 7' INT; \
                  echo ready; while :; do sleep 0.02; done";
    let mut run = host.executor().execute(Command::shell(script)).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "ready");
    run.process.reload().await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "reloaded");
    run.process.interrupt().await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "bye");
    assert_eq!(run.process.wait().await, ExitStatus::Exited(7));
}

pub async fn a_signal_reaches_the_whole_group(host: &impl TestHost) {
    let marker = Marker::new();
    let script = format!("sleep {marker} & sleep {marker} & wait");
    let run = host.executor().execute(Command::shell(script)).await.unwrap();
    marker.wait_for_sleeps(2).await;
    run.process.terminate().await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn a_stopped_process_goes_on_when_it_is_told_to(host: &impl TestHost) {
    let mut run =
        host.executor().execute(Command::shell("while :; do echo tick; sleep 0.01; done")).await.unwrap();
    next_line(&mut run.events).await;
    run.process.signal(Signal::Stop).await.unwrap();
    // Once it is stopped, what it had written by then comes, and then nothing.
    let mut quiet = false;
    while !quiet {
        quiet = tokio::time::timeout(Duration::from_millis(300), next_line(&mut run.events)).await.is_err();
    }
    assert_eq!(run.process.try_wait(), None, "stopped is not ended");
    run.process.signal(Signal::Cont).await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "tick");
}

pub async fn a_signal_after_the_end_has_no_effect(host: &impl TestHost) {
    let run = host.executor().execute(Command::shell("exit 3")).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Exited(3));
    for signal in [Signal::Term, Signal::Kill, Signal::Usr1] {
        run.process.signal(signal).await.unwrap();
    }
    assert_eq!(run.process.wait().await, ExitStatus::Exited(3));
}

pub async fn kill_reaches_what_has_left_the_group(host: &impl TestHost) {
    let marker = Marker::new();
    let script = format!("setsid sleep {marker} & (setsid sleep {marker} &) ; exec sleep {marker}");
    let run = host.executor().execute(Command::shell(script)).await.unwrap();
    marker.wait_for_sleeps(3).await;
    run.process.kill().await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn many_may_wait_and_all_hear_the_same(host: &impl TestHost) {
    let mut run = host.executor().execute(waiter()).await.unwrap();
    next_line(&mut run.events).await;
    let process = &run.process;
    let wait = || process.wait();
    let end = async { process.signal(Signal::Usr2).await.unwrap() };
    let (first, second, third, ()) = tokio::join!(wait(), wait(), wait(), end);
    assert_eq!([first, second, third], [ExitStatus::Signaled(Signal::Usr2); 3]);
    assert_eq!(process.wait().await, first, "and again later");
    let tried = wait_for(Duration::from_secs(1), || process.try_wait()).await;
    assert_eq!(tried, Some(first));
}
