//! The table of ends: each way in which rexec can end leaves nothing of any tree, and says what it
//! was.

use crate::{
    harness::{Outcome, Test},
    running::Running,
    support::{
        marked::{Marker, SOON},
        trees::TREES,
        wait::wait_for,
    },
};
use nix::sys::signal::{Signal, kill};
use std::fs;

/// Runs each tree in a command of a script, to where all of it is there; ends it this way; and gives
/// how rexec ended. At that moment nothing may be left.
async fn walk_the_table(script: impl Fn(&str) -> String, end: impl Fn(&mut Running)) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (tree, count) in TREES {
        let (marker, mut running) = begin(&script, tree, count).await;
        end(&mut running);
        running.wait();
        assert_eq!(marker.left(), [""; 0], "of {count}");
        outcomes.push(running.end());
    }
    outcomes
}

/// The same where the process that a shell knows is killed, and can't wait for all the others.
async fn walk_the_table_without_a_front(end: impl Fn(&mut Running)) {
    for (tree, count) in TREES {
        let (marker, mut running) = begin(in_the_foreground, tree, count).await;
        end(&mut running);
        marker.wait_for(0).await;
        running.wait_for_the_last().await;
        running.end().signal(libc::SIGKILL);
    }
}

async fn begin(script: impl Fn(&str) -> String, tree: fn(&str) -> String, count: usize) -> (Marker, Running) {
    let marker = Marker::new();
    let mut running = Test::script(&script(&tree(&marker.sleep()))).start();
    marker.wait_for_sleeps(count).await;
    // They have to be known before they are gone.
    running.worker();
    (marker, running)
}

fn in_the_foreground(tree: &str) -> String {
    format!("local().run($sh`{tree}`); print(\"it went on\");")
}

/// The script goes on while the command runs, and does `then` when the test says so.
fn beside_the_script(tree: &str, then: &str) -> String {
    format!(
        "let process = local().spawn($sh`{tree}`);
         while !local().exists(\"go\") {{ sleep(0.01); }}
         {then}"
    )
}

fn go(running: &mut Running) {
    fs::write(running.test().path("go"), "").unwrap();
}

#[tokio::test]
async fn nothing_is_left_after_ctrl_c() {
    for outcome in walk_the_table(in_the_foreground, |running| running.signal_group(Signal::SIGINT)).await {
        outcome.signal(libc::SIGINT).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_an_interrupt_of_the_front_alone() {
    for outcome in walk_the_table(in_the_foreground, |running| running.signal(Signal::SIGINT)).await {
        outcome.signal(libc::SIGINT).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_term() {
    for outcome in walk_the_table(in_the_foreground, |running| running.signal(Signal::SIGTERM)).await {
        outcome.signal(libc::SIGTERM).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_a_hangup() {
    for outcome in walk_the_table(in_the_foreground, |running| running.signal(Signal::SIGHUP)).await {
        outcome.signal(libc::SIGHUP).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_two_interrupts_at_once() {
    let twice = |running: &mut Running| {
        running.signal_group(Signal::SIGINT);
        running.signal_group(Signal::SIGINT);
    };
    for outcome in walk_the_table(in_the_foreground, twice).await {
        outcome.signal(libc::SIGINT).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_quit() {
    for outcome in walk_the_table(in_the_foreground, |running| running.signal_group(Signal::SIGQUIT)).await {
        outcome.signal(libc::SIGQUIT).stdout("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_the_commands_own_timeout() {
    let script = |tree: &str| format!("local().run($sh`{tree}`.timeout(2));");
    for outcome in walk_the_table(script, Running::wait).await {
        outcome.code(1).stderr_has("timed out after 2s");
    }
}

#[tokio::test]
async fn nothing_is_left_after_a_stop_while_the_script_goes_on() {
    let then = "process.stop(0.3);
         local().write(\"stopped\", \"\");
         while !local().exists(\"leave\") { sleep(0.01); }
         print(process.wait().signal);";
    for (tree, count) in TREES {
        let (marker, mut running) = begin(|tree| beside_the_script(tree, then), tree, count).await;
        go(&mut running);
        let stopped = running.test().path("stopped");
        wait_for(SOON, || stopped.exists().then_some(())).await.unwrap();
        assert_eq!(marker.left(), [""; 0], "of {count}");
        fs::write(running.test().path("leave"), "").unwrap();
        running.end().code(0).stdout("TERM\n").stderr("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_an_uncaught_error() {
    let script = |tree: &str| beside_the_script(tree, "throw \"enough\";");
    for outcome in walk_the_table(script, go).await {
        outcome.code(1).stderr_has("error: enough");
    }
}

#[tokio::test]
async fn nothing_is_left_after_exit() {
    let script = |tree: &str| beside_the_script(tree, "exit(7);");
    for outcome in walk_the_table(script, go).await {
        outcome.code(7).stderr("");
    }
}

#[tokio::test]
async fn nothing_is_left_after_the_end_of_the_script() {
    let script = |tree: &str| beside_the_script(tree, "print(\"done\");");
    for outcome in walk_the_table(script, go).await {
        outcome.code(0).stdout("done\n").stderr("");
    }
}

#[tokio::test]
async fn nothing_is_left_when_the_worker_is_killed() {
    let kill_worker = |running: &mut Running| kill(running.worker(), Signal::SIGKILL).unwrap();
    for outcome in walk_the_table(in_the_foreground, kill_worker).await {
        outcome.signal(libc::SIGKILL);
    }
}

#[tokio::test]
async fn nothing_is_left_when_the_keeper_is_killed() {
    let kill_keeper = |running: &mut Running| kill(running.keeper(), Signal::SIGKILL).unwrap();
    for outcome in walk_the_table(in_the_foreground, kill_keeper).await {
        outcome.signal(libc::SIGTERM);
    }
}

#[tokio::test]
async fn nothing_is_left_when_keeper_and_worker_are_killed() {
    let kill_both = |running: &mut Running| {
        let (keeper, worker) = (running.keeper(), running.worker());
        kill(keeper, Signal::SIGKILL).unwrap();
        kill(worker, Signal::SIGKILL).unwrap();
    };
    for outcome in walk_the_table(in_the_foreground, kill_both).await {
        outcome.signal(libc::SIGKILL);
    }
}

#[tokio::test]
async fn nothing_is_left_when_the_front_is_killed() {
    walk_the_table_without_a_front(|running| running.signal(Signal::SIGKILL)).await;
}

#[tokio::test]
async fn nothing_is_left_when_the_process_group_is_killed() {
    walk_the_table_without_a_front(|running| running.signal_group(Signal::SIGKILL)).await;
}

#[tokio::test]
async fn nothing_is_left_when_front_and_keeper_are_killed() {
    walk_the_table_without_a_front(|running| {
        let keeper = running.keeper();
        running.signal(Signal::SIGKILL);
        kill(keeper, Signal::SIGKILL).unwrap();
    })
    .await;
}
