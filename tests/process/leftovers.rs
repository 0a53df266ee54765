//! What a command that has ended leaves in the background: it lives until its owner ends.

use crate::{
    executor, start,
    support::{
        marked::{Marker, SOON},
        wait::wait_for,
    },
};
use rexec::{Command, ExitStatus, Process, Signal};

/// Three that are left, one of them in a session of its own.
fn leaver(marker: &Marker) -> String {
    format!("{0} & nohup {0} >/dev/null 2>&1 & setsid sh -c '{0} & exit'; echo done", marker.sleep())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_while_the_executor_does_and_no_longer() {
    let marker = Marker::new();
    let executor = executor();
    let output = executor.run(Command::shell(leaver(&marker))).await.unwrap();
    assert_eq!(output.text(), "done");
    executor.run(Command::new("true")).await.unwrap();
    marker.wait_for_sleeps(3).await;
    drop(executor.clone());
    assert_eq!(marker.processes().len(), 3, "another clone is there");
    drop(executor);
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_end_reaches_it() {
    let marker = Marker::new();
    let executor = executor();
    let run = start(&executor, &leaver(&marker)).await;
    assert_eq!(run.process.wait().await, ExitStatus::Exited(0));
    marker.wait_for_sleeps(3).await;
    run.process.signal(Signal::Term).await.unwrap();
    assert_eq!(marker.processes().len(), 3, "any other signal has no effect after the end");
    run.process.kill().await.unwrap();
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_empty_environment_it_is_found_by_its_group() {
    let marker = Marker::new();
    let executor = executor();
    let command = Command::shell(format!("{} & echo done", marker.sleep())).env_clear();
    executor.run(command).await.unwrap();
    marker.wait_for_sleeps(1).await;
    drop(executor);
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_leaves_lives_on() {
    let marker = Marker::new();
    let executor = executor();
    executor.run(Command::shell(leaver(&marker)).daemon()).await.unwrap();
    marker.wait_for_sleeps(3).await;
    // Something else that is left shows when the executor has ended what it ends.
    let other = Marker::new();
    executor.run(Command::shell(leaver(&other))).await.unwrap();
    other.wait_for_sleeps(3).await;
    drop(executor);
    assert_eq!(other.left_after_a_second().await, [""; 0]);
    assert_eq!(marker.processes().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_command_outlives_its_executor() {
    let marker = Marker::new();
    let left = start(&executor(), &format!("{}; echo done", marker.sleep())).await;
    marker.wait_for_sleeps(1).await;
    assert_eq!(left.process.try_wait(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_go_on_writing() {
    // With a closed pipe it would end by SIGPIPE, with a full one it would wait for ever.
    let dir = tempfile::tempdir().unwrap();
    let (go, witness) = (dir.path().join("go"), dir.path().join("witness"));
    let executor = executor();
    let script = "(until [ -e \"$0\" ]; do sleep 0.02; done; seq 100000; echo done > \"$1\") & echo first";
    let output = executor.run(Command::shell(script).arg(&go).arg(&witness)).await.unwrap();
    assert_eq!(output.text(), "first");
    std::fs::write(&go, "").unwrap();
    let done = || witness.metadata().is_ok_and(|file| file.len() > 0).then_some(());
    assert!(wait_for(SOON, done).await.is_some());
}
