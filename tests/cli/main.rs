//! The binary as a user meets it.

// A test binary has no outside.
#![allow(unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod diagnostics;
mod ends;
mod exit_codes;
mod guard;
mod harness;
mod options;
mod running;
mod terminal;
