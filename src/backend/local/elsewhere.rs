//! Stands for [`owner`](super) on systems that are not like Unix: nothing can be run there yet.

use crate::{
    Capability, Error, Result,
    backend::HostProcess,
    command::{Command, Pipeline},
};
use std::sync::Arc;

pub(super) const CAPABILITIES: &[Capability] = &[];

#[derive(Debug, Default)]
pub(super) struct Owner;

impl Owner {
    pub(super) async fn spawn(self: &Arc<Self>, _: &Command) -> Result<HostProcess> {
        Err(unsupported())
    }

    pub(super) async fn spawn_pipeline(self: &Arc<Self>, _: &Pipeline) -> Result<HostProcess> {
        Err(unsupported())
    }
}

fn unsupported() -> Error {
    Error::unsupported("commands on this machine are not supported on this operating system yet")
}
