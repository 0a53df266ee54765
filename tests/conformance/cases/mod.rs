//! The cases, by topic.

pub mod run;
