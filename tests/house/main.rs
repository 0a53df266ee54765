//! What the project promises of itself: layers, documentation, scripts and examples that run.

// A test binary has no outside.
#![allow(unreachable_pub)]

mod documented;
mod layers;
mod names;
mod readme;
mod source;
