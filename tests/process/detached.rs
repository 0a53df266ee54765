//! Processes that outlive their owner under a name.

use rexec::{
    AnyBackend, Command, ErrorKind, Executor, ExitStatus, Process, ProcessEvent, Signal, StdinSource,
};
use std::time::Duration;

/// A name of its own for each test, stopped at its end also after a failure.
struct Detached {
    executor: Executor<AnyBackend>,
    name: String,
}

impl Detached {
    fn new(test: &str) -> Self {
        let name = format!("test-{test}-{}", std::process::id());
        Self { executor: Executor::local("test").erased(), name }
    }

    async fn spawn(&self, command: Command) -> rexec::Result<rexec::HostProcess> {
        self.executor.spawn(command.detach(&self.name)).await
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        let state = std::env::var("XDG_STATE_HOME")
            .unwrap_or_else(|_| format!("{}/.local/state", std::env::var("HOME").unwrap()));
        let folder = std::path::Path::new(&state).join("rexec/detached").join(&self.name);
        if let Ok(pid) = std::fs::read_to_string(folder.join("pid"))
            && !folder.join("status").exists()
        {
            let group = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
            // It may just have ended.
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
        // Nothing to remove where it was never started.
        let _ = std::fs::remove_dir_all(folder);
    }
}

async fn lines(process: &mut rexec::HostProcess) -> Vec<String> {
    let mut events = process.take_events().unwrap();
    let mut lines = Vec::new();
    while let Some(event) = events.recv().await {
        if let Some(line) = event.line() {
            lines.push(line.text().into_owned());
        }
    }
    lines
}

#[tokio::test]
async fn it_lives_on_when_its_owner_goes_and_is_found_again_with_all_its_output() {
    let test = Detached::new("lives-on");
    let script =
        "echo one; read line; echo $line >&2; while [ ! -e $GO ]; do sleep 0.01; done; echo three; exit 7";
    let go = tempfile::tempdir().unwrap();
    let command =
        Command::shell(script).env("GO", go.path().join("go")).stdin(StdinSource::Bytes("two\n".into()));
    drop(test.spawn(command).await.unwrap());

    // Another owner, as another run of the program would be.
    let elsewhere = Executor::local("other").erased();
    let mut process = elsewhere.attach(&test.name).await.unwrap();
    assert_eq!(process.try_wait(), None);
    std::fs::write(go.path().join("go"), "").unwrap();
    let mut lines = lines(&mut process).await;
    lines.sort();
    assert_eq!(lines, ["one", "three", "two"]);
    assert_eq!(process.wait().await, ExitStatus::Exited(7));
    assert_eq!(elsewhere.attach(&test.name).await.unwrap().wait().await, ExitStatus::Exited(7));
}

#[tokio::test]
async fn a_signal_ends_it_and_its_status_says_which() {
    let test = Detached::new("signal");
    let process = test.spawn(Command::shell("sleep 1000 & sleep 1000")).await.unwrap();
    process.terminate().await.unwrap();
    assert_eq!(process.wait().await, ExitStatus::Signaled(Signal::Term));
}

#[tokio::test]
async fn it_can_be_stopped_by_force() {
    let test = Detached::new("force");
    let mut process = test.spawn(Command::shell("trap '' TERM; echo ready; sleep 1000")).await.unwrap();
    let mut events = process.take_events().unwrap();
    while !matches!(events.recv().await, Some(ProcessEvent::Stdout(_))) {}
    let stopped = process.stop(Duration::from_millis(100)).await.unwrap();
    assert_eq!(stopped, rexec::Stopped::Killed);
    assert_eq!(process.wait().await, ExitStatus::Signaled(Signal::Kill));
}

#[tokio::test]
async fn a_name_is_for_one_process_at_a_time() {
    let test = Detached::new("name");
    let first = test.spawn(Command::new("sleep").arg("1000")).await.unwrap();
    let error = test.spawn(Command::new("sleep").arg("1000")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.hint().unwrap().contains(&test.name));
    first.kill().await.unwrap();
    first.wait().await;
    let again = test.spawn(Command::new("true")).await.unwrap();
    assert_eq!(again.wait().await, ExitStatus::Exited(0));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let test = Detached::new("missing");
    assert_eq!(test.executor.attach(&test.name).await.unwrap_err().kind(), ErrorKind::NotFound);
    let error = test.spawn(Command::new("no-such-program-here")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(test.executor.attach(&test.name).await.is_err());
}

#[tokio::test]
async fn what_can_not_outlive_its_owner_is_refused() {
    let test = Detached::new("refused");
    let error = test.spawn(Command::new("top").tty()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
