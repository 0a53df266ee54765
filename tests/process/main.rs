//! What is special about processes on this machine: their ends, their trees, their pipes.
