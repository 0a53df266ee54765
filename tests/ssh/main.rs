//! Hosts over SSH, against a throwaway server on loopback.

// A test binary has no outside.
#![allow(unreachable_pub)]
#![cfg(feature = "ssh")]

mod run;
#[path = "../support/mod.rs"]
mod support;
