//! The guard: leftovers, daemons, pipes, stopping and going on.
