//! Programs, arguments, exit codes, and what can't be run.

use crate::host::TestHost;
use rexec::{Command, ErrorKind, ExitStatus};

pub async fn a_command_runs_and_its_output_is_collected(host: &impl TestHost) {
    let output = host.executor().run(Command::new("echo").arg("hello")).await.unwrap();
    assert_eq!(output.text(), "hello");
    assert_eq!(output.stdout.bytes(), b"hello\n");
    assert_eq!(output.status, ExitStatus::Exited(0));
    assert_eq!(output.command, "echo hello");
    assert_eq!(output.host, host.executor().host());
}

pub async fn an_exit_code_is_told_as_it_is(host: &impl TestHost) {
    for code in [0, 1, 2, 126, 127, 128, 255] {
        let output = host.executor().output(Command::shell(format!("exit {code}"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Exited(code));
    }
    let error = host.executor().run(Command::shell("echo why >&2; exit 3")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Command);
    assert_eq!(error.status(), Some(ExitStatus::Exited(3)));
    assert_eq!(error.tail().as_deref(), Some("why"));
}

pub async fn arguments_arrive_exactly_as_they_were_given(host: &impl TestHost) {
    let words =
        ["", "a b", "it's", "\"", "$HOME", "`id`", "-n", "--", "a\nb", "*", "\\", "caf\u{e9}", "~", "!"];
    let command = Command::new("printf").arg("<%s>\n").args(words);
    let output = host.executor().run(command).await.unwrap();
    let expected: String = words.iter().map(|word| format!("<{word}>\n")).collect();
    assert_eq!(output.stdout.text(), expected);
}

pub async fn a_program_that_is_not_there_is_not_found(host: &impl TestHost) {
    for program in ["no-such-program-anywhere", "/no/such/program", "./no-such-program"] {
        let error = host.executor().run(Command::new(program)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(program), "{error}");
        assert_eq!(error.status(), None);
    }
}

pub async fn a_file_that_is_not_executable_is_denied(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("notes.txt");
    std::fs::write(&file, "echo never").unwrap();
    for program in [file.as_path(), dir.path()] {
        let error = host.executor().run(Command::new(program)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
}
