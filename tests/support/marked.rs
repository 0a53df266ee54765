//! Processes that a test finds again, whoever their parent is: by an argument that no other
//! process has.

use super::wait::wait_for;
use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// How long to wait for something that comes soon or never.
pub const SOON: Duration = Duration::from_secs(10);

/// A number of seconds for `sleep` that stands in no other command line.
///
/// When it is dropped, what still has it in its command line is killed.
pub struct Marker(String);

impl Marker {
    #[allow(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Padded, so that none is the beginning of another.
        Self(format!("86400.{:08}{count:03}", std::process::id()))
    }

    /// `sleep` for a day and a moment that nobody else sleeps for.
    pub fn sleep(&self) -> String {
        format!("sleep {}", self.0)
    }

    /// The processes whose command line has it, and which have not ended.
    pub fn processes(&self) -> Vec<u32> {
        let pids =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|&pid| self.is_in_command_line(pid) && is_alive(pid)).collect()
    }

    /// Waits until so many processes have it.
    pub async fn wait_for(&self, count: usize) {
        let deadline = Instant::now() + SOON;
        while self.processes().len() != count {
            let found = self.processes();
            assert!(Instant::now() < deadline, "waited for {count} processes, there are {found:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until so many processes are just a [`sleep`](Self::sleep), not counting shells that
    /// have one in their text.
    pub async fn wait_for_sleeps(&self, count: usize) {
        let line = format!(": {}", self.sleep());
        let sleeping =
            || (self.left().iter().filter(|left| left.ends_with(&line)).count() >= count).then_some(());
        let found = wait_for(SOON, sleeping).await;
        assert!(found.is_some(), "{count} were to run, but only: {:#?}", self.left());
    }

    /// Waits up to a second until no process has it, and says which have.
    pub async fn left_after_a_second(&self) -> Vec<String> {
        wait_for(Duration::from_secs(1), || self.processes().is_empty().then_some(())).await;
        self.left()
    }

    /// The processes that have it, as `pid: command line`.
    pub fn left(&self) -> Vec<String> {
        let show = |pid: u32| format!("{pid}: {}", command_line(pid).trim_end());
        self.processes().into_iter().map(show).collect()
    }

    fn is_in_command_line(&self, pid: u32) -> bool {
        command_line(pid).contains(&self.0)
    }
}

impl std::fmt::Display for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        for pid in self.processes() {
            // One that has ended meanwhile is what we want.
            let _ = Command::new("sh").args(["-c", &format!("kill -s KILL {pid}")]).status();
        }
    }
}

fn command_line(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

/// Whether this process is there and has not ended.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
