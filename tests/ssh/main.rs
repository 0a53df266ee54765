//! Hosts over SSH, against a throwaway server on loopback: what is not the same as on any host.

// A test binary has no outside.
#![allow(unreachable_pub)]
#![cfg(feature = "ssh")]

mod connections;
mod ends;
mod errors;
mod examples;
mod files;
mod rollout;
mod run;
mod shells;
#[path = "../support/mod.rs"]
mod support;

use rexec::{Executor, SshBackend};
use support::sshd::Sshd;

/// Runs commands on this host.
async fn executor(sshd: &Sshd) -> Executor<SshBackend> {
    Executor::new("test", sshd.builder().connect().await.unwrap())
}
