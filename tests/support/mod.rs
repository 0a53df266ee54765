//! What several test binaries need: temporary folders, hosts, waiting for an event.

// Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod alone;
pub mod example;
pub mod marked;
#[cfg(feature = "ssh")]
pub mod sshd;
#[cfg(unix)]
pub mod terminal;
pub mod trees;
pub mod wait;
