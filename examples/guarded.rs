//! A program that leaves nothing behind, however it ends, but for what it puts outside on purpose.

use rexec::{Result, guard};
use std::{
    env,
    ffi::{OsStr, OsString},
    fs, path, process, thread,
    time::Duration,
};

fn main() -> Result<()> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    match &args[..] {
        [task, file, starter] if task == OUTSIDE => write_note(file, starter),
        _ => work(args.first()),
    }
}

fn work(note: Option<&OsString>) -> Result<()> {
    // Before there is a thread. From here on this is the last of three processes.
    let guard = guard::enter()?;
    // What Ctrl-C does now: end the program, and all that it started, at once.
    guard.on_request(move |request| guard.exit_by(request.signal))?;

    let lost = "setsid sleep 1000 >/dev/null 2>&1 &";
    let status = process::Command::new("sh").args(["-c", lost]).status();
    println!("lost sight of a process: {}", status.is_ok_and(|status| status.success()));

    if let Some(file) = note {
        let starter = process::id().to_string();
        guard::spawn_outside(&[OUTSIDE.into(), file.clone(), starter.into()])?;
        println!("put one outside");
    }
    // It ends the process that was lost.
    guard.exit(0)
}

/// With this for its first argument the program is the process outside.
const OUTSIDE: &str = "outside";

/// Waits until the one that started it is gone, and says so in a file.
fn write_note(file: &OsStr, starter: &OsStr) -> Result<()> {
    while path::Path::new("/proc").join(starter).exists() {
        thread::sleep(Duration::from_millis(5));
    }
    fs::write(file, "written after the end\n").map_err(|error| rexec::Error::from_io("write", error))
}
