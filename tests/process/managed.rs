//! Managed processes on this machine: real ones, with children, ports, files and crashes.

use crate::support::marked::{Marker, SOON, is_alive};
use rexec::{
    Command, ErrorKind, Executor, ManagedEvent, ManagedHandle, ProcessEvent, Stopped,
    executor::Follower,
    target::{Backoff, LinePattern, ManagedProcess, Readiness},
};
use std::{fs, future::Future, net::TcpListener, time::Duration};

const MOMENT: Duration = Duration::from_millis(20);

fn service(text: impl AsRef<str>) -> ManagedProcess {
    let service = ManagedProcess::new("service", Command::shell(text.as_ref()));
    service.backoff(Backoff::constant(MOMENT)).grace(Duration::from_millis(500))
}

async fn start(service: ManagedProcess) -> ManagedHandle {
    service.start_on(&Executor::local("test")).await.unwrap()
}

fn line(text: &str) -> Readiness {
    Readiness::Line(LinePattern::containing(text))
}

/// A wait that is no wait any longer when it hangs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it comes soon or never")
}

async fn next_line(follower: &mut Follower) -> String {
    loop {
        let event = soon(follower.recv()).await.expect("a line comes before the end");
        if let ManagedEvent::Process(ProcessEvent::Stdout(line)) = event {
            return line.text().into_owned();
        }
    }
}

#[tokio::test]
async fn stop_ends_it_with_its_children() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let tree =
        format!("{sleep} & setsid {sleep} & (setsid {sleep} &) ; trap '' TERM; echo up; {sleep}; {sleep}");
    let service = start(service(tree).ready(line("up"))).await;
    soon(service.wait_ready()).await.unwrap();
    marker.wait_for(5).await;
    assert_eq!(soon(service.stop()).await.unwrap(), Stopped::Killed);
    assert!(marker.processes().is_empty(), "stop comes back when they are gone");
}

#[tokio::test]
async fn a_dropped_handle_leaves_nothing() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let service =
        start(service(format!("{sleep} & setsid {sleep} & echo up; {sleep}")).ready(line("up"))).await;
    soon(service.wait_ready()).await.unwrap();
    drop(service);
    marker.wait_for(0).await;
}

#[test]
fn a_runtime_that_ends_leaves_nothing() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let handle = runtime.block_on(start(service(format!("{sleep} & {sleep}"))));
    runtime.block_on(marker.wait_for(3));
    runtime.shutdown_timeout(SOON);
    assert!(handle.status().pid().is_some(), "nobody was there to note its end");
    tokio::runtime::Runtime::new().unwrap().block_on(marker.wait_for(0));
}

#[tokio::test]
async fn what_it_left_in_the_background_is_gone_before_it_is_restarted() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let service = service(format!("{sleep} & setsid {sleep} & exit 1")).max_restarts(3);
    let service = start(service).await;
    let mut follower = service.follow();
    let mut restarts = 0;
    while let Some(event) = soon(follower.recv()).await {
        if let ManagedEvent::Restarted { .. } | ManagedEvent::Failed(_) = event {
            restarts += 1;
        }
    }
    assert_eq!(restarts, 4);
    assert!(marker.processes().is_empty());
}

#[tokio::test]
async fn readiness_that_never_comes_leaves_nothing() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let service = service(format!("echo loading; setsid {sleep} & {sleep}"));
    let service = start(service.ready(line("never")).ready_timeout(Duration::from_millis(300))).await;
    let error = soon(service.wait_ready()).await.unwrap_err();
    assert_eq!((error.kind(), error.tail().as_deref()), (ErrorKind::Timeout, Some("loading")));
    assert!(marker.processes().is_empty());
}

#[tokio::test]
async fn a_crash_before_it_is_ready_is_told_at_once() {
    let service = service("echo why >&2; exit 7").ready(Readiness::Port(1.into())).ready_timeout(100 * SOON);
    let error = soon(start(service).await.wait_ready()).await.unwrap_err();
    assert!(error.message().contains("ended with exit code 7 before it was ready"), "{error}");
    assert_eq!(error.tail().as_deref(), Some("why"));
}

#[tokio::test]
async fn a_port_that_takes_connections_makes_it_ready() {
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = reserved.local_addr().unwrap().port();
    drop(reserved);
    let marker = Marker::new();
    let service = start(service(marker.sleep()).ready(Readiness::Port(port.into()))).await;
    marker.wait_for(2).await;
    assert!(!service.status().is_ready());
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    soon(service.wait_ready()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_it_makes_anew_makes_it_ready() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ready"), "from before").unwrap();
    let marker = Marker::new();
    let command = Command::shell(format!("read go < go; echo $$ > ready; {}", marker.sleep()));
    let service = ManagedProcess::new("service", command.current_dir(folder.path()));
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("go")).status().unwrap().success());
    let service = start(service.ready(Readiness::File("ready".into()))).await;
    let early = tokio::time::timeout(Duration::from_millis(300), service.wait_ready()).await;
    assert!(early.is_err(), "the old file is no sign of the new process");
    let go = folder.path().join("go");
    tokio::task::spawn_blocking(|| fs::write(go, "go\n")).await.unwrap().unwrap();
    soon(service.wait_ready()).await.unwrap();
}

#[tokio::test]
async fn a_command_that_succeeds_makes_it_ready() {
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("flag");
    let marker = Marker::new();
    let service = service(format!("touch {}; {}", flag.display(), marker.sleep()));
    let service = start(service.ready(Readiness::Command(Command::new("test").arg("-e").arg(&flag)))).await;
    soon(service.wait_ready()).await.unwrap();
    assert!(flag.exists());
}

#[tokio::test]
async fn reload_reaches_the_program() {
    let text = "trap 'echo reloaded' HUP; echo up; while :; do sleep 0.05; done";
    let service = start(service(text).ready(line("up"))).await;
    soon(service.wait_ready()).await.unwrap();
    let mut follower = service.follow();
    assert_eq!(next_line(&mut follower).await, "up");
    service.reload().await.unwrap();
    assert_eq!(next_line(&mut follower).await, "reloaded");
    soon(service.stop()).await.unwrap();
}

#[tokio::test]
async fn a_pid_file_is_there_while_it_runs_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.pid");
    let marker = Marker::new();
    let service = start(service(format!("exec {}", marker.sleep())).pid_file(&path)).await;
    let pid = service.pid().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{pid}\n"));
    marker.wait_for(1).await;
    assert_eq!(marker.processes(), [pid]);
    soon(service.stop()).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_pid_file_of_a_process_that_runs_is_refused_and_a_stale_one_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.pid");
    let marker = Marker::new();
    let managed = service(marker.sleep()).pid_file(&path).manage_on(&Executor::local("test")).unwrap();

    let me = std::process::id();
    fs::write(&path, format!("{me}\n")).unwrap();
    let error = soon(managed.start()).await.unwrap_err();
    assert!(error.message().contains(&format!("names process {me}, which runs")), "{error}");
    assert!(marker.processes().is_empty());

    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    assert!(!is_alive(child.id()));
    fs::write(&path, format!("{}\n", child.id())).unwrap();
    soon(managed.start()).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", managed.pid().unwrap()));
}

#[tokio::test]
async fn a_changed_file_restarts_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "one").unwrap();
    let text = format!("cat {}; echo; exec sleep 1000", config.display());
    let service = start(service(text).watch([&config])).await;
    let mut follower = service.follow();
    assert_eq!(next_line(&mut follower).await, "one");
    fs::write(&config, "two, which is longer").unwrap();
    assert_eq!(next_line(&mut follower).await, "two, which is longer");
    assert_eq!(service.restarts(), 0);
    soon(service.stop()).await.unwrap();
}

#[tokio::test]
async fn a_follower_that_does_not_read_holds_nobody_up() {
    const LINES: u64 = 200_000;
    let service = service(format!("seq {LINES}; echo done; exec sleep 1000")).ready(line("done"));
    let service = start(service.ready_timeout(10 * SOON)).await;
    let mut follower = service.follow();
    service.wait_ready().await.unwrap();
    let (mut lines, mut missed) = (0, 0);
    loop {
        match soon(follower.recv()).await.unwrap() {
            ManagedEvent::Process(ProcessEvent::Stdout(line)) if line.text() == "done" => break,
            ManagedEvent::Process(ProcessEvent::Stdout(_)) => lines += 1,
            ManagedEvent::Missed { lines } => missed += lines,
            _ => {}
        }
    }
    assert_eq!(lines + missed, LINES);
    assert!(missed > 0, "what is kept is far less than what was written");
    soon(service.stop()).await.unwrap();
}
