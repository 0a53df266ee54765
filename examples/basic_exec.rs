//! Runs commands and looks at what they leave: output, exit codes, errors.

use rexec::{Command, ErrorKind, Executor, Result};
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<()> {
    let executor = Executor::local("basic-exec");

    // An argument is one word, whatever is in it: there is no shell that could split it.
    let output = executor.run(Command::new("echo").arg("two  spaces; $HOME")).await?;
    println!("{}", output.text());

    // Commands are values: they print, and join to pipelines and sequences.
    let count = Command::new("seq").arg("100").pipe(Command::new("grep").arg("7"));
    let count = count.pipe(Command::new("wc").arg("-l"));
    println!("{count}: {}", executor.run(count.clone()).await?.text().trim());

    // With `output` the exit code is yours to judge; with `run` a failure is an error.
    let command = Command::new("sh").args(["-c", "echo no such unit >&2; exit 5"]);
    println!("exit code {:?}", executor.output(command.clone()).await?.status.code());
    let error = executor.run(command).await.expect_err("it exits with 5");
    println!("{:?}: {}, and said: {}", error.kind(), error.message(), error.tail().unwrap_or_default());

    // Each end has a kind of its own.
    let slow = Command::new("sleep").arg("60").timeout(Duration::from_millis(100));
    let error = executor.run(slow).await.expect_err("it sleeps for longer");
    println!("{error}");
    let error = executor.run(Command::new("no-such-program")).await.expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    println!("{:?}", error.kind());
    Ok(())
}
