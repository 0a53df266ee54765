//! Every program in `examples/` runs, and prints what it says.
