//! The table of ends: each way to end a command leaves nothing of any tree, and says what it was.

use crate::support::{marked::Marker, trees::TREES};
use rexec::{Command, Execution, Executor, ExitStatus, HostProcess, LocalBackend, Process, Signal, Stopped};
use std::time::Duration;

/// Runs each tree to where all of it is there, ends it this way, and looks for what is left.
async fn walk_the_table(
    prepare: impl Fn(Command) -> Command,
    end: impl AsyncFn(Executor<LocalBackend>, Execution<HostProcess>),
) {
    for (tree, count) in TREES {
        let marker = Marker::new();
        let executor = Executor::local("ends");
        let command = prepare(Command::shell(tree(&marker.sleep())));
        let run = executor.execute(command).await.unwrap();
        marker.wait_for_sleeps(count).await;
        end(executor, run).await;
        assert_eq!(marker.left_after_a_second().await, [""; 0], "of {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_timeout() {
    let limit = Duration::from_secs(3);
    let prepare = |command: Command| command.timeout(limit);
    walk_the_table(prepare, async |_executor, run| {
        let status = run.process.wait().await;
        assert_eq!(status, ExitStatus::TimedOut { limit, signal: Some(Signal::Term) });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_stop() {
    let unchanged = |command| command;
    walk_the_table(unchanged, async |_executor, run| {
        let stopped = run.process.stop(Duration::from_millis(300)).await.unwrap();
        assert_ne!(stopped, Stopped::AlreadyEnded);
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_cancel() {
    let unchanged = |command| command;
    walk_the_table(unchanged, async |_executor, run| {
        assert_eq!(run.process.cancel().await, ExitStatus::Cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_kill() {
    let unchanged = |command| command;
    walk_the_table(unchanged, async |_executor, run| {
        run.process.kill().await.unwrap();
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_the_process_is_dropped() {
    let unchanged = |command| command;
    walk_the_table(unchanged, async |_executor, run| {
        let waiting = run.process.waiter();
        drop(run);
        assert_eq!(waiting.await, ExitStatus::Cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_the_executor_and_the_process_are_dropped() {
    let unchanged = |command| command;
    walk_the_table(unchanged, async |executor, run| {
        drop(executor);
        assert_eq!(run.process.try_wait(), None, "it does not need the executor to run");
        drop(run);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_stop_of_what_has_no_environment_but_is_in_its_tree() {
    // There is no mark in an empty environment: the tree and the groups are what finds it.
    let marker = Marker::new();
    let script = format!("setsid {0} & bash -c 'set -m; {0} & wait' & {0}", marker.sleep());
    let run = Executor::local("ends").execute(Command::shell(script).env_clear()).await.unwrap();
    marker.wait_for_sleeps(3).await;
    run.process.stop(Duration::from_millis(100)).await.unwrap();
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_what_starts_others_without_end() {
    // Each one lives for a moment and starts the next, in a session of its own: whoever kills one
    // after the other comes too late.
    let marker = Marker::new();
    let hop = format!(
        "[ -e $0 ] || exit 0; setsid sh -c \"$1\" $0 \"$1\" {marker} & setsid {} & sleep 0.01",
        marker.sleep()
    );
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    std::fs::write(&go, "").unwrap();
    let command = Command::new("sh").arg("-c").arg(&hop).arg(&go).arg(&hop).arg(marker.to_string());
    let run = Executor::local("ends").execute(command).await.unwrap();
    marker.wait_for_sleeps(5).await;
    run.process.kill().await.unwrap();
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
    drop(dir);
}

#[test]
fn nothing_is_left_when_the_runtime_ends_first() {
    for (tree, count) in TREES {
        let marker = Marker::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let executor = Executor::local("ends");
        let run = runtime.block_on(async {
            let run = executor.execute(Command::shell(tree(&marker.sleep()))).await.unwrap();
            marker.wait_for_sleeps(count).await;
            run
        });
        drop(runtime);
        // Neither the process nor its backend has a runtime any longer.
        drop((run, executor));
        let left = tokio::runtime::Runtime::new().unwrap().block_on(marker.left_after_a_second());
        assert_eq!(left, [""; 0], "of {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nested_command_is_found_by_the_mark_of_the_outer_one() {
    // As a rexec within a rexec has it: the inner one adds its mark to that of the outer one.
    let marker = Marker::new();
    let script = format!(
        "REXEC_COMMAND_ID=$REXEC_COMMAND_ID:inner-1 setsid sh -c '{} & exit'; read -r _",
        marker.sleep()
    );
    let command = Command::shell(script).stdin(rexec::StdinSource::Piped);
    let run = Executor::local("ends").execute(command).await.unwrap();
    marker.wait_for_sleeps(1).await;
    run.process.kill().await.unwrap();
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}
