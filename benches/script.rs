//! What a script costs, side by side with bash and Python in one run: ratios, not times.
//!
//! `cargo bench --bench script`; with a name behind it, only what has that name in it.

use rexec::ScriptHost;
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How often each side is measured; the best counts, since all that others do only adds to it.
const ROUNDS: usize = 5;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    if wanted("events") {
        events();
    }
    if wanted("commands") {
        commands();
    }
    if wanted("expect") {
        expect();
    }
    if wanted("start") {
        start();
    }
}

/// 1 GB of lines of 80 bytes: a loop over a process's events against a loop over Python's pipe.
fn events() {
    let line = "x".repeat(79);
    let generate = format!("yes {line} | head -c 1000000000");
    for (what, body, python_body) in [
        ("counted", "n += 1;", "n += 1"),
        ("looked at", "if event.line == \"y\" { n += 1; }", "n += line == b'y\\n'"),
    ] {
        let script = format!("let n = 0; for event in local().spawn(sh(\"{generate}\")) {{ {body} }} n");
        let python = format!(
            "import subprocess\np = subprocess.Popen(['sh', '-c', '{generate}'], stdout=subprocess.PIPE)\nn = 0\nfor line in p.stdout:\n    {python_body}\n"
        );
        let (ours, theirs) = side_by_side(3, || run(&script), || python_runs(&python));
        report(&format!("12.5 million lines {what}"), ours, "python", theirs, 1.0);
    }
}

/// A thousand commands one after the other, against the same loop in bash.
fn commands() {
    let script = "for i in 0..1000 { local().run(\"/bin/true\"); }";
    let (ours, theirs) = side_by_side(
        ROUNDS,
        || run(script),
        || shell("bash", "for ((i = 0; i < 1000; i++)); do /bin/true; done"),
    );
    report("1,000 commands", ours, "bash", theirs, 1.1);
}

/// A marker after 25 MB.
fn expect() {
    let generate = format!("yes {} | head -c 25000000; echo the marker", "x".repeat(79));
    let script = format!("local().spawn(sh(\"{generate}\")).expect(\"the m[a-z]rker\", 60)");
    let (ours, theirs) = side_by_side(
        ROUNDS,
        || run(&script),
        || shell("sh", &format!("{{ {generate}; }} | grep -q 'the m[a-z]rker'")),
    );
    report("a marker after 25 MB", ours, "grep", theirs, f64::INFINITY);
}

/// An engine, and an empty script.
fn start() {
    let ours = best(ROUNDS, || {
        ScriptHost::builder().build();
    });
    println!("{:<34} {:>8.2} ms", "an engine", ours.as_secs_f64() * 1e3);
}

fn side_by_side(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> (Duration, Duration) {
    let mut bests = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        bests.0 = bests.0.min(best(1, &mut ours));
        bests.1 = bests.1.min(best(1, &mut theirs));
    }
    bests
}

fn best(rounds: usize, mut work: impl FnMut()) -> Duration {
    let times = (0..rounds).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed()
    });
    times.min().unwrap_or_default()
}

fn report(what: &str, ours: Duration, other: &str, theirs: Duration, target: f64) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let target = if target.is_finite() { format!("  (target {target})") } else { String::new() };
    println!(
        "{what:<34} {:>8.0} ms, {other} {:>8.0} ms: {ratio:.2}{target}",
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3
    );
}

fn run(script: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let host = ScriptHost::builder().build();
    runtime.block_on(host.run_source("bench", script)).unwrap_or_else(|error| panic!("{error}: {script}"));
}

fn python_runs(script: &str) {
    let status = Command::new("python3").args(["-c", script]).status().expect("python3 is there");
    assert!(status.success());
}

fn shell(shell: &str, script: &str) {
    let status = Command::new(shell).args(["-c", script]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
}
