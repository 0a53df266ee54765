//! Redirects from and to named pipes, which have nobody at their other end at first.

use crate::{executor, start};
use rexec::{Command, OutputTarget, Process, StdinSource};
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;

fn named_pipe() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    (dir, path)
}

// A runtime with a single thread stands still if anything blocks it.
#[tokio::test]
async fn reading_from_a_named_pipe_waits_for_its_writer() {
    let (_dir, pipe) = named_pipe();
    let executor = executor();
    let reader = executor.run(Command::new("cat").stdin(StdinSource::File(pipe.clone())));
    let writer = async {
        let script = format!("echo one; echo two; exec > '{}'; echo three; seq 20000", pipe.display());
        start(&executor, &script).await.process.wait().await
    };
    let (read, _) = tokio::join!(reader, writer);
    assert_eq!(read.unwrap().stdout.text().lines().count(), 20_001);
}

#[tokio::test]
async fn writing_to_a_named_pipe_waits_for_its_reader() {
    let (_dir, pipe) = named_pipe();
    let executor = executor();
    let writer = executor.run(Command::new("seq").arg("20000").stdout(OutputTarget::File(pipe.clone())));
    let reader = executor.run(Command::new("cat").arg(&pipe));
    let (written, read) = tokio::join!(writer, reader);
    assert!(written.unwrap().success());
    assert_eq!(read.unwrap().stdout.text().lines().count(), 20_000);
}

#[tokio::test]
async fn whoever_waits_for_a_named_pipe_can_give_up() {
    let (_dir, pipe) = named_pipe();
    let executor = executor();
    let command = Command::new("true").stdin(StdinSource::File(pipe.clone()));
    let waiting = tokio::time::timeout(Duration::from_millis(50), executor.run(command)).await;
    assert!(waiting.is_err(), "there is nobody to read from");
    let command = Command::new("true").stdout(OutputTarget::Append(pipe));
    let waiting = tokio::time::timeout(Duration::from_millis(50), executor.run(command)).await;
    assert!(waiting.is_err(), "there is nobody to write to");
}
