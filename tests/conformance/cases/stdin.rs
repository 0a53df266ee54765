//! What a command reads.

use super::next_line;
use crate::host::TestHost;
use rexec::{Command, ErrorKind, Process, StdinSource};

pub async fn without_input_it_reads_the_end_at_once(host: &impl TestHost) {
    let output = host.executor().run(Command::new("cat")).await.unwrap();
    assert_eq!(output.stdout.total(), 0);
    let output = host.executor().run(Command::new("cat").stdin_bytes("")).await.unwrap();
    assert_eq!(output.stdout.total(), 0);
}

pub async fn bytes_are_read_and_then_the_end(host: &impl TestHost) {
    let bytes = &b"one\ntwo\0\xff\nno newline"[..];
    let output = host.executor().run(Command::new("cat").stdin_bytes(bytes)).await.unwrap();
    assert_eq!(output.stdout.bytes(), bytes);
}

pub async fn a_large_input_is_fed_while_the_output_is_read(host: &impl TestHost) {
    // Written first and read later, this would wait for ever: neither fits into a pipe.
    let input: Vec<u8> = (0..3_000_000u32).map(|i| if i % 80 == 79 { b'\n' } else { b'x' }).collect();
    let output = host.executor().run(Command::new("cat").stdin_bytes(input.clone())).await.unwrap();
    assert_eq!(output.stdout.total(), input.len() as u64);
}

pub async fn input_that_nobody_reads_is_no_error(host: &impl TestHost) {
    let input = vec![b'x'; 3_000_000];
    assert!(host.executor().run(Command::new("true").stdin_bytes(input.clone())).await.unwrap().success());
    let command = Command::shell("exec <&-; echo closed").stdin_bytes(input);
    assert_eq!(host.executor().run(command).await.unwrap().text(), "closed");
}

pub async fn an_owner_can_write_while_it_runs(host: &impl TestHost) {
    let command = Command::shell("while read -r line; do echo \"<$line>\"; done; echo end");
    let mut run = host.executor().execute(command.stdin(StdinSource::Piped)).await.unwrap();
    let mut stdin = run.process.take_stdin().unwrap();
    assert!(run.process.take_stdin().is_none(), "it is given once");
    for word in ["a", "b"] {
        stdin.write(format!("{word}\n").as_bytes()).await.unwrap();
        assert_eq!(next_line(&mut run.events).await, format!("<{word}>"));
    }
    stdin.close().await.unwrap();
    assert_eq!(next_line(&mut run.events).await, "end");
    assert!(run.process.wait().await.success());
}

pub async fn a_dropped_input_ends(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::new("cat").stdin(StdinSource::Piped)).await.unwrap();
    drop(run.process.take_stdin());
    assert!(run.process.wait().await.success());
}

pub async fn writing_to_what_has_ended_is_an_error(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::new("true").stdin(StdinSource::Piped)).await.unwrap();
    let mut stdin = run.process.take_stdin().unwrap();
    run.process.wait().await;
    // One write may still go into a buffer on the way; the end is noticed by the next ones.
    let block = vec![b'x'; 1 << 20];
    let error = loop {
        if let Err(error) = stdin.write(&block).await {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Io);
}

pub async fn a_file_is_read_from_the_directory_of_the_command(host: &impl TestHost) {
    let dir = host.temp_dir();
    std::fs::write(dir.path().join("input"), "from a file\n").unwrap();
    let command = Command::new("cat").current_dir(dir.path());
    let output = host.executor().run(command.clone().stdin(StdinSource::File("input".into()))).await.unwrap();
    assert_eq!(output.text(), "from a file");
    let missing = command.stdin(StdinSource::File("missing".into()));
    let error = host.executor().run(missing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
}
