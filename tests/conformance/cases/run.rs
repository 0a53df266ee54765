//! Programs, arguments, exit codes, and what can't be run.

use super::all_events;
use crate::host::TestHost;
use rexec::{Command, ErrorKind, ExitStatus, Job, Process, ProcessEvent};

pub async fn a_command_runs_and_its_output_is_collected(host: &impl TestHost) {
    let output = host.executor().run(Command::new("echo").arg("hello")).await.unwrap();
    assert_eq!(output.text(), "hello");
    assert_eq!(output.stdout.bytes(), b"hello\n");
    assert_eq!(output.status, ExitStatus::Exited(0));
    assert_eq!(output.command, "echo hello");
    assert_eq!(output.host, host.executor().host());
}

pub async fn an_exit_code_is_told_as_it_is(host: &impl TestHost) {
    for code in [0, 1, 2, 126, 127, 128, 143, 255] {
        let output = host.executor().output(Command::shell(format!("exit {code}"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Exited(code));
    }
    let error = host.executor().run(Command::shell("echo why >&2; exit 3")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Command);
    assert_eq!(error.status(), Some(ExitStatus::Exited(3)));
    assert_eq!(error.tail().as_deref(), Some("why"));
}

pub async fn the_command_says_which_codes_are_fine(host: &impl TestHost) {
    let executor = host.executor();
    let exit = |code: i32| Command::shell(format!("exit {code}"));
    assert!(executor.run(exit(7).unchecked()).await.is_ok());
    assert!(executor.run(exit(1).ok_codes([0, 1])).await.is_ok());
    let error = executor.run(exit(2).ok_codes([0, 1])).await.unwrap_err();
    assert_eq!(error.status(), Some(ExitStatus::Exited(2)));
    // A signal is no exit code, and never fine.
    let error = executor.run(Command::shell("kill -s KILL $$").unchecked()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Command);
}

pub async fn arguments_arrive_exactly_as_they_were_given(host: &impl TestHost) {
    let words =
        ["", "a b", "it's", "\"", "$HOME", "`id`", "-n", "--", "a\nb", "*", "\\", "caf\u{e9}", "~", "!"];
    let command = Command::new("printf").arg("<%s>\n").args(words);
    let output = host.executor().run(command).await.unwrap();
    let expected: String = words.iter().map(|word| format!("<{word}>\n")).collect();
    assert_eq!(output.stdout.text(), expected);
}

pub async fn an_argument_with_a_nul_byte_is_refused(host: &impl TestHost) {
    for command in
        [Command::new("echo").arg("a\0b"), Command::new("ec\0ho"), Command::new("echo").env("A", "\0")]
    {
        let error = host.executor().run(command).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains("NUL"), "{error}");
    }
}

pub async fn an_empty_program_is_refused(host: &impl TestHost) {
    let error = host.executor().run(Command::new("")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
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

pub async fn a_directory_that_is_not_there_is_not_found(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [dir.path().join("missing"), file] {
        let error = host.executor().run(Command::new("pwd").current_dir(&path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
}

pub async fn a_relative_program_is_looked_for_in_the_directory_of_the_command(host: &impl TestHost) {
    let dir = host.temp_dir();
    let script = dir.path().join("hello");
    std::fs::write(&script, "#!/bin/sh\necho \"$0 here\"\npwd -P\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let command = Command::new("./hello").current_dir(dir.path());
    let output = host.executor().run(command).await.unwrap();
    let lines = output.text();
    let (first, directory) = lines.split_once('\n').unwrap();
    assert!(first.ends_with("hello here"), "{first}");
    assert_eq!(std::path::Path::new(directory), dir.path().canonicalize().unwrap());
}

pub async fn the_first_event_tells_the_pid(host: &impl TestHost) {
    let mut run = host.executor().execute(Command::shell("echo $$")).await.unwrap();
    let events = all_events(&mut run.events).await;
    let ProcessEvent::Started { pid } = &events[0] else { panic!("{:?} came first", events[0]) };
    assert_eq!(*pid, run.process.pid());
    assert_eq!(events[1].line().unwrap().text(), pid.unwrap().to_string());
    assert_eq!(events[2], ProcessEvent::Exited(ExitStatus::Exited(0)));
    assert_eq!(events.len(), 3);
}

pub async fn sequences_go_by_success_and_failure(host: &impl TestHost) {
    let executor = host.executor();
    let echo = |text: &str| Job::from(Command::new("echo").arg(text));
    let fails = || Job::from(Command::new("false"));
    assert_eq!(executor.run(echo("a").then(echo("b"))).await.unwrap().text(), "b");
    assert_eq!(executor.run(fails().or_else(echo("c"))).await.unwrap().text(), "c");
    assert_eq!(executor.run(echo("a").or_else(echo("never"))).await.unwrap().text(), "a");
    let error = executor.run(fails().then(echo("never"))).await.unwrap_err();
    assert_eq!(error.status(), Some(ExitStatus::Exited(1)));
}
