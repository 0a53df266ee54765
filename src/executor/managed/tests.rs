//! Managed processes as data: on a mock, with time paused. `tests/process` has real ones.

use super::*;
use crate::{
    Command, ErrorKind, ExitStatus, MockBackend, ProcessEvent, Signal, Stopped,
    backend::mock::{Answer, MockBuilder},
    target::{Backoff, LinePattern, Readiness, RestartPolicy},
};
use std::{path::Path, time::Duration};
use tokio::{io::AsyncReadExt, time::Instant};

const SECOND: Duration = Duration::from_secs(1);

fn executor(mock: MockBuilder) -> Executor<MockBackend> {
    Executor::new("test", mock.build())
}

fn serving<I>(answers: I) -> Executor<MockBackend>
where
    I: IntoIterator<Item = Answer>,
{
    executor(MockBackend::builder().answers("serve", answers))
}

fn service() -> ManagedProcess {
    ManagedProcess::new("web", Command::new("serve")).backoff(Backoff::constant(SECOND))
}

fn up() -> Answer {
    Answer::text("listening\n").forever()
}

fn crash() -> Answer {
    Answer::new().stderr("out of luck\n").delay(SECOND).code(1)
}

fn on_line() -> Readiness {
    Readiness::Line(LinePattern::containing("listening"))
}

/// Everything that a follower is told, in short.
async fn told(follower: &mut Follower) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = follower.recv().await {
        told.push(match event {
            ManagedEvent::Process(ProcessEvent::Started { .. }) => "started".to_owned(),
            ManagedEvent::Process(ProcessEvent::Exited(status)) => status.to_string(),
            ManagedEvent::Process(event) => event.line().unwrap().text().into_owned(),
            ManagedEvent::Restarted { count, after } => format!("restart {count} after {after:?}"),
            ManagedEvent::Failed(error) => error.message().to_owned(),
            other => format!("{other:?}"),
        });
    }
    told
}

fn signals(executor: &Executor<MockBackend>) -> Vec<Vec<Signal>> {
    executor.backend().history().into_iter().map(|call| call.signals).collect()
}

#[tokio::test(start_paused = true)]
async fn it_starts_gets_ready_and_stops() {
    let executor = serving([up()]);
    let web = service().ready(on_line()).manage_on(&executor).unwrap();
    assert_eq!(web.status().state.name(), "stopped");
    web.start().await.unwrap();
    web.wait_ready().await.unwrap();
    assert!(web.pid().is_some());
    assert_eq!(web.stop().await.unwrap(), Stopped::Terminated);
    assert_eq!(web.status().state.name(), "stopped");
    assert_eq!((web.pid(), web.status().last_exit), (None, Some(ExitStatus::Signaled(Signal::Term))));
    assert_eq!(web.stop().await.unwrap(), Stopped::AlreadyEnded);
    let events = told(&mut web.follow()).await;
    assert_eq!(events, ["started", "listening", "Ready", "ended by signal TERM", "Stopped"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_start_changes_nothing() {
    let executor = serving([up()]);
    let web = service().start_on(&executor).await.unwrap();
    web.start().await.unwrap();
    assert_eq!(executor.backend().calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_restarted_after_the_backoff() {
    let executor = serving([crash(), up()]);
    let web = service().start_on(&executor).await.unwrap();
    let status = web.wait_for(|status| status.restarts == 1 && status.is_ready()).await.unwrap();
    assert_eq!(status.last_exit, Some(ExitStatus::Exited(1)));
    web.stop().await.unwrap();
    let events = told(&mut web.follow()).await;
    let expected = ["started", "out of luck", "Ready", "ended with exit code 1", "restart 1 after 1s"];
    assert_eq!(events[..5], expected);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_keeps_crashing_is_given_up() {
    let executor = serving([crash()]);
    let web = service().max_restarts(2).start_on(&executor).await.unwrap();
    let error = web.wait_for(|status| status.error().is_some()).await.unwrap().error().cloned().unwrap();
    assert_eq!(
        error.to_string(),
        "`web` was given up after 2 restarts within 60s: ended with exit code 1: `serve` on mock"
    );
    assert_eq!(error.tail().as_deref(), Some("out of luck"));
    assert_eq!(executor.backend().calls().len(), 3);
    assert_eq!(web.restarts(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_policy_restarts_depends_on_how_it_ended() {
    let cases = [
        (RestartPolicy::Never, 1, "failed"),
        (RestartPolicy::Never, 0, "stopped"),
        (RestartPolicy::OnFailure, 0, "stopped"),
        (RestartPolicy::OnFailure, 1, "backing_off"),
        (RestartPolicy::Always, 0, "backing_off"),
    ];
    for (policy, code, expected) in cases {
        let executor = serving([Answer::new().delay(SECOND).code(code)]);
        let web = service().restart(policy).start_on(&executor).await.unwrap();
        let ended = |status: &ManagedStatus| status.last_exit.is_some() && status.pid().is_none();
        let status = web.wait_for(ended).await.unwrap();
        assert_eq!(status.state.name(), expected, "{policy} after exit code {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_it_is_ready_is_told_at_once() {
    let started = Instant::now();
    let web = service().ready(on_line()).start_on(&serving([crash()])).await.unwrap();
    let error = web.wait_ready().await.unwrap_err();
    assert!(error.to_string().starts_with("`web` ended with exit code 1 before it was ready: `serve`"));
    assert_eq!(error.tail().as_deref(), Some("out of luck"));
    assert!(started.elapsed() < 2 * SECOND, "time is paused: only the crash's own second has passed");
}

#[tokio::test(start_paused = true)]
async fn readiness_that_never_comes_ends_the_process() {
    let executor = serving([Answer::text("still loading\n").forever()]);
    let web = service().ready(on_line()).ready_timeout(3 * SECOND).start_on(&executor).await.unwrap();
    let error = web.wait_ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.message(), "`web` was not ready after 3s, waiting for a line with `listening`");
    assert_eq!(error.tail().as_deref(), Some("still loading"));
    assert_eq!(signals(&executor), [[Signal::Term, Signal::Cont]]);
    assert_eq!(web.pid(), None);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_is_not_there_fails_the_start() {
    let executor = executor(MockBackend::builder());
    let web = service().manage_on(&executor).unwrap();
    assert_eq!(web.start().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(web.status().state.name(), "failed");
    assert_eq!(web.wait_ready().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn one_that_will_not_end_is_killed_after_its_grace() {
    let executor = serving([up().ignores(Signal::Quit)]);
    let stubborn = service().stop_signal(Signal::Quit).grace(2 * SECOND);
    let web = stubborn.start_on(&executor).await.unwrap();
    let started = Instant::now();
    assert_eq!(web.stop().await.unwrap(), Stopped::Killed);
    assert_eq!(started.elapsed(), 2 * SECOND);
    assert_eq!(signals(&executor), [[Signal::Quit, Signal::Cont, Signal::Kill]]);

    web.start().await.unwrap();
    let started = Instant::now();
    assert_eq!(web.stop_within(SECOND).await.unwrap(), Stopped::Killed);
    assert_eq!(started.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_stopped_while_it_waits_to_be_restarted() {
    let executor = serving([crash()]);
    let web = service().backoff(Backoff::constant(1000 * SECOND)).start_on(&executor).await.unwrap();
    web.wait_for(|status| status.state.name() == "backing_off").await.unwrap();
    assert_eq!(web.stop().await.unwrap(), Stopped::AlreadyEnded);
    tokio::time::sleep(2000 * SECOND).await;
    assert_eq!(executor.backend().calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_does_not_wait_for_the_backoff() {
    let executor = serving([crash(), up()]);
    let web = service().backoff(Backoff::constant(1000 * SECOND)).start_on(&executor).await.unwrap();
    web.wait_for(|status| status.state.name() == "backing_off").await.unwrap();
    let started = Instant::now();
    web.start().await.unwrap();
    web.wait_ready().await.unwrap();
    assert!(started.elapsed() < SECOND);
    assert_eq!(web.restarts(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_stopped_while_it_starts() {
    let executor = serving([Answer::new().forever()]);
    let web = service().ready(on_line()).start_on(&executor).await.unwrap();
    let waiting = web.clone();
    let waiting = tokio::spawn(async move { waiting.wait_ready().await });
    tokio::task::yield_now().await;
    assert_eq!(web.stop().await.unwrap(), Stopped::Terminated);
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.message(), "`web` does not run: it ended by signal TERM");
}

#[tokio::test(start_paused = true)]
async fn a_restart_stops_the_old_one_before_the_new_one_starts() {
    let executor = serving([up(), up()]);
    let web = service().ready(on_line()).start_on(&executor).await.unwrap();
    web.wait_ready().await.unwrap();
    let old = web.pid();
    let mut follower = web.follow();
    web.restart().await.unwrap();
    web.wait_ready().await.unwrap();
    assert_ne!(web.pid(), old);
    assert_eq!(web.restarts(), 0, "only restarts after a failure count");
    web.stop().await.unwrap();
    let events = told(&mut follower).await;
    assert_eq!(events[3..6], ["ended by signal TERM", "started", "listening"]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_sends_its_signal_to_what_runs() {
    let executor = serving([up().ignores(Signal::Usr1)]);
    let web = service().reload_signal(Signal::Usr1).manage_on(&executor).unwrap();
    let error = web.reload().await.unwrap_err();
    assert_eq!(error.message(), "`web` does not run");
    web.start().await.unwrap();
    web.reload().await.unwrap();
    assert_eq!(signals(&executor), [[Signal::Usr1]]);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_kills_it() {
    let executor = serving([up().ignores(Signal::Term)]);
    let web = service().start_on(&executor).await.unwrap();
    let other = web.clone();
    let mut follower = web.follow();
    drop(web);
    assert!(other.pid().is_some());
    drop(other);
    let events = told(&mut follower).await;
    assert_eq!(events.last().unwrap(), "cancelled");
    assert_eq!(signals(&executor), [[Signal::Kill]]);
}

#[tokio::test(start_paused = true)]
async fn a_pid_file_names_it_while_it_runs() {
    let executor = executor(MockBackend::builder().answer("serve", up()).file("/run/lock", ""));
    let files = executor.backend().files();
    let web = service().pid_file("/run/web.pid").start_on(&executor).await.unwrap();
    let mut text = String::new();
    let path = Path::new("/run/web.pid");
    files.read(path, 0).await.unwrap().read_to_string(&mut text).await.unwrap();
    assert_eq!(text, format!("{}\n", web.pid().unwrap()));
    web.stop().await.unwrap();
    assert_eq!(files.metadata(path).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_pid_file_of_another_process_that_runs_is_respected() {
    let host = |state: &str| {
        let stat = format!("77 (serve) {state} 1 77 77");
        let mock = MockBackend::builder().answer("serve", up()).file("/run/web.pid", "77\n");
        executor(mock.file("/proc/self/stat", "").file("/proc/77/stat", stat))
    };
    let start = async |state| service().pid_file("/run/web.pid").start_on(&host(state)).await;
    let error = start("S").await.unwrap_err();
    assert_eq!(error.message(), "the pid file /run/web.pid names process 77, which runs");
    assert!(start("Z").await.is_ok(), "it has ended: the file is stale");
}

#[tokio::test(start_paused = true)]
async fn a_pid_file_is_stale_where_its_process_is_gone() {
    let mock = MockBackend::builder().answer("serve", up()).file("/run/web.pid", "77\n");
    let linux = executor(mock.file("/proc/self/stat", ""));
    service().pid_file("/run/web.pid").start_on(&linux).await.unwrap();

    let mock = MockBackend::builder().answer("serve", up()).file("/run/web.pid", "77\n");
    let without_proc = executor(mock.answer("ps -p 77", Answer::new().code(1)));
    service().pid_file("/run/web.pid").start_on(&without_proc).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_pid_file_is_left_alone() {
    let executor = executor(MockBackend::builder().answer("serve", up()).file("/etc/passwd", "root:x:0"));
    let error = service().pid_file("/etc/passwd").start_on(&executor).await.unwrap_err();
    assert_eq!(error.message(), "the pid file /etc/passwd holds no process id");
    assert!(executor.backend().calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pid_file_that_cannot_be_written_leaves_nothing_running() {
    let executor = serving([up()]);
    let error = service().pid_file("/nowhere/web.pid").start_on(&executor).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(signals(&executor), [[Signal::Term, Signal::Cont]]);
}

#[tokio::test(start_paused = true)]
async fn a_command_tells_when_it_is_ready() {
    let mock = MockBackend::builder().answer("serve", up());
    let mock = mock.answers("curl *", [Answer::new().code(7), Answer::new().code(7), Answer::text("ok")]);
    let executor = executor(mock);
    let health = Readiness::Command(Command::new("curl").arg("http://localhost"));
    let web = service().ready(health).start_on(&executor).await.unwrap();
    web.wait_ready().await.unwrap();
    assert_eq!(executor.backend().calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_port_is_looked_up_in_the_hosts_own_list() {
    let line = |state| format!("0: 0100007F:1F90 00000000:0000 {state} 0:0\n");
    let mock = MockBackend::builder().answer("serve", up());
    let mock = mock.answers("cat /proc/net/tcp /proc/net/tcp6", [line("01"), line("0A")]);
    let executor = executor(mock);
    let web = service().ready(Readiness::Port(8080.into())).start_on(&executor).await.unwrap();
    web.wait_ready().await.unwrap();
    assert_eq!(executor.backend().calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_file_from_before_the_start_does_not_make_it_ready() {
    let executor = executor(MockBackend::builder().answer("serve", up()).file("/run/web.sock", "old"));
    let web = service().ready(Readiness::File("/run/web.sock".into())).start_on(&executor).await.unwrap();
    tokio::time::sleep(2 * SECOND).await;
    assert!(!web.status().is_ready());
    let files = executor.backend().files();
    let writer = files.write(Path::new("/run/web.sock"), &Default::default()).await.unwrap();
    writer.commit(None).await.unwrap();
    web.wait_ready().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changes_restarts_it() {
    let executor = executor(MockBackend::builder().answer("serve", up()).file("/etc/web/a.conf", "1"));
    let web = service().watch(["/etc/web"]).start_on(&executor).await.unwrap();
    let mut follower = web.follow();
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(executor.backend().calls().len(), 1);
    let files = executor.backend().files();
    let writer = files.write(Path::new("/etc/web/b.conf"), &Default::default()).await.unwrap();
    writer.commit(None).await.unwrap();
    while !matches!(follower.recv().await, Some(ManagedEvent::Changed { .. })) {}
    while !matches!(follower.recv().await, Some(ManagedEvent::Ready)) {}
    assert_eq!((executor.backend().calls().len(), web.restarts()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slow_follower_is_told_how_many_lines_it_missed() {
    let chatty = (0..1000).fold(Answer::new(), |answer, n| answer.stdout(format!("line {n}\n")));
    let executor = serving([chatty.forever()]);
    let web = service().kept_output(10_000).manage_on(&executor).unwrap();
    let mut slow = web.follow();
    web.start().await.unwrap();
    tokio::time::sleep(SECOND).await;
    web.stop().await.unwrap();
    let (mut lines, mut missed) = (0, 0);
    while let Some(event) = slow.recv().await {
        match event {
            ManagedEvent::Process(ProcessEvent::Stdout(_)) => lines += 1,
            ManagedEvent::Missed { lines } => missed += lines,
            _ => {}
        }
    }
    assert!(missed > 0 && lines > 0, "{lines} lines, {missed} missed");
    assert_eq!(lines + missed, 1000);
}

#[tokio::test(start_paused = true)]
async fn a_late_follower_begins_with_what_is_kept() {
    let chatty = (0..1000).fold(Answer::new(), |answer, n| answer.stdout(format!("line {n}\n")));
    let web = service().kept_output(10_000).start_on(&serving([chatty])).await.unwrap();
    web.wait_for(|status| status.last_exit.is_some()).await.unwrap();
    let events = told(&mut web.follow()).await;
    assert!(events.contains(&"line 999".to_owned()));
    assert!(events.len() < 500, "{} events", events.len());
}

#[tokio::test]
async fn what_is_detached_is_not_managed() {
    let detached = ManagedProcess::new("web", Command::new("serve").detach("web"));
    assert_eq!(detached.manage_on(&serving([up()])).unwrap_err().kind(), ErrorKind::Invalid);
}
