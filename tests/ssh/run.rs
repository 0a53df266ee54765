//! Commands, their output, and how they end.

use crate::support::sshd::Sshd;
use rexec::{Command, Executor, ExitStatus, Signal, SshBackend};

async fn executor(sshd: &Sshd) -> Executor<SshBackend> {
    Executor::new("test", sshd.builder().connect().await.unwrap())
}

#[tokio::test]
async fn a_command_runs_and_its_output_is_collected() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    let output = executor.run(Command::new("echo").arg("hello")).await.unwrap();
    assert_eq!(output.stdout.bytes(), b"hello\n");
    assert_eq!(output.stderr.bytes(), b"");
    assert_eq!(output.status, ExitStatus::Exited(0));
}

#[tokio::test]
async fn every_exit_code_is_an_exit_code_and_every_signal_a_signal() {
    let sshd = Sshd::start();
    let executor = executor(&sshd).await;
    for code in [0, 1, 3, 126, 127, 128, 129, 130, 137, 141, 143, 159, 254, 255] {
        let output = executor.output(Command::shell(format!("exit {code}"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Exited(code));
    }
    for signal in
        [Signal::Hup, Signal::Quit, Signal::Kill, Signal::Segv, Signal::Term, Signal::Usr1, Signal::Abrt]
    {
        let output = executor.output(Command::shell(format!("kill -{signal} $$"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Signaled(signal));
        assert_eq!(output.stderr.text(), "");
    }
}
