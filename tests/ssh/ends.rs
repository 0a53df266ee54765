//! The table of ends: however a command ends before its time, its status says how, and nothing that
//! it started is left on the host.

use crate::{
    executor,
    support::{marked::Marker, sshd::Sshd, wait::wait_for},
};
use nix::sys::signal::Signal as Os;
use rexec::{Command, ErrorKind, Execution, Executor, ExitStatus, HostProcess, Process, Signal, SshBackend};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

/// A tree of six kinds of children, all of which ignore what they can; and how many it is.
fn tree(marker: &Marker) -> (Command, usize) {
    let sleep = marker.sleep();
    let script = format!(
        "trap '' TERM HUP INT; {sleep} & nohup {sleep} >/dev/null 2>&1 & setsid {sleep} & (setsid {sleep} &); \
         sh -c 'trap \"\" TERM; {sleep}; :' & {sleep}; echo done"
    );
    (Command::shell(script).grace(Duration::from_millis(200)), 6)
}

struct Running {
    _sshd: Sshd,
    marker: Marker,
    run: Execution<HostProcess>,
    executor: Executor<SshBackend>,
}

/// Starts the tree on a host of its own.
async fn running(change: impl FnOnce(Command) -> Command) -> Running {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    let (command, count) = tree(&marker);
    let run = executor.execute(change(command)).await.unwrap();
    marker.wait_for_sleeps(count).await;
    Running { _sshd: sshd, marker, run, executor }
}

/// Waits until nothing of it is left, for 5 seconds from now at most.
async fn nothing_is_left(marker: &Marker) {
    wait_for(Duration::from_secs(5), || marker.processes().is_empty().then_some(())).await;
    assert_eq!(marker.left(), [""; 0]);
}

#[tokio::test]
async fn a_time_limit() {
    let limit = Duration::from_secs(2);
    let it = running(|command| command.timeout(limit)).await;
    let status = it.run.process.wait().await;
    assert!(matches!(status, ExitStatus::TimedOut { limit: passed, .. } if passed == limit), "{status}");
    nothing_is_left(&it.marker).await;
}

#[tokio::test]
async fn a_stop() {
    let it = running(|command| command).await;
    let stopped = it.run.process.stop(Duration::from_millis(200)).await.unwrap();
    assert_eq!(stopped.to_string(), "killed");
    assert_eq!(it.run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    nothing_is_left(&it.marker).await;
}

#[tokio::test]
async fn a_cancellation() {
    let it = running(|command| command).await;
    assert_eq!(it.run.process.cancel().await, ExitStatus::Cancelled);
    nothing_is_left(&it.marker).await;
}

#[tokio::test]
async fn a_drop() {
    let Running { marker, run, executor, _sshd } = running(|command| command).await;
    drop(run);
    nothing_is_left(&marker).await;
    executor.run(Command::new("true")).await.unwrap();
}

#[tokio::test]
async fn a_drop_of_everything() {
    let Running { marker, run, executor, _sshd } = running(|command| command).await;
    drop((run, executor));
    nothing_is_left(&marker).await;
}

#[tokio::test]
async fn a_signal_on_the_host_that_the_program_does_not_survive() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    for (signal, known) in [("TERM", Signal::Term), ("KILL", Signal::Kill), ("SEGV", Signal::Segv)] {
        let mut run =
            executor.execute(Command::shell(format!("echo $$; exec {}", marker.sleep()))).await.unwrap();
        run.events.recv().await;
        let pid = run.events.recv().await.unwrap().line().unwrap().text().into_owned();
        marker.wait_for_sleeps(1).await;
        executor.run(Command::new("kill").args([format!("-{signal}"), pid])).await.unwrap();
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(known));
    }
    assert_eq!(marker.left(), [""; 0]);
}

#[tokio::test]
async fn its_shim_killed_on_the_host() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    let run = executor.execute(Command::shell(format!("{}; :", marker.sleep()))).await.unwrap();
    marker.wait_for_sleeps(1).await;
    // The shim is the program's parent.
    let script = format!("kill -KILL $(ps -o ppid= -p {})", run.process.pid().unwrap());
    executor.run(Command::shell(script)).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    nothing_is_left(&marker).await;
}

#[tokio::test]
async fn the_connection_cut() {
    let it = running(|command| command).await;
    it._sshd.signal_connections(Os::SIGKILL);
    assert_eq!(it.run.process.wait().await, ExitStatus::Disconnected);
    nothing_is_left(&it.marker).await;
}

#[tokio::test]
async fn the_connection_cut_without_a_word() {
    let it = running(|command| command).await;
    it._sshd.signal_connections(Os::SIGSTOP);
    let ((), status) = tokio::join!(nothing_is_left(&it.marker), it.run.process.wait());
    assert_eq!(status, ExitStatus::Disconnected);
}

#[tokio::test]
async fn the_server_stopped_midway() {
    let it = running(|command| command).await;
    let sshd = &it._sshd;
    let all: Vec<i32> = sshd.connections().into_iter().chain([sshd.pid()]).collect();
    for pid in all {
        // One that has ended meanwhile needs no signal.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Os::SIGTERM);
    }
    assert_eq!(it.run.process.wait().await, ExitStatus::Disconnected);
    nothing_is_left(&it.marker).await;
    let error = it.executor.run(Command::new("true")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "and then it is not there: {error}");
}

#[tokio::test]
async fn a_lost_connection_is_an_error_of_its_own() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    let running = tokio::spawn({
        let (executor, sleep) = (executor.clone(), marker.sleep());
        async move { executor.run(Command::shell(format!("echo so far; {sleep}"))).await }
    });
    marker.wait_for_sleeps(1).await;
    sshd.signal_connections(Os::SIGKILL);
    let error = running.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.status(), Some(ExitStatus::Disconnected));
    assert_eq!(error.output().unwrap().stdout.text(), "so far\n");
}

/// What the next test runs in a process of its own: the tree, until it is killed.
#[test]
#[ignore = "it is run by a test"]
fn run_the_tree_until_killed() {
    let [address, key, known_hosts, sleep] = ["ADDRESS", "KEY", "KNOWN_HOSTS", "SLEEP"]
        .map(|name| std::env::var(format!("REXEC_TEST_{name}")).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let port = address.parse().unwrap();
        let builder = SshBackend::builder("127.0.0.1").port(port).config_file("none");
        let backend = builder.key(key).known_hosts_file(known_hosts).connect().await.unwrap();
        let executor = Executor::new("test", backend);
        let script = format!("trap '' TERM HUP; setsid {sleep} & {sleep} & {sleep}; :");
        let run = executor.execute(Command::shell(script)).await.unwrap();
        println!("masters: {}", std::process::id());
        run.process.wait().await;
    });
}

#[tokio::test]
async fn rexec_killed() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "ends::run_the_tree_until_killed", "--nocapture"])
        .env("REXEC_TEST_ADDRESS", sshd.port().to_string())
        .env("REXEC_TEST_KEY", sshd.file("id"))
        .env("REXEC_TEST_KNOWN_HOSTS", sshd.file("known_hosts"))
        .env("REXEC_TEST_SLEEP", marker.sleep())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("masters: ")));
    marker.wait_for_sleeps(3).await;
    let connections = sshd.connections();
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&marker).await;
    let gone = || connections.iter().all(|&pid| !crate::support::marked::is_alive(pid as u32)).then_some(());
    assert!(wait_for(Duration::from_secs(5), gone).await.is_some(), "its connection is still there");
}

#[tokio::test]
async fn what_a_command_that_ended_leaves_goes_with_the_connection() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    executor.run(Command::shell(format!("setsid {} >/dev/null 2>&1 &", marker.sleep()))).await.unwrap();
    marker.wait_for_sleeps(1).await;
    drop(executor);
    nothing_is_left(&marker).await;
}

#[tokio::test]
async fn what_a_daemon_leaves_lives_on() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    let command = Command::shell(format!("setsid {} >/dev/null 2>&1 &", marker.sleep())).daemon();
    executor.run(command).await.unwrap();
    marker.wait_for_sleeps(1).await;
    drop(executor);
    let closed = wait_for(Duration::from_secs(10), || sshd.connections().is_empty().then_some(())).await;
    assert!(closed.is_some());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(marker.processes().len(), 1);
}

/// The one kind of child that the shim can't find: in a session of its own, and with an environment
/// of its own. A resident helper will.
#[tokio::test]
async fn what_has_left_its_session_and_its_environment_is_out_of_reach() {
    let (sshd, marker) = (Sshd::start(), Marker::new());
    let executor = executor(&sshd).await;
    let script = format!("env -i setsid {} >/dev/null 2>&1 & setsid {}", marker.sleep(), marker.sleep());
    let run = executor.execute(Command::shell(script)).await.unwrap();
    marker.wait_for_sleeps(2).await;
    run.process.kill().await.unwrap();
    run.process.wait().await;
    let left = wait_for(Duration::from_secs(5), || (marker.processes().len() == 1).then_some(())).await;
    assert!(left.is_some(), "{:?}", marker.left());
}
