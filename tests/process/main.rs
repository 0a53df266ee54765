//! What is special about processes on this machine: their ends, their trees, their pipes.

#[path = "../support/mod.rs"]
mod support;

mod detached;
mod managed;
