//! The guard: leftovers, daemons, open files, stopping and going on, signals that are ignored.

use crate::{
    harness::Test,
    running::Running,
    support::{
        marked::{Marker, SOON},
        wait::wait_for,
    },
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{fs, process::Command};

#[tokio::test]
async fn what_a_command_left_may_finish_what_it_does() {
    // It goes on until the script's process is gone, and has something left to do then.
    let script = "local().run($sh`worker=$PPID
        (while kill -0 $worker; do :; done; echo late >late) >/dev/null 2>&1 &`);";
    let mut running = Test::script(script).start();
    running.wait();
    assert_eq!(fs::read_to_string(running.test().path("late")).unwrap(), "late\n");
}

#[tokio::test]
async fn what_a_daemon_left_lives_on() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let script =
        format!("local().run($sh`setsid {sleep} >/dev/null 2>&1 & {sleep} >/dev/null 2>&1 &`.daemon());");
    Test::script(&script).run().code(0);
    marker.wait_for_sleeps(2).await;
}

#[tokio::test]
async fn a_daemon_lives_on_also_when_the_script_is_interrupted() {
    let marker = Marker::new();
    let sleep = marker.sleep();
    let script = format!(
        "local().run($sh`setsid {sleep} >/dev/null 2>&1 &`.daemon().clear_env());
         local().run($sh`{sleep}`);"
    );
    let mut running = Test::script(&script).start();
    marker.wait_for_sleeps(2).await;
    kill(running.worker(), Signal::SIGKILL).unwrap();
    running.end().signal(libc::SIGKILL);
    assert_eq!(marker.left().len(), 1, "{:?}", marker.left());
}

#[tokio::test]
async fn only_the_worker_has_the_outputs_open() {
    let marker = Marker::new();
    let mut running = Test::script(&format!("local().run($sh`{}`);", marker.sleep())).start();
    marker.wait_for_sleeps(1).await;
    for pid in [running.front(), running.keeper()] {
        let pipes: Vec<_> = open_files(pid).into_iter().filter(|file| file.starts_with("pipe:")).collect();
        assert_eq!(pipes, [""; 0], "{pid} holds up whoever reads until the end");
    }
    running.signal(Signal::SIGINT);
    running.end().signal(libc::SIGINT);
}

fn open_files(pid: Pid) -> Vec<String> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    files.map(|file| fs::read_link(file.unwrap().path()).unwrap().display().to_string()).collect()
}

/// A stop of the whole group, as the terminal makes with Ctrl-Z, or of the front alone.
const WAYS: [fn(&Running, Signal); 2] = [Running::signal_group, Running::signal];

#[tokio::test]
async fn a_stop_stops_all_that_runs_and_a_continue_continues_it() {
    for send in WAYS {
        let marker = Marker::new();
        let sleep = marker.sleep();
        let mut running = Test::script(&format!("local().run($sh`setsid {sleep} & {sleep}`);")).start();
        marker.wait_for_sleeps(2).await;
        let mut all = vec![running.front(), running.worker()];
        all.extend(marker.processes().into_iter().map(|pid| Pid::from_raw(pid as i32)));
        send(&running, Signal::SIGTSTP);
        wait_for_all(&all, true).await;
        send(&running, Signal::SIGCONT);
        wait_for_all(&all, false).await;
        running.signal(Signal::SIGINT);
        running.end().signal(libc::SIGINT);
    }
}

#[tokio::test]
async fn what_the_script_has_paused_stays_so_when_all_goes_on() {
    let (paused, other) = (Marker::new(), Marker::new());
    let script = format!(
        "let paused = local().spawn($`{}`);
         paused.pause();
         local().run($`{}`);",
        paused.sleep(),
        other.sleep()
    );
    let mut running = Test::script(&script).start();
    other.wait_for_sleeps(1).await;
    let pids = |marker: &Marker| -> Vec<Pid> {
        marker.processes().into_iter().map(|pid| Pid::from_raw(pid as i32)).collect()
    };
    let (paused, other) = (pids(&paused), pids(&other));
    running.signal_group(Signal::SIGTSTP);
    wait_for_all(&[&[running.worker()], &*other].concat(), true).await;
    running.signal_group(Signal::SIGCONT);
    wait_for_all(&other, false).await;
    assert!(paused.iter().all(|pid| is_stopped(*pid)));
    running.signal(Signal::SIGINT);
    running.end().signal(libc::SIGINT);
}

async fn wait_for_all(pids: &[Pid], stopped: bool) {
    let all = || pids.iter().all(|pid| is_stopped(*pid) == stopped).then_some(());
    let states: Vec<_> = pids.iter().map(|pid| (pid, is_stopped(*pid))).collect();
    assert!(wait_for(SOON, all).await.is_some(), "waited for {stopped}, but: {states:?}");
}

fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.starts_with('T')
}

#[tokio::test]
async fn a_hangup_that_was_ignored_from_the_start_stays_ignored() {
    let test = Test::script(
        "local().write(\"up\", \"\");
         while !local().exists(\"go\") { sleep(0.01); }
         print(\"still there\");",
    );
    let running = test.start_by("nohup");
    let (up, go) = (running.test().path("up"), running.test().path("go"));
    wait_for(SOON, || up.exists().then_some(())).await.expect("the script runs");
    running.signal_group(Signal::SIGHUP);
    fs::write(go, "").unwrap();
    running.end().code(0).stdout("still there\n");
}

#[tokio::test]
async fn what_was_deferred_runs_after_one_interrupt() {
    let test = Test::script(
        "defer(|| print(\"cleaned up\"));
         local().write(\"up\", \"\");
         local().run(\"sleep 1000\");",
    );
    let running = test.start();
    let up = running.test().path("up");
    wait_for(SOON, || up.exists().then_some(())).await.expect("the script runs");
    running.signal_group(Signal::SIGINT);
    running.end().signal(libc::SIGINT).stdout("cleaned up\n");
}

#[tokio::test]
async fn a_second_interrupt_does_not_wait_for_what_was_deferred() {
    let test = Test::script(
        "defer(|| { local().write(\"cleaning\", \"\"); local().run(\"sleep 1000\"); print(\"cleaned up\"); });
         local().write(\"up\", \"\");
         local().run(\"sleep 1000\");",
    );
    let running = test.start();
    let (up, cleaning) = (running.test().path("up"), running.test().path("cleaning"));
    wait_for(SOON, || up.exists().then_some(())).await.expect("the script runs");
    running.signal_group(Signal::SIGINT);
    wait_for(SOON, || cleaning.exists().then_some(())).await.expect("what was deferred runs");
    running.signal_group(Signal::SIGINT);
    running.end().signal(libc::SIGINT).stdout("");
}

#[tokio::test]
async fn a_program_of_ones_own_can_be_guarded_and_can_leave_something_outside() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let program = crate::support::example::program("guarded");
    let output = Command::new(program).arg(&note).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let written = wait_for(SOON, || fs::read_to_string(&note).ok().filter(|text| text.ends_with('\n'))).await;
    assert_eq!(written.as_deref(), Some("written after the end\n"));
}
