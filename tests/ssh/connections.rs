//! Connections: shared, as many as it takes, opened again when they were lost, closed at the end.

use crate::support::{sshd::Sshd, wait::wait_for};
use rexec::{Command, ErrorKind, Executor, SshBackend};
use std::time::Duration;

/// How many connections the server has.
fn count(sshd: &Sshd) -> usize {
    // Each is served by a process of its own, which without privileges to separate has no children.
    sshd.connections().iter().filter(|&&pid| parent(pid) == sshd.pid()).count()
}

fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let mut words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    words.nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

async fn run_at_once(executor: &Executor<SshBackend>, commands: usize, script: &str) {
    let runs = (0..commands).map(|number| {
        let (executor, script) = (executor.clone(), script.to_owned());
        tokio::spawn(async move {
            let command = Command::shell(script).arg("x").arg(number.to_string());
            assert_eq!(executor.run(command).await.unwrap().text(), number.to_string());
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_commands_than_a_connection_takes_wait_or_use_another() {
    let sshd = Sshd::start();
    let executor = crate::executor(&sshd).await;
    run_at_once(&executor, 60, "sleep 0.2; echo $1").await;
    assert!(count(&sshd) > 1, "one connection takes 10");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_allows_fewer_sessions_is_believed_and_nothing_fails() {
    for sessions in [2, 3, 5] {
        let sshd = Sshd::with(&format!("MaxSessions {sessions}\n"));
        let executor = crate::executor(&sshd).await;
        run_at_once(&executor, 24, "sleep 0.05; echo $1").await;
        run_at_once(&executor, 12, "echo $1").await;
    }
}

#[tokio::test]
async fn a_server_that_allows_one_session_only_is_told_to_be_too_narrow() {
    let sshd = Sshd::with("MaxSessions 1\n");
    let executor = crate::executor(&sshd).await;
    let error = executor.run(Command::new("true")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hint().unwrap().contains("MaxSessions"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_drops_connections_when_many_come_is_tried_again() {
    let sshd = Sshd::with("MaxStartups 2:50:4\n");
    let backends = (1..=12).map(|last| sshd.builder_at(&format!("127.0.0.{last}")));
    let runs = backends.map(|builder| {
        tokio::spawn(async move {
            let executor = Executor::new("test", builder.connect().await.unwrap());
            assert_eq!(executor.run(Command::new("echo").arg("x")).await.unwrap().text(), "x");
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
}

#[tokio::test]
async fn backends_with_the_same_settings_share_a_connection() {
    let sshd = Sshd::start();
    let first = sshd.builder().connect().await.unwrap();
    let second = sshd.builder().connect().await.unwrap();
    assert_eq!(count(&sshd), 1);
    let other = sshd.builder().compression(true).connect().await.unwrap();
    assert_eq!(count(&sshd), 2, "another setting is another connection");
    drop((first, second, other));
}

#[tokio::test]
async fn it_is_closed_with_the_last_handle_and_its_socket_removed() {
    let sshd = Sshd::start();
    let backend = sshd.builder().connect().await.unwrap();
    let clone = backend.clone();
    drop(backend);
    assert_eq!(count(&sshd), 1, "a clone is there");
    drop(clone);
    let closed = wait_for(Duration::from_secs(10), || (count(&sshd) == 0).then_some(())).await;
    assert!(closed.is_some(), "the connection is still there");
}

#[tokio::test]
async fn a_connection_that_was_lost_is_opened_again() {
    let sshd = Sshd::start();
    let executor = crate::executor(&sshd).await;
    executor.run(Command::new("true")).await.unwrap();
    sshd.signal_connections(nix::sys::signal::Signal::SIGKILL);
    // Until the loss is noticed a command may still be lost with it; none after that.
    let again = async || executor.run(Command::new("true")).await.ok();
    let mut works = None;
    for _ in 0..100 {
        works = again().await;
        if works.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(works.is_some());
    executor.run(Command::new("true")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_given_back_also_when_something_holds_their_pipes() {
    let sshd = Sshd::with("MaxSessions 4\n");
    let executor = crate::executor(&sshd).await;
    run_at_once(&executor, 20, "sleep 5 & echo $1").await;
}

#[tokio::test]
async fn a_jump_host_is_gone_through() {
    let (target, bastion) = (Sshd::start(), Sshd::start());
    // One file for both, since the option for the file holds for the target only.
    let config = format!(
        "Host bastion\nHostName 127.0.0.1\nPort {}\nIdentityFile {}\nUserKnownHostsFile {}\nUser {}\n",
        bastion.port(),
        bastion.file("id").display(),
        bastion.file("known_hosts").display(),
        crate::support::sshd::user(),
    );
    std::fs::write(target.file("jump_config"), config).unwrap();
    let builder = target.builder().config_file(target.file("jump_config")).jump(["bastion"]);
    let executor = Executor::new("test", builder.connect().await.unwrap());
    let output = executor.run(Command::shell("echo $SSH_CONNECTION")).await.unwrap();
    assert!(output.text().contains(&target.port().to_string()), "{}", output.text());
    assert_eq!(count(&bastion), 1);
}
