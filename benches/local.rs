//! What the local backend costs, against the plainest way to do the same, in one run.
//!
//! `cargo bench --bench local` prints ratios; the figures that we keep are in `README.md` beside
//! this file. An argument that is part of a measure's name runs only that.

use rexec::{BatchEvent, Command, Execution, Executor, HostProcess, LocalBackend, Process};
use std::{
    io::Write,
    process,
    time::{Duration, Instant},
};

const LINE: usize = 80;
const GIGABYTE: usize = 1_000_000_000;

type Measure = fn(&tokio::runtime::Runtime);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [mode, bytes] = &arguments[..]
        && mode == "generate"
    {
        return generate(bytes.parse().expect("a number of bytes"));
    }
    let wanted =
        |name: &str| arguments.is_empty() || arguments.iter().any(|argument| name.contains(&**argument));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let measures: [(&str, Measure); 4] = [
        ("true", one_by_one),
        ("hundred", a_hundred_at_once),
        ("lines", a_gigabyte_of_lines),
        ("long", one_long_line),
    ];
    for (name, measure) in measures {
        if wanted(name) {
            measure(&runtime);
        }
    }
    println!("peak memory of this program: {} MiB", peak_memory());
}

/// Writes lines of 80 bytes, as fast as a pipe takes them.
fn generate(bytes: usize) {
    let block: Vec<u8> =
        (0..LINE * 800).map(|index| if index % LINE == LINE - 1 { b'\n' } else { b'x' }).collect();
    let mut out = std::io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let part = &block[..block.len().min(left)];
        if out.write_all(part).is_err() {
            return;
        }
        left -= part.len();
    }
}

fn one_by_one(runtime: &tokio::runtime::Runtime) {
    let executor = Executor::local("bench");
    let (plain, ours) = in_turns(
        400,
        || drop(process::Command::new("/bin/true").output().expect("it runs")),
        || drop(runtime.block_on(executor.run(Command::new("/bin/true"))).expect("it runs")),
    );
    report("execute `/bin/true`", "std output()", plain, ours);

    let (plain, ours) = in_turns(
        400,
        || drop(process::Command::new("/bin/true").output().expect("it runs")),
        || {
            let executor = executor.clone();
            let task = runtime.spawn(async move { executor.run(Command::new("/bin/true")).await });
            drop(runtime.block_on(task).expect("no panic").expect("it runs"));
        },
    );
    report("execute `/bin/true` on a worker", "std output()", plain, ours);
}

fn a_hundred_at_once(runtime: &tokio::runtime::Runtime) {
    let plain = || {
        let spawn = |_| {
            process::Command::new("/bin/true")
                .stdout(process::Stdio::piped())
                .stderr(process::Stdio::piped())
                .spawn()
        };
        let children: Vec<_> = (0..100).map(spawn).collect();
        for child in children {
            child.and_then(process::Child::wait_with_output).expect("it runs");
        }
    };
    let executor = Executor::local("bench");
    let ours = || {
        runtime.block_on(async {
            let run = |_| {
                let executor = executor.clone();
                tokio::spawn(async move { executor.run(Command::new("/bin/true")).await })
            };
            let tasks: Vec<_> = (0..100).map(run).collect();
            for task in tasks {
                task.await.expect("no panic").expect("it runs");
            }
        });
    };
    let (plain, ours) = in_turns(20, plain, ours);
    report("a hundred `/bin/true` at once", "std spawns 100, then waits", plain, ours);
}

fn a_gigabyte_of_lines(runtime: &tokio::runtime::Runtime) {
    let own = std::env::current_exe().expect("our own path");
    let baseline = || {
        let script = format!("'{}' generate {GIGABYTE} | cat | wc -l", own.display());
        let output = process::Command::new("sh").arg("-c").arg(script).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), (GIGABYTE / LINE).to_string());
    };
    let executor = Executor::local("bench");
    let generate = || Command::new(&own).arg("generate").arg(GIGABYTE.to_string());
    let batches = || assert_eq!(on_worker(runtime, &executor, generate(), count_batches), GIGABYTE / LINE);
    let events = || assert_eq!(on_worker(runtime, &executor, generate(), count_events), GIGABYTE / LINE);
    let texts = || assert_eq!(on_worker(runtime, &executor, generate(), count_texts), GIGABYTE / LINE);
    let (plain, by_batch) = in_turns(5, baseline, batches);
    report("1 GB of lines by `recv_batch`", "generate | cat | wc -l", plain, by_batch);
    let (plain, by_event) = in_turns(5, baseline, events);
    report("1 GB of lines by `recv`", "generate | cat | wc -l", plain, by_event);
    let (plain, by_text) = in_turns(3, baseline, texts);
    report("1 GB of lines by `recv`, each as text", "generate | cat | wc -l", plain, by_text);
}

fn one_long_line(runtime: &tokio::runtime::Runtime) {
    let executor = Executor::local("bench");
    let baseline = || {
        let script = "head -c 1000000000 /dev/zero | cat | wc -c";
        process::Command::new("sh").arg("-c").arg(script).output().expect("it runs");
    };
    let command = || Command::new("head").args(["-c", "1000000000", "/dev/zero"]);
    let ours = || assert_eq!(on_worker(runtime, &executor, command(), count_batches), 954);
    let (plain, ours) = in_turns(3, baseline, ours);
    report("1 GB in one line by `recv_batch`", "head | cat | wc -c", plain, ours);
}

fn on_worker<F: Future<Output = usize> + Send + 'static>(
    runtime: &tokio::runtime::Runtime,
    executor: &Executor<LocalBackend>,
    command: Command,
    count: fn(Execution<HostProcess>) -> F,
) -> usize {
    let executor = executor.clone();
    let task = runtime.spawn(async move { count(executor.execute(command).await.expect("it runs")).await });
    runtime.block_on(task).expect("no panic")
}

async fn count_batches(mut run: Execution<HostProcess>) -> usize {
    let mut lines = 0;
    while let Some(event) = run.events.recv_batch().await {
        if let BatchEvent::Output(batch) = event {
            lines += batch.slices().map(std::hint::black_box).count();
        }
    }
    assert!(run.process.wait().await.success());
    lines
}

async fn count_events(mut run: Execution<HostProcess>) -> usize {
    let mut lines = 0;
    while let Some(event) = run.events.recv().await {
        lines += usize::from(event.line().is_some());
        std::hint::black_box(event);
    }
    lines
}

async fn count_texts(mut run: Execution<HostProcess>) -> usize {
    let mut lines = 0;
    while let Some(event) = run.events.recv().await {
        if let Some(line) = event.line() {
            std::hint::black_box(line.text());
            lines += 1;
        }
    }
    lines
}

/// What something took: on the clock, and of all processors, by this program and its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn cost_of(run: &mut dyn FnMut()) -> Cost {
    let (started, before) = (Instant::now(), cpu_time());
    run();
    Cost { wall: started.elapsed(), cpu: cpu_time() - before }
}

fn cpu_time() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let of = |who| {
        let usage = getrusage(who).expect("it is always known");
        let times = [usage.user_time(), usage.system_time()];
        times.map(|time| {
            Duration::from_secs(time.tv_sec() as u64) + Duration::from_micros(time.tv_usec() as u64)
        })
    };
    of(UsageWho::RUSAGE_SELF).iter().chain(&of(UsageWho::RUSAGE_CHILDREN)).sum()
}

/// Runs both so many times, one after the other, and gives the median of each.
fn in_turns(times: usize, mut first: impl FnMut(), mut second: impl FnMut()) -> (Cost, Cost) {
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..=times {
        for (index, run) in [&mut first as &mut dyn FnMut(), &mut second].into_iter().enumerate() {
            let cost = cost_of(run);
            // The first round warms up.
            if round > 0 {
                costs[index].push(cost);
            }
        }
    }
    let [first, second] = costs;
    (median(first), median(second))
}

fn median(costs: Vec<Cost>) -> Cost {
    let middle = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    Cost {
        wall: middle(costs.iter().map(|cost| cost.wall).collect()),
        cpu: middle(costs.iter().map(|cost| cost.cpu).collect()),
    }
}

fn report(what: &str, baseline: &str, plain: Cost, ours: Cost) {
    let ratio = |ours: Duration, plain: Duration| ours.as_secs_f64() / plain.as_secs_f64();
    println!(
        "{what:38} {:>9.2?}   {baseline:26} {:>9.2?}   ratio {:.2}   of processor time {:.2}",
        ours.wall,
        plain.wall,
        ratio(ours.wall, plain.wall),
        ratio(ours.cpu, plain.cpu),
    );
}

/// The most memory that this program has had at once, in MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
