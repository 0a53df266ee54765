//! Runs commands on a host over SSH, and sends it a file.
//!
//!     cargo run --example ssh_exec -- HOST USER KEY_FILE
//!
//! With further arguments, the port and a file of known hosts.

use rexec::{
    Command, Executor, ExitStatus, Process, ProcessEvent, Result, SshBackend, executor::TransferOptions,
};
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<()> {
    let executor = Executor::new("ssh-exec", connect().await?);

    // The same commands as on this machine, with their words as they are.
    let output = executor.run(Command::new("echo").arg("two  spaces; $HOME")).await?;
    println!("{}", output.text());

    // A process there is a real one: its output comes as it is written, and it takes signals.
    let script = "trap 'echo cleaning up; exit 4' TERM; echo ready; while :; do sleep 0.1; done";
    let mut run = executor.execute(Command::shell(script)).await?;
    while let Some(event) = run.events.recv().await {
        if let ProcessEvent::Stdout(line) = event {
            println!("{}", line.text());
            if line.text() == "ready" {
                run.process.terminate().await?;
            }
        }
    }
    println!("{}", run.process.wait().await);

    // However it ends, its status says how.
    let status = executor.output(Command::shell("kill -SEGV $$")).await?.status;
    println!("{status}");
    assert_eq!(executor.output(Command::shell("exit 255")).await?.status, ExitStatus::Exited(255));
    let slow = Command::new("sleep").arg("60").timeout(Duration::from_millis(300));
    println!("{}", executor.run(slow).await.expect_err("it sleeps for longer").message());

    // Files go there whole or not at all; what is there already is not sent again.
    let directory = executor.files().temp_dir().await?;
    let here = std::env::temp_dir().join(format!("ssh_exec-{}", std::process::id()));
    std::fs::write(&here, "greetings\n").map_err(|error| rexec::Error::from_io("write a file", error))?;
    let there = directory.path().join("greetings.txt");
    for _ in 0..2 {
        let report = executor.files().upload(&here, &there, &TransferOptions::default()).await?;
        println!("sent {}, skipped {}", report.files, report.skipped);
    }
    let count = Command::new("wc").arg("-c").stdin(rexec::StdinSource::File(there));
    println!("{} bytes arrived", executor.run(count).await?.text().trim());
    // It is in the way of nobody.
    let _ = std::fs::remove_file(here);
    directory.remove().await
}

async fn connect() -> Result<SshBackend> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().unwrap_or_else(|| panic!("which {what}?"));
    let mut builder = SshBackend::builder(next("host")).user(next("user")).key(next("key file"));
    if let Some(port) = arguments.next() {
        builder = builder.port(port.parse().expect("a port is a number up to 65535"));
    }
    if let Some(file) = arguments.next() {
        builder = builder.known_hosts_file(file);
    }
    builder.connect().await
}
