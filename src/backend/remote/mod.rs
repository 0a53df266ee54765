//! The seam to a far side: how a process behind a byte channel is started, fed, read, signalled,
//! ended, and cleaned up after.
//!
//! A backend that reaches its host through something like a pipe to a shell (an SSH channel, an
//! exec in a container) brings two things:
//!
//! - [`Channels`]: opens a byte channel to a shell text that its host runs.
//! - One such channel that stays open for as long as the connection does, for the [`Warden`].
//!
//! From these two, [`Link::spawn`] makes processes that are as real as local ones. What speaks on
//! the far side today is the shell shim ([`shim`]): POSIX shell text that needs nothing there but
//! `/bin/sh`. A resident helper can take its place later behind the same [`Link`].

mod beginning;
mod channel;
mod control;
mod explain;
mod feed;
mod inherit;
mod link;
mod pump;
mod records;
mod run;
mod script;
pub mod shim;
mod spawn;
mod warden;

pub use channel::{BoxWriter, Channel, ChannelEnd, ChannelRequest, Channels};
pub use link::{Link, LinkId, Startable};
pub use warden::{Patience, System, Warden};
