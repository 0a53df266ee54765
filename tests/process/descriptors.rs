//! Descriptors: what a command inherits, and what it does not.

use crate::{
    executor,
    support::{
        alone::alone,
        marked::{Marker, SOON},
        wait::wait_for,
    },
    text,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rexec::{Command, StdinSource};
use std::os::fd::AsRawFd;

/// Lists its own open descriptors, as `number -> what`.
fn list() -> Command {
    Command::new("ls").args(["-l", "/proc/self/fd"])
}

/// What `list` found, as pairs.
fn descriptors(listed: &str) -> impl Iterator<Item = (u32, &str)> {
    listed.lines().filter_map(|line| {
        let (left, target) = line.split_once(" -> ")?;
        Some((left.rsplit_once(' ')?.1.parse().ok()?, target))
    })
}

#[tokio::test]
async fn a_command_has_no_input_unless_it_is_given_one() {
    let line = text(Command::new("readlink").arg("/proc/self/fd/0")).await;
    assert_eq!(line, "/dev/null");
    let inherited = text(Command::new("readlink").arg("/proc/self/fd/0").stdin(StdinSource::Inherit)).await;
    let own = std::fs::read_link("/proc/self/fd/0").unwrap();
    assert_eq!(std::path::Path::new(&inherited), own);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_inherits_the_pipes_of_another() {
    if !alone("descriptors::no_command_inherits_the_pipes_of_another") {
        return;
    }
    // Many at once, with pipes on all sides, from several threads.
    let executor = executor();
    let one = |command: Command| {
        let executor = executor.clone();
        tokio::spawn(async move { executor.run(command.stdin_bytes("x")).await.unwrap().text() })
    };
    let all: Vec<_> = (0..40).map(|_| one(list())).collect();
    for listed in all {
        let text = listed.await.unwrap();
        let pipes = descriptors(&text).filter(|&(fd, target)| fd > 2 && target.starts_with("pipe:"));
        let inherited: Vec<_> = pipes.filter(|&(fd, target)| !was_given_to_us(fd, target)).collect();
        assert_eq!(inherited, [], "in\n{text}");
    }
}

/// Whether whoever started this test program gave it that descriptor, to be given on.
fn was_given_to_us(fd: u32, target: &str) -> bool {
    let own = std::fs::read_link(format!("/proc/self/fd/{fd}"));
    let same = own.is_ok_and(|own| own.to_string_lossy() == target);
    // SAFETY: F_GETFD takes an integer and touches no memory.
    let flags = unsafe { libc::fcntl(fd as i32, libc::F_GETFD) };
    same && flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

#[tokio::test]
async fn a_huge_limit_of_open_files_costs_nothing() {
    if !alone("descriptors::a_huge_limit_of_open_files_costs_nothing") {
        return;
    }
    // Programs that close every descriptor that there could be take a minute here.
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let calls = text(Command::shell("ulimit -n")).await;
    assert_eq!(calls.parse::<u64>().ok().unwrap_or(u64::MAX), hard);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_commands_leave_no_descriptor_open() {
    if !alone("descriptors::two_hundred_commands_leave_no_descriptor_open") {
        return;
    }
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let executor = executor();
    executor.run(Command::new("true")).await.unwrap();
    let before = count();
    for _ in 0..50 {
        let run = || async { executor.run(Command::new("cat").stdin_bytes("x")).await.unwrap() };
        tokio::join!(run(), run(), run(), run());
    }
    let closed = || (count() <= before).then_some(());
    let found = wait_for(SOON, closed).await;
    assert!(found.is_some(), "{before} before, {} after", count());
}

#[tokio::test]
async fn our_own_descriptors_are_not_given_on() {
    let file = tempfile::tempfile().unwrap();
    let own = file.as_raw_fd() as u32;
    let text = text(list()).await;
    assert!(!descriptors(&text).any(|(fd, target)| fd == own && target.contains("deleted")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_descriptor_left_nothing_runs_unwatched() {
    if !alone("descriptors::without_a_descriptor_left_nothing_runs_unwatched") {
        return;
    }
    let marker = Marker::new();
    let executor = executor();
    // Everything that is set up once is there after the first one.
    executor.run(Command::new("true")).await.unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let (mut started, mut refused) = (0, 0);
    for free in 0..16 {
        setrlimit(Resource::RLIMIT_NOFILE, 200, hard).unwrap();
        let mut held: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
        held.truncate(held.len() - free);
        // All of its descriptors are made before it is started.
        let command = Command::new("sleep").arg(marker.to_string()).stdin_bytes("x");
        let spawned = executor.execute(command).await;
        drop(held);
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
        match spawned {
            Ok(run) => {
                started += 1;
                drop(run);
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("too many open files"), "{error}");
            }
        }
        assert_eq!(marker.left_after_a_second().await, [""; 0], "with {free} left");
    }
    assert!(started > 0 && refused > 0, "{started} started, {refused} refused");
    assert!(wait_for(SOON, || children().is_empty().then_some(())).await.is_some(), "{:?}", children());
}

/// Our children, dead ones too.
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let names = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = names.filter_map(|name| std::fs::read_to_string(name.path().join("stat")).ok());
    stats
        .filter(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.split(' ').nth(1) == Some(&own)))
        .collect()
}
