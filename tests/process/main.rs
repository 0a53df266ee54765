//! What is special about processes on this machine: their ends, their trees, their pipes.

// A test binary has no outside.
#![allow(unreachable_pub)]

mod descriptors;
mod detached;
mod ends;
mod leftovers;
mod managed;
mod output;
mod redirects;
mod spawning;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod waiting;

use rexec::{Command, Execution, Executor, HostProcess, LocalBackend};

/// A machine of one's own for each test, so that dropping it has an end of its own.
fn executor() -> Executor<LocalBackend> {
    Executor::local("process")
}

async fn start(executor: &Executor<LocalBackend>, script: &str) -> Execution<HostProcess> {
    executor.execute(Command::shell(script)).await.unwrap()
}

/// The text that a command writes.
async fn text(command: Command) -> String {
    executor().run(command).await.unwrap().text()
}
