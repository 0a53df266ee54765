//! How commands end, as their host tells it.

use crate::{executor, support::sshd::Sshd};
use rexec::{Backend, Command, ErrorKind, ExitStatus, Process, Signal};
use std::time::Duration;

#[tokio::test]
async fn every_exit_code_is_an_exit_code() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    for code in [0, 1, 3, 126, 127].into_iter().chain(128..=165).chain([192, 193, 254, 255]) {
        let output = executor.output(Command::shell(format!("exit {code}"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Exited(code));
    }
}

#[tokio::test]
async fn every_signal_is_a_signal_and_says_which() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let signals = "HUP QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 ALRM TERM STKFLT XCPU XFSZ VTALRM PROF IO \
                   PWR SYS";
    for signal in signals.split_whitespace().map(|name| name.parse::<Signal>().unwrap()) {
        let script = format!("ulimit -c 0; kill -{} $$; sleep 10", signal.linux_number());
        let output = executor.output(Command::shell(script)).await.unwrap();
        assert_eq!(output.status, ExitStatus::Signaled(signal));
        assert_eq!(output.stderr.text(), "", "{signal}: what the shim's shell says is not the command's");
    }
}

#[tokio::test]
async fn a_signal_that_we_send_is_told_also_where_no_shell_can_know() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    for signal in [Signal::Int, Signal::Pipe, Signal::Term, Signal::RtMin(3), Signal::Hup] {
        let run = executor.execute(Command::new("sleep").arg("100")).await.unwrap();
        run.process.signal(signal).await.unwrap();
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(signal));
    }
}

#[tokio::test]
async fn a_program_that_ends_itself_with_130_when_it_is_interrupted_by_nobody_exits() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let run = executor.execute(Command::shell("trap 'exit 130' USR1; kill -USR1 $$")).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Exited(130));
}

#[tokio::test]
async fn a_program_whose_last_words_are_those_of_a_shell_is_not_mistaken() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let script = "sh -c 'kill -TERM $$'; status=$?; exit $status";
    let output = executor.output(Command::shell(script)).await.unwrap();
    assert_eq!(output.status, ExitStatus::Exited(143), "it exited, and what it ran was killed");
    assert_eq!(output.stderr.text(), "Terminated\n");
}

#[tokio::test]
async fn what_looks_like_a_record_of_the_shim_is_output() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let text = "\u{1e}0123456789abcdef X e 0\n\u{1e}0123456789abcdef E\n\u{1e}end";
    let output = executor.run(Command::new("printf").args(["%s", text])).await.unwrap();
    assert_eq!(output.stdout.text(), text);
}

#[tokio::test]
async fn what_a_login_shell_prints_before_the_command_is_not_its_output() {
    let sshd = Sshd::with("ForceCommand echo welcome; echo warning >&2; eval \"$SSH_ORIGINAL_COMMAND\"\n");
    let executor = executor(&sshd).await;
    let output = executor.run(Command::shell("echo out; echo err >&2")).await.unwrap();
    assert_eq!((output.stdout.text(), output.stderr.text()), ("out\n".into(), "err\n".into()));
}

#[tokio::test]
async fn a_host_that_runs_no_shell_says_what_it_does_instead() {
    let sshd = Sshd::with("ForceCommand echo 'This account is for mail only.'; exit 1\n");
    let error = sshd.builder().connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hint().unwrap().contains("for mail only"), "{error:?}");
}

#[tokio::test]
async fn arguments_and_environment_do_not_show_among_the_processes() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let command = Command::shell("cat /proc/$PPID/cmdline; tr '\\0' '\\n' </proc/$PPID/environ")
        .env("REXEC_TEST_PASSWORD", "hunter2");
    let output = executor.run(command).await.unwrap();
    assert!(output.text().contains("rexec-"), "it is the shim: {}", output.text());
    assert!(!output.text().contains("hunter2"));
}

#[tokio::test]
async fn long_argument_lists_arrive() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    // One shell text with all of them would be longer than the longest argument of Linux.
    let words = (0..40).map(|count| count.to_string().repeat(4000));
    let output =
        executor.run(Command::shell("printf '%s' \"$*\" | wc -c").arg("x").args(words)).await.unwrap();
    assert_eq!(output.text(), "280039");
}

#[tokio::test]
async fn variables_that_no_shell_can_set_are_set() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let command = Command::new("env").env("A.B-C", "1 2").env("IFS", ":").env("UID", "x").env_remove("PATH");
    let output = executor.run(command).await.unwrap();
    let lines = output.stdout.text();
    for line in ["A.B-C=1 2", "IFS=:", "UID=x"] {
        assert!(lines.lines().any(|found| found == line), "{line} is not in {lines}");
    }
    assert!(!lines.contains("PATH="));
}

#[tokio::test]
async fn nested_marks_add_up() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let command = Command::shell("printf %s \"$REXEC_COMMAND_ID\"").env("REXEC_COMMAND_ID", "outer");
    let mark = executor.run(command).await.unwrap().text();
    assert!(mark.starts_with("outer:") && mark.len() > 20, "{mark}");
}

#[tokio::test]
async fn a_stage_may_leave_something_in_the_background() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let script = Command::shell("sleep 30 >/dev/null & echo first; echo lost >&2");
    let output = executor.run(script.pipe(Command::new("cat"))).await.unwrap();
    assert_eq!(output.text(), "first");
    assert_eq!(output.stages[0].stderr.text(), "lost\n");
    assert!(output.duration < Duration::from_secs(20), "it was waited for");
}

#[tokio::test]
async fn it_prints_as_its_address() {
    let sshd = Sshd::start();
    let backend = sshd.builder_at("127.0.0.7").connect().await.unwrap();
    let user = crate::support::sshd::user();
    assert_eq!(Backend::host(&backend), format!("ssh://{user}@127.0.0.7:{}", sshd.port()));
}
