//! Keeps a process running on a host: starts it, waits until it is ready, restarts and stops it.

mod event;
mod handle;
mod log;
mod pid_file;
mod probe;
mod run;
mod status;
mod supervisor;
#[cfg(test)]
mod tests;
mod watch;

pub use event::ManagedEvent;
pub use handle::ManagedHandle;
pub use log::Follower;
pub use status::{ManagedState, ManagedStatus};

use super::Executor;
use crate::{Error, Result, backend::Backend, target::ManagedProcess};

impl ManagedProcess {
    /// A handle to it on this executor's host, where it does not run yet.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::ErrorKind::Invalid) for a command that is to be detached: somebody else
    /// would then own its end.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn manage_on<B: Backend>(self, executor: &Executor<B>) -> Result<ManagedHandle> {
        if self.command.detach.is_some() {
            let message = "a managed process can't be detached: its manager owns its end";
            return Err(Error::invalid(message).with_command(self.command.to_string()));
        }
        Ok(supervisor::start(self, executor.erased()))
    }

    /// Starts it on this executor's host. It need not be ready yet: see
    /// [`wait_ready`](ManagedHandle::wait_ready).
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use rexec::{Command, Executor, MockBackend, backend::mock::Answer};
    /// use rexec::target::{LinePattern, ManagedProcess, Readiness};
    ///
    /// let answer = Answer::text("listening on port 8080\n").forever();
    /// let executor = Executor::new("web", MockBackend::builder().answer("serve", answer).build());
    ///
    /// let web = ManagedProcess::new("web", Command::new("serve"))
    ///     .ready(Readiness::Line(LinePattern::containing("listening")))
    ///     .start_on(&executor)
    ///     .await?;
    /// web.wait_ready().await?;
    /// assert!(web.status().is_ready());
    /// web.stop().await?;
    /// # Ok::<(), rexec::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`manage_on`](Self::manage_on) and [`ManagedHandle::start`].
    pub async fn start_on<B: Backend>(self, executor: &Executor<B>) -> Result<ManagedHandle> {
        let handle = self.manage_on(executor)?;
        handle.start().await?;
        Ok(handle)
    }
}
