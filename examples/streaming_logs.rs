//! Reads what a command writes while it runs, line by line, and filters it on the way.

use rexec::{Command, Executor, Line, OutputStream, ProcessEvent, Result};

/// Stands for a service that logs to both outputs.
const SERVICE: &str = "
    for request in 1 2 3 4; do
        echo \"DEBUG parsed request $request\"
        echo \"INFO request $request done\"
    done
    echo 'token=hunter2 rejected' >&2
    exit 3";

#[tokio::main]
async fn main() -> Result<()> {
    let executor = Executor::local("streaming-logs");
    let run = executor.execute(Command::shell(SERVICE)).await?;

    // A filter drops lines or rewrites them. Lines are bytes; `text` makes text of them.
    let no_debug = |_: OutputStream, line: Line| (!line.text().starts_with("DEBUG")).then_some(line);
    let no_tokens =
        |_: OutputStream, line: Line| Some(Line::new(line.text().replace("hunter2", "***"), line.ending()));
    let mut events = run.events.with_filter(no_debug).with_filter(no_tokens);

    // The two outputs are two pipes: their order towards each other is not known, so errors are
    // kept for the end here. (`Command::merge_stderr` keeps it, and makes them one.)
    let mut errors = Vec::new();
    while let Some(event) = events.recv().await {
        match event {
            ProcessEvent::Started { pid } => println!("started, with a pid: {}", pid.is_some()),
            ProcessEvent::Stdout(line) => println!("out: {}", line.text()),
            ProcessEvent::Stderr(line) => errors.push(line),
            ProcessEvent::Exited(status) => {
                errors.iter().for_each(|line| println!("err: {}", line.text()));
                println!("{status}");
            }
            // More kinds of events may come with later versions.
            _ => {}
        }
    }
    Ok(())
}
