//! Behaviour that every backend shares, written once and run on each.
