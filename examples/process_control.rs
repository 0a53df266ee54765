//! Talks to a process while it runs: input, signals, and its end.

use rexec::{Command, EventStream, Executor, Process, ProcessEvent, Result, Signal, StdinSource};
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<()> {
    let executor = Executor::local("process-control");

    // What is written to its input it reads; to drop the input is to end it.
    let double = Command::shell("while read -r n; do echo $((2 * n)); done");
    let mut run = executor.execute(double.stdin(StdinSource::Piped)).await?;
    let mut stdin = run.process.take_stdin().expect("it was asked for");
    for number in [20, 21] {
        stdin.write(format!("{number}\n").as_bytes()).await?;
        println!("twice {number} is {}", next_line(&mut run.events).await);
    }
    stdin.close().await?;
    println!("{}", run.process.wait().await);

    // Signals go by name, to the whole process group. This one handles two of them.
    let daemon = "trap 'echo configuration read again' HUP; trap 'echo bye; exit 0' TERM
        echo up; while :; do sleep 0.02; done";
    let mut run = executor.execute(Command::shell(daemon)).await?;
    println!("{}", next_line(&mut run.events).await);
    run.process.reload().await?;
    println!("{}", next_line(&mut run.events).await);
    println!("{}", run.process.stop(Duration::from_secs(5)).await?);
    println!("{}", run.process.wait().await);

    // One that ignores TERM is killed when its grace has passed, with all that it started.
    let stubborn = "trap '' TERM; echo up; sleep 60 & setsid sleep 60 & wait";
    let mut run = executor.execute(Command::shell(stubborn)).await?;
    next_line(&mut run.events).await;
    println!("{}", run.process.stop(Duration::from_millis(100)).await?);

    // Several tasks may wait for the same end, before and after it.
    let run = executor.execute(Command::new("sleep").arg("60")).await?;
    let waiting = tokio::spawn(run.process.waiter());
    run.process.signal(Signal::Int).await?;
    println!("{}", waiting.await.expect("the task only waits"));
    println!("{}", run.process.wait().await);
    Ok(())
}

/// The next line of its standard output; nothing once it has ended.
async fn next_line(events: &mut EventStream) -> String {
    while let Some(event) = events.recv().await {
        if let ProcessEvent::Stdout(line) = event {
            return line.text().into_owned();
        }
    }
    String::new()
}
