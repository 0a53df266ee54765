//! What can be started and stopped: plans and parsers, as data. No I/O.

pub mod detached;
mod linux_proc;
mod managed_process;
mod readiness;
mod restart;

pub use managed_process::ManagedProcess;
pub use readiness::{LinePattern, PortAddress, Readiness};
pub use restart::{Backoff, RestartPolicy};

pub(crate) use linux_proc::{is_alive, is_listening};
pub(crate) use restart::RestartBudget;
