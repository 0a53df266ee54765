//! Options and arguments.
