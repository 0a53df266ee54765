//! What hosts over SSH cost, against the plainest way to do the same, in one run, with a server of
//! our own on loopback.
//!
//! `cargo bench --bench ssh` prints ratios; the figures that we keep are in `README.md` beside this
//! file. An argument that is part of a measure's name runs only that. `clush` and `pssh` are measured
//! where they are installed.

#[path = "../tests/support/sshd.rs"]
#[allow(dead_code, unreachable_pub)]
mod sshd;

use rexec::{Command, Executor, SshBackend, executor::TransferOptions};
use sshd::Sshd;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Stdio},
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, task::JoinSet};

/// More than any of the tools opens at once: none is to be slowed down by refusals.
const MANY_STARTUPS: &str = "MaxStartups 200:30:300\n";

type Measure = fn(&Runtime);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let wanted =
        |name: &str| arguments.is_empty() || arguments.iter().any(|argument| name.contains(&**argument));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let measures: [(&str, Measure); 6] = [
        ("true", warm),
        ("cold", fifty_hosts_cold),
        ("fleet", two_hundred_commands),
        ("large", one_large_file),
        ("small", many_small_files),
        ("memory", memory),
    ];
    for (name, measure) in measures {
        if wanted(name) {
            measure(&runtime);
        }
    }
}

/// A command on a connection that is there.
fn warm(runtime: &Runtime) {
    let sshd = Sshd::start();
    let executor = runtime.block_on(connect(&sshd, "127.0.0.1"));
    let master = Master::start(&sshd, "127.0.0.1");
    let session = openssh::Session::resume_mux(master.socket.clone().into_boxed_path(), None);
    let ours = || drop(runtime.block_on(executor.run(Command::new("true"))).expect("it runs"));
    let bare = || {
        let output = async { session.raw_command("true").stdin(openssh::Stdio::null()).output().await };
        drop(runtime.block_on(output).expect("it runs"));
    };
    let (plain, time) = in_turns(150, bare, ours);
    report("`true` on a warm connection", "openssh native-mux", plain, time);
    let (plain, time) = in_turns(100, || drop(master.run("true")), ours);
    report("the same", "ssh -S", plain, time);
    let signal = || {
        runtime.block_on(async {
            let run = executor.execute(Command::new("sleep").arg("9")).await.expect("it runs");
            let started = Instant::now();
            rexec::Process::terminate(&run.process).await.expect("it takes signals");
            let took = started.elapsed();
            rexec::Process::wait(&run.process).await;
            took
        })
    };
    let mut times: Vec<Duration> = (0..50).map(|_| signal()).collect();
    println!("a signal, until it is delivered: {:.2?}", median(&mut times));
}

/// One command on each of 50 hosts to which there is no connection yet.
fn fifty_hosts_cold(runtime: &Runtime) {
    const AT_ONCE: usize = 25;
    let sshd = Sshd::with(MANY_STARTUPS);
    let addresses: Vec<String> = (1..=50).map(|last| format!("127.0.0.{last}")).collect();
    let ours = || {
        runtime.block_on(async {
            let limit = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
            let mut tasks = JoinSet::new();
            for address in &addresses {
                let (limit, builder) = (limit.clone(), sshd.builder_at(address));
                tasks.spawn(async move {
                    let _turn = limit.acquire_owned().await;
                    let executor = Executor::new("bench", builder.connect().await.expect("it answers"));
                    executor.run(Command::new("true")).await.expect("it runs");
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no panic");
            }
        });
    };
    let hosts = sshd.file("hosts");
    fs::write(&hosts, addresses.join("\n")).expect("a file");
    for tool in ["clush", "parallel-ssh"] {
        if !installed(tool) {
            println!("50 hosts, cold: {tool} is not installed");
            continue;
        }
        let theirs = || {
            let mut command = process::Command::new(tool);
            let options = sshd_options(&sshd).join(" ");
            if tool == "clush" {
                command.args(["-q", "-f", &AT_ONCE.to_string(), "-w", &addresses.join(","), "-o", &options]);
            } else {
                command.args(["-p", &AT_ONCE.to_string(), "-h"]).arg(&hosts).args(["-x", &options]);
            }
            let output = command.arg("true").stdin(Stdio::null()).output().expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let (plain, time) = in_turns(3, theirs, ours);
        report(&format!("50 hosts, cold, {AT_ONCE} at once"), tool, plain, time);
    }
}

/// 200 commands over 20 hosts with connections.
fn two_hundred_commands(runtime: &Runtime) {
    let sshd = Sshd::with(MANY_STARTUPS);
    let addresses: Vec<String> = (1..=20).map(|last| format!("127.0.0.{last}")).collect();
    let masters: Vec<Master> = addresses.iter().map(|address| Master::start(&sshd, address)).collect();
    let executors: Vec<Executor<SshBackend>> =
        addresses.iter().map(|address| runtime.block_on(connect(&sshd, address))).collect();
    // Nine at once on each host is what one connection of ours takes; the others may have as many.
    let ours = || {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for executor in executors.iter().cycle().take(200) {
                let executor = executor.clone();
                tasks.spawn(async move { executor.run(Command::new("true")).await.expect("it runs") });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no panic");
            }
        });
    };
    let theirs = || {
        let children: Vec<_> =
            masters.iter().cycle().take(200).map(|master| master.command("true").spawn()).collect();
        for child in children {
            assert!(child.and_then(|mut child| child.wait()).expect("it runs").success());
        }
    };
    let (plain, time) = in_turns(8, theirs, ours);
    report("200 commands over 20 warm hosts", "200 x ssh -S", plain, time);
}

fn one_large_file(runtime: &Runtime) {
    const SIZE: usize = 500_000_000;
    let sshd = Sshd::start();
    let executor = runtime.block_on(connect(&sshd, "127.0.0.1"));
    let directory = tempfile::tempdir().expect("a directory");
    let (here, there) = (directory.path().join("here"), directory.path().join("there"));
    let block: Vec<u8> =
        (0..SIZE / 100).map(|index: usize| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(&here, block.repeat(100)).expect("room for a file");
    for verify in [true, false] {
        let mut options = TransferOptions::default();
        (options.verify, options.skip_unchanged) = (verify, false);
        let how = if verify { "verified" } else { "not verified" };
        let up =
            || drop(runtime.block_on(executor.files().upload(&here, &there, &options)).expect("it arrives"));
        let (plain, time) = in_turns(3, || scp(&sshd, &here, &remote(&there)), up);
        report(&format!("500 MB up, {how}"), "scp", plain, time);
        let back = directory.path().join("back");
        let down = || {
            drop(runtime.block_on(executor.files().download(&there, &back, &options)).expect("it arrives"))
        };
        let (plain, time) =
            in_turns(3, || scp(&sshd, Path::new(&remote(&there)), &back.to_string_lossy()), down);
        report(&format!("500 MB down, {how}"), "scp", plain, time);
    }
}

fn many_small_files(runtime: &Runtime) {
    let sshd = Sshd::start();
    let executor = runtime.block_on(connect(&sshd, "127.0.0.1"));
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path().join("here");
    for index in 0..2000 {
        let file = here.join(format!("{}/{index}", index % 20));
        fs::create_dir_all(file.parent().expect("it has one")).expect("a directory");
        fs::write(file, vec![index as u8; 4096]).expect("room for a file");
    }
    let options = TransferOptions::default();
    let target = directory.path().join("there");
    let fresh = || drop(fs::remove_dir_all(&target));
    let up = || {
        fresh();
        drop(runtime.block_on(executor.files().upload(&here, &target, &options)).expect("they arrive"));
    };
    let theirs = || {
        fresh();
        scp(&sshd, &here, &remote(&target));
    };
    let (plain, time) = in_turns(3, theirs, up);
    report("2,000 files of 4 KB up", "scp -r", plain, time);
    let down = || {
        fresh();
        drop(runtime.block_on(executor.files().download(&here, &target, &options)).expect("they arrive"));
    };
    let theirs = || {
        fresh();
        scp(&sshd, Path::new(&remote(&here)), &target.to_string_lossy());
    };
    let (plain, time) = in_turns(3, theirs, down);
    report("2,000 files of 4 KB down", "scp -r", plain, time);
}

/// What each connected host takes, here and in the `ssh` that connects to it.
fn memory(runtime: &Runtime) {
    const HOSTS: usize = 40;
    let sshd = Sshd::with(MANY_STARTUPS);
    let before = resident(process::id());
    let executors: Vec<_> = (1..=HOSTS)
        .map(|last| {
            let executor = runtime.block_on(connect(&sshd, &format!("127.0.0.{last}")));
            runtime.block_on(executor.run(Command::new("true"))).expect("it runs");
            executor
        })
        .collect();
    let own = (resident(process::id()) - before) / HOSTS;
    let children =
        fs::read_to_string(format!("/proc/self/task/{}/children", process::id())).unwrap_or_default();
    let is_ssh =
        |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "ssh");
    let ssh: Vec<u32> =
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(is_ssh).collect();
    let theirs = ssh.iter().map(|&pid| resident(pid)).sum::<usize>() / ssh.len().max(1);
    println!(
        "memory of a connected host: {own} KiB in rexec, {theirs} KiB in its ssh ({} of them)",
        ssh.len()
    );
    drop(executors);
}

async fn connect(sshd: &Sshd, address: &str) -> Executor<SshBackend> {
    Executor::new("bench", sshd.builder_at(address).connect().await.expect("it answers"))
}

/// The options with which OpenSSH's own programs reach the server.
fn sshd_options(sshd: &Sshd) -> Vec<String> {
    let mut options = vec!["-F".to_owned(), "none".to_owned()];
    for option in [
        format!("Port={}", sshd.port()),
        format!("IdentityFile={}", sshd.file("id").display()),
        format!("UserKnownHostsFile={}", sshd.file("known_hosts").display()),
        "IdentitiesOnly=yes".to_owned(),
    ] {
        options.extend(["-o".to_owned(), option]);
    }
    options
}

/// A connection that `ssh -S` shares.
struct Master {
    socket: PathBuf,
    address: String,
    ssh: process::Child,
    _directory: tempfile::TempDir,
}

impl Master {
    fn start(sshd: &Sshd, address: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("s");
        let ssh = process::Command::new("ssh")
            .args(sshd_options(sshd))
            .args(["-N", "-M", "-S"])
            .arg(&socket)
            .arg(address)
            .stdin(Stdio::null())
            .spawn()
            .expect("ssh is installed");
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let master = Self { socket, address: address.to_owned(), ssh, _directory: directory };
        // The first session of a connection takes longer.
        drop(master.run("true"));
        master
    }

    fn command(&self, text: &str) -> process::Command {
        let mut command = process::Command::new("ssh");
        command.args(["-F", "none", "-S"]).arg(&self.socket).args([&self.address, text]).stdin(Stdio::null());
        command
    }

    fn run(&self, text: &str) -> process::Output {
        self.command(text).output().expect("ssh is installed")
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // It may have ended with the server.
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

fn remote(path: &Path) -> String {
    format!("127.0.0.1:{}", path.display())
}

fn scp(sshd: &Sshd, from: &Path, to: &str) {
    let status =
        process::Command::new("scp").args(["-q", "-r"]).args(sshd_options(sshd)).arg(from).arg(to).status();
    assert!(status.expect("scp is installed").success());
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|entry| entry.join(program).exists()))
}

/// Runs both in turns, and gives their times.
fn in_turns(times: usize, mut plain: impl FnMut(), mut ours: impl FnMut()) -> (Vec<Duration>, Vec<Duration>) {
    let time = |work: &mut dyn FnMut()| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    plain();
    ours();
    (0..times).map(|_| (time(&mut plain), time(&mut ours))).unzip()
}

fn report(what: &str, baseline: &str, mut plain: Vec<Duration>, mut ours: Vec<Duration>) {
    let (plain, ours) = (median(&mut plain), median(&mut ours));
    println!(
        "{what}: {ours:.2?}; {baseline}: {plain:.2?}; ratio {:.2}",
        ours.as_secs_f64() / plain.as_secs_f64()
    );
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// In KiB.
fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
