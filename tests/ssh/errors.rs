//! Hosts that can't be reached, and what a person can do about it.

use crate::support::sshd::Sshd;
use rexec::{Error, ErrorKind, KnownHosts, SshBackend};
use std::{
    net::{TcpListener, TcpStream},
    time::Duration,
};

/// The error's kind, with what it says in message and hint.
fn told(error: &Error) -> (ErrorKind, String) {
    (error.kind(), format!("{}; {}", error.message(), error.hint().unwrap_or_default()))
}

#[tokio::test]
async fn an_unknown_name_is_said_to_be_one() {
    let error = SshBackend::builder("no-such-host.invalid").config_file("none").connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.contains("no host is known by the name `no-such-host.invalid`"), "{text}");
    assert_eq!(error.host(), Some("ssh://no-such-host.invalid"));
}

#[tokio::test]
async fn a_refused_connection_names_the_port() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = SshBackend::builder("127.0.0.1").port(port).config_file("none").connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.contains("refused") && text.contains(&port.to_string()), "{text}");
}

#[tokio::test]
async fn a_host_that_takes_the_connection_and_says_nothing_times_out() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let builder = SshBackend::builder("127.0.0.1").port(silent.local_addr().unwrap().port());
    let error =
        builder.config_file("none").connect_timeout(Duration::from_secs(1)).connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.contains("said nothing for 1s"), "{text}");
}

#[tokio::test]
async fn a_host_that_does_not_answer_times_out() {
    // A listener whose queue is full: the system answers to nothing more.
    let full = socket_that_takes_nobody();
    let builder = SshBackend::builder("127.0.0.1").port(full.listener.local_addr().unwrap().port());
    let error =
        builder.config_file("none").connect_timeout(Duration::from_secs(1)).connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.contains("timed out"), "{text}");
}

struct Full {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

fn socket_that_takes_nobody() -> Full {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
    let waiting = std::iter::from_fn(connect).collect();
    Full { listener, _waiting: waiting }
}

#[tokio::test]
async fn an_unknown_host_key_is_refused_and_named_with_how_to_accept_it() {
    let sshd = Sshd::start();
    std::fs::write(sshd.file("known_hosts"), "").unwrap();
    for policy in [KnownHosts::AsConfigured, KnownHosts::Strict] {
        let error = sshd.builder().known_hosts(policy).connect().await.unwrap_err();
        let (kind, text) = told(&error);
        assert_eq!(kind, ErrorKind::Denied);
        assert!(text.contains("not known") && text.contains("ssh-ed25519 SHA256:"), "{text}");
        assert!(text.contains("accept-new"), "{text}");
    }
    assert_eq!(std::fs::read_to_string(sshd.file("known_hosts")).unwrap(), "", "nothing was added");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_and_named_with_how_to_accept_it() {
    let sshd = Sshd::start();
    sshd.write_known_hosts("other_host.pub");
    for policy in [KnownHosts::AsConfigured, KnownHosts::Strict, KnownHosts::AcceptNew] {
        let error = sshd.builder().known_hosts(policy).connect().await.unwrap_err();
        let (kind, text) = told(&error);
        assert_eq!(kind, ErrorKind::Denied);
        assert!(text.contains("has changed") && text.contains("ssh-ed25519 SHA256:"), "{text}");
        assert!(text.contains("known_hosts:1"), "{text}");
        assert!(text.contains("ssh-keygen") && text.contains("-R"), "{text}");
    }
}

#[tokio::test]
async fn a_new_host_key_can_be_accepted_and_is_then_known() {
    let sshd = Sshd::start();
    std::fs::write(sshd.file("known_hosts"), "").unwrap();
    drop(sshd.builder().known_hosts(KnownHosts::AcceptNew).connect().await.unwrap());
    sshd.builder().known_hosts(KnownHosts::Strict).connect().await.unwrap();
}

#[tokio::test]
async fn keys_that_are_not_accepted_are_named() {
    let sshd = Sshd::start();
    let other = sshd.file("other");
    let builder = SshBackend::builder("127.0.0.1").port(sshd.port()).config_file("none").key(&other);
    let builder = builder.known_hosts_file(sshd.file("known_hosts")).key(sshd.file("missing"));
    let error = builder.connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Denied);
    assert!(text.contains(&format!("tried {}", other.display())), "{text}");
    assert!(text.contains(&format!("not there: {}", sshd.file("missing").display())), "{text}");
    assert!(text.contains("authorized_keys"), "{text}");
}

#[tokio::test]
async fn a_user_who_does_not_exist_is_not_let_in() {
    let sshd = Sshd::start();
    let error = sshd.builder().user("no-such-user").connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn a_broken_configuration_is_told_as_ssh_tells_it() {
    let sshd = Sshd::start();
    std::fs::write(sshd.file("broken"), "NoSuchOption yes\n").unwrap();
    let error = sshd.builder().config_file(sshd.file("broken")).connect().await.unwrap_err();
    let (kind, text) = told(&error);
    assert_eq!(kind, ErrorKind::Connect);
    assert!(text.to_lowercase().contains("nosuchoption") || text.contains("bad configuration"), "{text}");
}

#[tokio::test]
async fn a_failed_connection_is_tried_again_the_next_time() {
    let sshd = Sshd::start();
    sshd.write_known_hosts("other_host.pub");
    let backend = sshd.builder().build();
    assert_eq!(backend.reach().await.unwrap_err().kind(), ErrorKind::Denied);
    sshd.write_known_hosts("id_host.pub");
    backend.reach().await.unwrap();
}
