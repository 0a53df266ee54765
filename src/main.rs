//! The `rexec` program.

fn main() {}
