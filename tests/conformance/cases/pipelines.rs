//! Commands joined by pipes on the host.

use super::{all_events, next_line};
use crate::{host::TestHost, support::marked::Marker};
use rexec::{Command, ErrorKind, ExitStatus, OutputTarget, Process, ProcessEvent, Signal, StdinSource};
use std::time::Duration;

const EXITED: fn(i32) -> ExitStatus = ExitStatus::Exited;

fn exit(code: i32) -> Command {
    Command::shell(format!("cat; exit {code}"))
}

pub async fn each_stage_reads_what_the_one_before_it_writes(host: &impl TestHost) {
    let pipeline =
        Command::new("printf").arg(r"b\na\nb\n").pipe(Command::new("sort")).pipe(Command::new("uniq"));
    let output = host.executor().run(pipeline).await.unwrap();
    assert_eq!(output.stdout.text(), "a\nb\n");
    assert_eq!(output.stages.len(), 3);
    assert!(output.stages.iter().all(|stage| stage.success()));
}

pub async fn the_rightmost_failure_counts_and_each_status_is_kept(host: &impl TestHost) {
    let pipeline = exit(3).pipe(exit(4)).pipe(exit(0));
    let error = host.executor().run(pipeline).await.unwrap_err();
    assert_eq!(error.status(), Some(EXITED(4)));
    let stages: Vec<_> = error.output().unwrap().stages.iter().map(|stage| stage.status).collect();
    assert_eq!(stages, [EXITED(3), EXITED(4), EXITED(0)]);
}

pub async fn a_stage_says_which_codes_are_fine(host: &impl TestHost) {
    let pipeline = exit(3).unchecked().pipe(exit(1).ok_codes([0, 1]));
    let output = host.executor().run(pipeline).await.unwrap();
    assert_eq!(output.status, EXITED(0));
    assert_eq!(output.stages[1].status, EXITED(1));
}

pub async fn the_end_of_a_stage_whose_reader_has_enough_is_no_failure(host: &impl TestHost) {
    let pipeline = Command::new("yes").pipe(Command::new("head").arg("-n1"));
    let output = host.executor().run(pipeline).await.unwrap();
    assert_eq!(output.text(), "y");
    assert_eq!(output.stages[0].status, ExitStatus::Signaled(Signal::Pipe));
}

pub async fn the_errors_of_each_stage_are_kept_apart(host: &impl TestHost) {
    let say = |text: &str| Command::shell(format!("echo {text} >&2; cat"));
    let output = host.executor().run(say("one").pipe(say("two")).pipe(say("three"))).await.unwrap();
    let texts: Vec<_> = output.stages.iter().map(|stage| stage.stderr.text()).collect();
    assert_eq!(texts, ["one\n", "two\n", "three\n"]);
    assert_eq!(output.stderr.total(), 14);
}

pub async fn a_merged_stage_sends_its_errors_down_the_pipe(host: &impl TestHost) {
    let pipeline = Command::shell("echo out; echo err >&2").merge_stderr().pipe(Command::new("cat"));
    assert_eq!(host.executor().run(pipeline).await.unwrap().stdout.text(), "out\nerr\n");
}

pub async fn the_first_stage_reads_the_input(host: &impl TestHost) {
    let pipeline = Command::new("cat").stdin_bytes("b\na\n").pipe(Command::new("sort"));
    assert_eq!(host.executor().run(pipeline).await.unwrap().stdout.text(), "a\nb\n");

    let pipeline = Command::new("cat").stdin(StdinSource::Piped).pipe(Command::new("cat"));
    let mut run = host.executor().execute_pipeline(pipeline).await.unwrap();
    let mut stdin = run.process.take_stdin().unwrap();
    stdin.write(b"through\n").await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "through");
}

pub async fn a_later_stage_can_not_be_given_input(host: &impl TestHost) {
    let pipeline = Command::new("true").pipe(Command::new("cat").stdin_bytes("x"));
    let error = host.executor().run(pipeline).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

pub async fn the_last_stage_can_write_to_a_file(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("sorted");
    let sort = Command::new("sort").stdout(OutputTarget::File(file.clone()));
    host.executor().run(Command::new("printf").arg(r"b\na\n").pipe(sort)).await.unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "a\nb\n");
}

pub async fn each_stage_has_its_own_directory_and_environment(host: &impl TestHost) {
    let dir = host.temp_dir();
    let first = Command::shell("pwd -P; echo $X").current_dir(dir.path()).env("X", "first");
    let second = Command::shell("cat; echo $X").env("X", "second");
    let text = host.executor().run(first.pipe(second)).await.unwrap().text();
    let expected = format!("{}\nfirst\nsecond", dir.path().canonicalize().unwrap().display());
    assert_eq!(text, expected);
}

pub async fn if_one_stage_is_not_there_none_is_left(host: &impl TestHost) {
    let marker = Marker::new();
    let pipeline =
        Command::new("sleep").arg(marker.to_string()).pipe(Command::new("no-such-program-anywhere"));
    let error = host.executor().run(pipeline).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("no-such-program-anywhere"), "{error}");
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn a_time_limit_of_one_stage_ends_the_whole(host: &impl TestHost) {
    let marker = Marker::new();
    let limit = Duration::from_millis(200);
    let sleep = || Command::new("sleep").arg(marker.to_string());
    let pipeline =
        sleep().timeout(Duration::from_secs(100)).pipe(sleep().timeout(limit)).pipe(Command::new("cat"));
    let error = host.executor().run(pipeline).await.unwrap_err();
    assert!(matches!(error.status(), Some(ExitStatus::TimedOut { limit: passed, .. }) if passed == limit));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}

pub async fn a_signal_reaches_every_stage(host: &impl TestHost) {
    let marker = Marker::new();
    let sleep = || Command::new("sleep").arg(marker.to_string());
    let run = host.executor().execute_pipeline(sleep().pipe(sleep()).pipe(sleep())).await.unwrap();
    marker.wait_for_sleeps(3).await;
    run.process.terminate().await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Term));
    assert_eq!(run.process.stage_statuses(), [ExitStatus::Signaled(Signal::Term); 3]);
}

pub async fn a_stage_may_end_before_the_others_start(host: &impl TestHost) {
    // The group is that of the first stage, which is gone at once.
    for _ in 0..20 {
        let pipeline = Command::new("true").pipe(Command::new("cat")).pipe(Command::shell("cat; echo end"));
        assert_eq!(host.executor().run(pipeline).await.unwrap().text(), "end");
    }
}

pub async fn much_goes_through_in_order(host: &impl TestHost) {
    let pipeline =
        Command::new("seq").arg("300000").pipe(Command::new("cat")).pipe(Command::new("tail").arg("-n1"));
    assert_eq!(host.executor().run(pipeline).await.unwrap().text(), "300000");
}

pub async fn its_events_begin_with_the_first_stage_and_end_once(host: &impl TestHost) {
    let pipeline = Command::shell("echo $$; exit 2").pipe(Command::new("cat"));
    let mut run = host.executor().execute_pipeline(pipeline).await.unwrap();
    let pid = run.process.pid();
    let events = all_events(&mut run.events).await;
    assert_eq!(events[0], ProcessEvent::Started { pid });
    assert_eq!(events[1].line().unwrap().text(), pid.unwrap().to_string());
    assert_eq!(events[2..], [ProcessEvent::Exited(EXITED(2))]);
}
