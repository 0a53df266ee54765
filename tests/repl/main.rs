//! The prompt, in a pseudo-terminal.
