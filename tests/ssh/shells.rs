//! Whatever shell the user has there, and whatever `/bin/sh` is.

use crate::{executor, support::sshd::Sshd};
use rexec::{Command, ErrorKind, Executor, ExitStatus, Process, Signal, SshBackend};

macro_rules! shells {
    ($of:ident { $($name:ident: $shell:expr),* $(,)? }) => {
        $(#[tokio::test]
        async fn $name() {
            everything_works(&executor(&Sshd::$of($shell)).await).await;
        })*
    };
}

mod as_the_login_shell {
    use super::*;

    shells! { with_login_shell {
        sh: "sh",
        bash: "bash",
        dash: "dash",
        busybox_ash: "busybox ash",
        fish: "fish",
        tcsh: "tcsh",
    }}
}

/// These need root, for a mount namespace in which `/bin/sh` is another program.
mod as_bin_sh {
    use super::*;

    shells! { with_sh {
        bash: "/bin/bash",
        dash: "/bin/dash",
        busybox: "/bin/busybox",
    }}
}

async fn everything_works(executor: &Executor<SshBackend>) {
    words_arrive(executor).await;
    variables_and_directory_arrive(executor).await;
    input_arrives(executor).await;
    ends_are_exact(executor).await;
    signals_arrive(executor).await;
    pipelines_work(executor).await;
    what_can_not_run_is_told(executor).await;
}

const NASTY: [&str; 16] = [
    "",
    "a b",
    "it's",
    "\"",
    "$HOME",
    "`id`",
    "-n",
    "a\nb\n",
    "*",
    "\\",
    "\\n",
    "!x",
    "~",
    "{a,b}",
    "caf\u{e9}",
    "^%#",
];

async fn words_arrive(executor: &Executor<SshBackend>) {
    let output = executor.run(Command::new("printf").arg("<%s>").args(NASTY)).await.unwrap();
    assert_eq!(output.stdout.text(), NASTY.map(|word| format!("<{word}>")).concat());
}

async fn variables_and_directory_arrive(executor: &Executor<SshBackend>) {
    for value in NASTY {
        let command = Command::shell("printf '%s' \"$X\"; pwd").env("X", value).current_dir("/usr");
        assert_eq!(executor.run(command).await.unwrap().stdout.text(), format!("{value}/usr\n"));
    }
}

async fn input_arrives(executor: &Executor<SshBackend>) {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let output = executor.run(Command::new("cat").stdin_bytes(bytes.clone())).await.unwrap();
    assert_eq!(output.stdout.bytes(), bytes);
    assert_eq!(executor.run(Command::new("cat")).await.unwrap().stdout.total(), 0);
}

async fn ends_are_exact(executor: &Executor<SshBackend>) {
    for code in [0, 1, 126, 127, 128, 129, 130, 137, 141, 143, 255] {
        let output = executor.output(Command::shell(format!("exit {code}"))).await.unwrap();
        assert_eq!(output.status, ExitStatus::Exited(code));
    }
    for signal in [Signal::Hup, Signal::Kill, Signal::Segv, Signal::Term] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let output = executor.output(Command::shell(script)).await.unwrap();
        assert_eq!(output.status, ExitStatus::Signaled(signal));
        assert_eq!(output.stderr.text(), "");
    }
}

async fn signals_arrive(executor: &Executor<SshBackend>) {
    for signal in [Signal::Int, Signal::Usr1, Signal::RtMin(5), Signal::Term] {
        let run = executor.execute(Command::new("sleep").arg("100")).await.unwrap();
        run.process.signal(signal).await.unwrap();
        assert_eq!(run.process.wait().await, ExitStatus::Signaled(signal));
    }
}

async fn pipelines_work(executor: &Executor<SshBackend>) {
    let pipeline =
        Command::shell("echo one >&2; echo out; exit 143").pipe(Command::shell("cat; kill -TERM $$"));
    let output = executor.output(pipeline).await.unwrap();
    assert_eq!(output.text(), "out");
    assert_eq!(output.status, ExitStatus::Signaled(Signal::Term));
    assert_eq!(output.stages[0].status, ExitStatus::Exited(143));
    assert_eq!(output.stages[0].stderr.text(), "one\n");
}

async fn what_can_not_run_is_told(executor: &Executor<SshBackend>) {
    let kind = async |command: Command| executor.run(command).await.unwrap_err().kind();
    assert_eq!(kind(Command::new("no-such-program")).await, ErrorKind::NotFound);
    assert_eq!(kind(Command::new("/etc/passwd")).await, ErrorKind::Denied);
    assert_eq!(kind(Command::new("true").current_dir("/no/such")).await, ErrorKind::NotFound);
    assert_eq!(kind(Command::shell("exit 127")).await, ErrorKind::Command);
}
