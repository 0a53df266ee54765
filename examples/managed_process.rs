//! Keeps a service running: waits until it is ready, restarts it after a crash, stops it.

use rexec::{
    Command, Executor, ManagedEvent, ProcessEvent, Result,
    target::{Backoff, LinePattern, ManagedProcess, Readiness, RestartPolicy},
};
use std::time::Duration;

/// Stands for a service that crashes once, when it is asked to read its configuration.
const SERVICE: &str = "
    trap 'echo the configuration is bad; exit 1' HUP
    echo listening
    while :; do sleep 0.02; done";

#[tokio::main]
async fn main() -> Result<()> {
    let executor = Executor::local("managed-process");
    let folder = executor.files().temp_dir().await?;
    let pid_file = folder.path().join("web.pid");

    let web = ManagedProcess::new("web", Command::shell(SERVICE))
        .restart(RestartPolicy::OnFailure)
        .max_restarts(3)
        .backoff(Backoff { initial: Duration::from_millis(50), jitter: 0.0, ..Backoff::default() })
        .ready(Readiness::Line(LinePattern::containing("listening")))
        .ready_timeout(Duration::from_secs(10))
        .grace(Duration::from_secs(2))
        .pid_file(&pid_file)
        .start_on(&executor)
        .await?;
    let mut follower = web.follow();
    web.wait_ready().await?;
    let pid = executor.files().read_to_string(&pid_file).await?;
    println!(
        "the pid file names it: {}",
        Some(pid.trim()) == web.pid().map(|pid| pid.to_string()).as_deref()
    );

    // It crashes, waits a moment, and is back.
    web.reload().await?;
    web.wait_for(|status| status.restarts == 1 && status.is_ready()).await?;
    println!("restarts: {}", web.restarts());

    println!("{}", web.stop().await?);
    println!("{}", web.status().state.name());
    println!("the pid file is gone: {}", !executor.files().exists(&pid_file).await?);

    // A follower is told everything from the start on, and at which line it was too slow.
    while let Some(event) = follower.recv().await {
        match event {
            ManagedEvent::Process(ProcessEvent::Stdout(line)) => println!("  {}", line.text()),
            ManagedEvent::Process(ProcessEvent::Exited(status)) => println!("  {status}"),
            ManagedEvent::Ready => println!("  ready"),
            ManagedEvent::Restarted { count, after } => println!("  restart {count} after {after:?}"),
            ManagedEvent::Stopped => println!("  stopped"),
            _ => {}
        }
    }
    Ok(())
}
