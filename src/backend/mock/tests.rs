//! The mock as its users meet it. Time is paused: what waits, waits no real time.

use super::*;
use crate::{
    Executor, ExitStatus, OutputTarget, Process, ProcessEvent, Signal, StdinSource, Stopped,
    backend::WriteOptions,
};
use std::{path::Path, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LONG: Duration = Duration::from_secs(3600);

fn mock(key: &str, answer: impl Into<Answer>) -> Executor<MockBackend> {
    Executor::new("test", MockBackend::builder().answer(key, answer).build())
}

fn stubborn() -> Answer {
    Answer::text("up\n").forever().ignores(Signal::Term)
}

#[tokio::test]
async fn what_nothing_fits_is_not_found_and_remembered() {
    let executor = mock("df *", "ok");
    let error = executor.run(Command::new("rm").arg("a b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "the mock has no answer that fits: `rm 'a b'` on mock");
    assert_eq!(error.hint(), Some("the keys of its answers are: `df *`"));
    assert_eq!(executor.backend().calls(), [Command::new("rm").arg("a b")]);
}

#[tokio::test]
async fn events_come_in_the_order_of_the_steps() {
    let answer = Answer::new().stdout("a\nb").stderr("x\n").stdout("c").code(3);
    let mut run = mock("x", answer).execute(Command::new("x")).await.unwrap();
    let mut told = Vec::new();
    while let Some(event) = run.events.recv().await {
        told.push(match &event {
            ProcessEvent::Started { pid } => format!("started {}", pid.is_some()),
            ProcessEvent::Stdout(line) => format!("out {}", line.text()),
            ProcessEvent::Stderr(line) => format!("err {}", line.text()),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(told, ["started true", "out a", "err x", "out bc", "Exited(Exited(3))"]);
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_ends_a_slow_answer_and_says_so() {
    let executor = mock("x", Answer::text("early\n").delay(LONG));
    let error = executor.run(Command::new("x").timeout(Duration::from_secs(2))).await.unwrap_err();
    let status = ExitStatus::TimedOut { limit: Duration::from_secs(2), signal: Some(Signal::Term) };
    assert_eq!(error.status(), Some(status));
    assert_eq!(error.tail().as_deref(), Some("early"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ignores_term_has_to_be_killed() {
    let run = mock("x", stubborn()).execute(Command::new("x")).await.unwrap();
    assert_eq!(run.process.stop(Duration::from_secs(5)).await.unwrap(), Stopped::Killed);
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_an_answer_unless_it_ignores_it() {
    let executor = mock("x", Answer::new().forever().ignores(Signal::Hup));
    let run = executor.execute(Command::new("x")).await.unwrap();
    run.process.reload().await.unwrap();
    run.process.interrupt().await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Int));
    assert_eq!(executor.backend().history()[0].signals, [Signal::Hup, Signal::Int]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_answer_takes_its_term_when_it_goes_on() {
    let run = mock("x", Answer::new().delay(LONG)).execute(Command::new("x")).await.unwrap();
    run.process.signal(Signal::Stop).await.unwrap();
    run.process.terminate().await.unwrap();
    tokio::time::sleep(2 * LONG).await;
    assert_eq!(run.process.try_wait(), None);
    run.process.signal(Signal::Cont).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
}

#[tokio::test]
async fn a_dropped_process_is_killed() {
    let executor = mock("x", stubborn());
    let run = executor.execute(Command::new("x")).await.unwrap();
    let waiter = run.process.waiter();
    drop(run.process);
    assert_eq!(waiter.await, ExitStatus::Cancelled);
    assert_eq!(executor.backend().history()[0].signals, [Signal::Kill]);
}

#[tokio::test]
async fn a_reader_that_stops_reading_holds_it_up_and_can_still_kill_it() {
    let answer = (0..100).fold(Answer::new(), |answer, _| answer.stdout("line\n"));
    let mut run = mock("x", answer).execute(Command::new("x")).await.unwrap();
    run.events.recv().await.unwrap();
    assert_eq!(run.process.try_wait(), None);
    run.process.kill().await.unwrap();
    let reading = async { while run.events.recv().await.is_some() {} };
    let (status, ()) = tokio::join!(run.process.wait(), reading);
    assert_eq!(status, ExitStatus::Signaled(Signal::Kill));
}

#[tokio::test]
async fn a_pipeline_is_looked_up_as_a_whole_and_then_by_stage() {
    let backend = MockBackend::builder()
        .answer("ps", "a\nb\n")
        .answer("grep *", Answer::text("a\n").stderr("careful\n"))
        .answer("*", "never")
        .answer("ps | wc *", "2\n")
        .build();
    let executor = Executor::new("test", backend.clone());
    let whole = Command::new("ps").pipe(Command::new("wc").arg("-l"));
    assert_eq!(executor.run(whole).await.unwrap().text(), "2");
    let stages = Command::new("ps").pipe(Command::new("grep").arg("a"));
    let output = executor.run(stages).await.unwrap();
    assert_eq!((output.text(), output.stderr.text()), ("a".to_owned(), "careful\n".to_owned()));
    assert_eq!(output.stages.len(), 2);
    assert_eq!(backend.history()[3].stdin.text(), "a\nb\n", "what ps wrote, grep was given");
}

#[tokio::test]
async fn what_it_is_given_to_read_is_remembered() {
    let executor = mock("cat", "");
    executor.run(Command::new("cat").stdin_bytes("one")).await.unwrap();
    let mut run = executor.execute(Command::new("cat").stdin(StdinSource::Piped)).await.unwrap();
    let mut stdin = run.process.take_stdin().unwrap();
    stdin.write(b"two").await.unwrap();
    stdin.close().await.unwrap();
    let read: Vec<_> = executor.backend().history().iter().map(|call| call.stdin.text()).collect();
    assert_eq!(read, ["one", "two"]);
}

#[tokio::test]
async fn redirects_go_to_and_from_files_in_memory() {
    let backend = MockBackend::builder().answer("sort", "a\nb\n").file("/srv/in", "b\na\n").build();
    let executor = Executor::new("test", backend.clone());
    let sort = Command::new("sort").current_dir("/srv").stdin(StdinSource::File("in".into()));
    let output = executor.run(sort.clone().stdout(OutputTarget::File("out".into()))).await.unwrap();
    assert_eq!(output.text(), "");
    assert_eq!(backend.history()[0].stdin.text(), "b\na\n");
    let mut text = String::new();
    let mut reader = backend.files().read(Path::new("/srv/out"), 2).await.unwrap();
    reader.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "b\n");

    let missing = sort.stdin(StdinSource::File("nowhere".into()));
    assert_eq!(executor.run(missing).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_atomic_write_shows_nothing_until_it_is_committed() {
    let backend = MockBackend::builder().file("/etc/motd", "old").build();
    let files = backend.files();
    let (path, options) = (Path::new("/etc/motd"), WriteOptions::default());
    let size = async || files.metadata(path).await.unwrap().unwrap().size;
    let mut writer = files.write(path, &options).await.unwrap();
    writer.write_all(b"longer").await.unwrap();
    assert_eq!(size().await, 3);
    drop(writer);
    assert_eq!(size().await, 3);
    let mut writer = files.write(path, &options).await.unwrap();
    writer.write_all(b"longer").await.unwrap();
    writer.commit(None).await.unwrap();
    assert_eq!(size().await, 6);
}

#[tokio::test]
async fn it_refuses_what_it_is_told_it_cannot_do() {
    let plain = Capabilities::all().without(crate::Capability::Tty);
    let backend = MockBackend::builder().answer("*", "").capabilities(plain).named("web1").build();
    let error = Executor::new("test", backend).run(Command::new("top").tty()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.host(), Some("mock://web1"));
}

#[tokio::test]
async fn an_error_for_an_answer_means_that_nothing_ran() {
    let refused = Error::new(ErrorKind::Connect, "connection refused");
    let error = mock("*", Answer::error(refused)).run(Command::new("uptime")).await.unwrap_err();
    assert_eq!(error.to_string(), "connection refused: `uptime` on mock");
}
