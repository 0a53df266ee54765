//! The binary while it runs: its three processes, and its end.

use crate::{
    harness::{Outcome, Test},
    support::{
        marked::{SOON, is_alive},
        wait::wait_for,
    },
};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use std::{
    fs,
    io::{Read, Write},
    os::unix::process::CommandExt,
    process::{Child, Command},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// No run takes so long.
const LIMIT: Duration = Duration::from_secs(30);

/// A run that has begun. Dropped, it is ended.
pub struct Running {
    child: Child,
    /// Keeps the folder.
    test: Test,
    stdin: Option<JoinHandle<()>>,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    /// The three, as far as they are known.
    family: Vec<Pid>,
}

impl Running {
    pub fn start(mut command: Command, stdin: String, test: Test) -> Self {
        let mut child = command.process_group(0).spawn().unwrap();
        let mut input = child.stdin.take();
        let stdin = input.take().map(|mut input| {
            thread::spawn(move || {
                // It need not read what it is given.
                let _ = input.write_all(stdin.as_bytes());
            })
        });
        let stdout = child.stdout.take().map(read);
        let stderr = child.stderr.take().map(read);
        let front = Pid::from_raw(child.id() as i32);
        Self { child, test, stdin, stdout, stderr, family: vec![front] }
    }

    pub fn test(&self) -> &Test {
        &self.test
    }

    /// The process that a shell knows.
    pub fn front(&self) -> Pid {
        self.family[0]
    }

    pub fn keeper(&mut self) -> Pid {
        self.meet();
        self.family[1]
    }

    /// The process in which the script runs.
    pub fn worker(&mut self) -> Pid {
        self.meet();
        self.family[2]
    }

    /// Learns who the three are.
    fn meet(&mut self) {
        let deadline = Instant::now() + LIMIT;
        while self.family.len() < 3 {
            assert!(Instant::now() < deadline, "it has no guard");
            let last = *self.family.last().unwrap();
            let name = if self.family.len() == 1 { "rexec-guard" } else { "rexec" };
            match children(last).into_iter().find(|child| name_of(*child) == name) {
                Some(child) => self.family.push(child),
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.front(), signal).unwrap();
    }

    /// As the terminal does with Ctrl-C, but that it is no terminal.
    pub fn signal_group(&self, signal: Signal) {
        killpg(self.front(), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) {
        let deadline = Instant::now() + LIMIT;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for its end, and gives what it wrote.
    pub fn end(mut self) -> Outcome {
        self.wait();
        let status = self.child.wait().unwrap();
        let read = |reader: &mut Option<JoinHandle<String>>| {
            reader.take().map(|reader| reader.join().unwrap()).unwrap_or_default()
        };
        let (stdout, stderr) = (read(&mut self.stdout), read(&mut self.stderr));
        if let Some(stdin) = self.stdin.take() {
            stdin.join().unwrap();
        }
        Outcome { stdout, stderr, status }
    }

    /// Waits until none of the three is there.
    pub async fn wait_for_the_last(&self) {
        let is_there = |pid: &Pid| is_alive(pid.as_raw() as u32);
        let all_gone = wait_for(SOON, || (!self.family.iter().any(is_there)).then_some(())).await;
        assert!(all_gone.is_some(), "one of rexec's own processes is left");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        // It ends all that it started, and then itself.
        let _ = kill(self.front(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// The children of all threads of a process.
fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .map(Pid::from_raw)
        .collect()
}

fn name_of(pid: Pid) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}
