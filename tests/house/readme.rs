//! What the README shows works: its scripts run and print what it says, its commands too.

use crate::source::top;
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Commands of the README that no test runs, and why.
const NOT_RUN: &[(&str, &str)] =
    &[("cargo install --path .", "it installs what is tested here"), ("tests/run", "it runs this test")];

/// A code block.
struct Block {
    language: String,
    /// The line of the README that it begins on.
    line: usize,
    text: String,
}

#[test]
fn every_script_of_the_readme_runs_and_prints_what_it_says() {
    let scripts: Vec<_> = blocks().into_iter().filter(|block| block.language == "rhai").collect();
    assert!(!scripts.is_empty(), "the README shows what a script looks like");
    let folder = tempfile::tempdir().unwrap();
    for script in scripts {
        let file = folder.path().join(format!("readme-{}.rhai", script.line));
        fs::write(&file, &script.text).unwrap();
        let output =
            run(Command::new(rexec()).arg("run").arg(&file).current_dir(folder.path()), folder.path());
        let (stdout, stderr) = texts(&output);
        assert!(output.status.success(), "README.md:{}: {}\n{stderr}", script.line, output.status);
        let mut printed = stdout.lines();
        for expected in script.text.lines().filter_map(promise) {
            assert!(
                printed.any(|line| line == expected),
                "README.md:{}: it does not print `{expected}` there, but\n{stdout}",
                script.line
            );
        }
    }
}

#[test]
fn every_command_of_the_readme_runs() {
    let blocks: Vec<_> = blocks().into_iter().filter(|block| block.language == "console").collect();
    assert!(!blocks.is_empty(), "the README shows how to try it");
    let folder = tempfile::tempdir().unwrap();
    for block in blocks {
        for command in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            if NOT_RUN.iter().any(|(known, _)| *known == command) {
                continue;
            }
            let arguments = command
                .strip_prefix("rexec ")
                .or_else(|| command.strip_prefix("cargo run --release -- "))
                .unwrap_or_else(|| panic!("README.md:{}: no test runs `{command}`", block.line));
            let shell = format!("exec '{}' {arguments}", rexec().display());
            let output = run(Command::new("sh").arg("-c").arg(shell).current_dir(top()), folder.path());
            let (_, stderr) = texts(&output);
            assert!(
                output.status.success(),
                "README.md:{}: `{command}`: {}\n{stderr}",
                block.line,
                output.status
            );
        }
    }
}

/// What a line of a script promises to print: the comment behind `print(...);`.
fn promise(line: &str) -> Option<&str> {
    let (code, comment) = line.split_once(");  ")?;
    if !code.trim_start().starts_with("print(") {
        return None;
    }
    comment.trim_start().strip_prefix("// ").map(str::trim_end)
}

fn blocks() -> Vec<Block> {
    let text = fs::read_to_string(top().join("README.md")).unwrap();
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), line: index + 1, text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block of the README ends");
    blocks
}

fn rexec() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rexec"))
}

/// Runs a command to its end, which comes soon; what it keeps, it keeps in this folder.
fn run(command: &mut Command, folder: &Path) -> Output {
    const LIMIT: Duration = Duration::from_secs(100);
    // Files, and not pipes that somebody would have to read meanwhile.
    let [out, err] = ["out", "err"].map(|name| folder.join(name));
    let mut child = command
        .env("HOME", folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} hangs:\n{}", fs::read_to_string(err).unwrap());
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
