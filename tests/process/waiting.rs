//! Waiting: no zombies, no spinning, no signal to a stranger.

use crate::{
    executor, start,
    support::{
        alone::alone,
        marked::{Marker, SOON},
        wait::wait_for,
    },
};
use rexec::{ExitStatus, Process, Signal};
use std::{fs, time::Duration};

/// Our children that have ended and were not reaped.
fn zombies() -> Vec<String> {
    let own = std::process::id().to_string();
    let names = fs::read_dir("/proc").unwrap().flatten();
    let stats = names.filter_map(|name| fs::read_to_string(name.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let fields: Vec<_> = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
            fields.first() == Some(&"Z") && fields.get(1) == Some(&own.as_str())
        })
        .collect()
}

async fn no_zombie_is_left() {
    let gone = wait_for(SOON, || zombies().is_empty().then_some(())).await;
    assert!(gone.is_some(), "{:?}", zombies());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_leaves_no_zombie() {
    if !alone("waiting::what_nobody_waits_for_leaves_no_zombie") {
        return;
    }
    let executor = executor();
    for _ in 0..20 {
        drop(start(&executor, "exit 1").await);
        drop(start(&executor, "sleep 100").await);
    }
    let forgotten = start(&executor, "exit 0").await;
    let ended = wait_for(SOON, || forgotten.process.try_wait()).await;
    assert_eq!(ended, Some(ExitStatus::Exited(0)));
    no_zombie_is_left().await;
}

#[test]
fn a_runtime_that_ends_first_leaves_no_zombie() {
    if !alone("waiting::a_runtime_that_ends_first_leaves_no_zombie") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let executor = executor();
    let run = runtime.block_on(start(&executor, "sleep 100"));
    drop(runtime);
    drop(run);
    tokio::runtime::Runtime::new().unwrap().block_on(no_zombie_is_left());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_child_does_not_make_us_spin() {
    if !alone("waiting::a_stopped_child_does_not_make_us_spin") {
        return;
    }
    let own_cpu = || {
        let times = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() as u64 * 1_000_000 + time.tv_usec() as u64;
        Duration::from_micros(micros(times.user_time()) + micros(times.system_time()))
    };
    // A background process that reads from the terminal is stopped by SIGTTIN.
    let run = start(&executor(), "kill -s TTIN $$; exit 3").await;
    let before = own_cpu();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let spent = own_cpu() - before;
    assert!(spent < Duration::from_millis(300), "{spent:?} of processor time while nothing happened");
    assert_eq!(run.process.try_wait(), None);
    run.process.signal(Signal::Cont).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Exited(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_process_handle_can_be_signalled_for_ever() {
    // The pids of the ended may belong to others by now; none of them may be hit.
    let executor = executor();
    let marker = Marker::new();
    let mut ended = Vec::new();
    for _ in 0..50 {
        let run = start(&executor, "exit 0").await;
        run.process.wait().await;
        ended.push(run.process);
    }
    let bystander = start(&executor, &format!("exec {}", marker.sleep())).await;
    marker.wait_for_sleeps(1).await;
    for process in &ended {
        process.signal(Signal::Term).await.unwrap();
        process.stop(Duration::ZERO).await.unwrap();
    }
    ended[0].kill().await.unwrap();
    assert_eq!(bystander.process.try_wait(), None);
    assert_eq!(marker.processes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_all_end_with_their_own_status() {
    let executor = executor();
    let mut runs = Vec::new();
    for code in 0..100 {
        runs.push(start(&executor, &format!("exit {code}")).await);
    }
    for (code, run) in runs.iter().enumerate() {
        assert_eq!(run.process.wait().await, ExitStatus::Exited(code as i32));
    }
}

#[tokio::test]
async fn one_thread_is_enough() {
    // A runtime with a single thread must not be blocked by anything that waits.
    let marker = Marker::new();
    let executor = executor();
    let run =
        start(&executor, &format!("trap '' TERM; {} & while :; do sleep 0.02; done", marker.sleep())).await;
    marker.wait_for_sleeps(1).await;
    run.process.stop(Duration::from_millis(50)).await.unwrap();
    assert_eq!(run.process.wait().await, ExitStatus::Signaled(Signal::Kill));
    assert_eq!(marker.left_after_a_second().await, [""; 0]);
}
