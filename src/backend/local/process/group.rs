//! The process group of a command: its children until they are reaped, and signals to all of it.

use super::{
    platform::Handle,
    unix::{self, Pid},
};
use crate::event::ExitStatus;
use async_process::Child;
use std::{
    future::{Future, poll_fn},
    io,
    os::unix::process::ExitStatusExt,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};
use tokio::io::{Interest, unix::AsyncFd};

/// The children that run in one process group: one for a command, one for each stage of a
/// pipeline.
///
/// The number of a process is free for another one as soon as it is reaped, so reaping and
/// signalling exclude each other by a lock: while one child is not reaped, the group's number
/// means this group. Where the kernel has handles to processes, signals are exact also later.
pub(super) struct Group {
    id: Pid,
    /// Those that are not reaped yet.
    children: Mutex<Vec<Option<Child>>>,
    /// A handle to each child, which tells when it has ended. That of the first is the group's.
    handles: Vec<Option<AsyncFd<Handle>>>,
}

impl Group {
    /// These children, of which the first leads the group. Needs a runtime.
    pub(super) fn new(children: Vec<Child>) -> Self {
        let pid = |child: &Child| Pid::new(child.id() as i32);
        let id = children.first().and_then(pid).expect("a child was started, and is neither init nor us");
        let handles =
            children.iter().map(|child| pid(child).and_then(Handle::open).and_then(watch_for_end)).collect();
        Self { id, handles, children: Mutex::new(children.into_iter().map(Some).collect()) }
    }

    /// The number of the group, which is that of its first child.
    pub(super) fn id(&self) -> Pid {
        self.id
    }

    /// Waits for the end of all children, and gives their statuses in their order.
    pub(super) async fn reap_all(&self) -> Vec<ExitStatus> {
        let mut statuses = Vec::with_capacity(self.handles.len());
        for index in 0..self.handles.len() {
            statuses.push(self.reap(index).await);
        }
        statuses
    }

    async fn reap(&self, index: usize) -> ExitStatus {
        let status = match &self.handles[index] {
            Some(handle) => self.reap_when_told(index, handle).await,
            None => self.reap_by_status(index).await,
        };
        // Where SIGCHLD is ignored in this program, the system itself reaps, and nobody can say.
        status.map_or(ExitStatus::Unknown, exit_status)
    }

    async fn reap_when_told(
        &self,
        index: usize,
        handle: &AsyncFd<Handle>,
    ) -> io::Result<std::process::ExitStatus> {
        loop {
            let mut ready = handle.readable().await?;
            match self.try_reap(index) {
                Ok(None) => ready.clear_ready(),
                Ok(Some(status)) => return Ok(status),
                Err(error) => return Err(error),
            }
        }
    }

    fn try_reap(&self, index: usize) -> io::Result<Option<std::process::ExitStatus>> {
        let mut children = self.lock();
        let Some(child) = &mut children[index] else { return Err(io::Error::other("reaped before")) };
        let reaped = child.try_status();
        if !matches!(reaped, Ok(None)) {
            children[index] = None;
        }
        reaped
    }

    /// Without handles: `async-process` waits for SIGCHLD, and reaps when it is polled.
    async fn reap_by_status(&self, index: usize) -> io::Result<std::process::ExitStatus> {
        let status = self.lock()[index].as_mut().map(Child::status);
        let Some(status) = status else { return Err(io::Error::other("reaped before")) };
        let mut status = pin!(status);
        poll_fn(|context| {
            let mut children = self.lock();
            let reaped = status.as_mut().poll(context);
            if reaped.is_ready() {
                children[index] = None;
            }
            reaped
        })
        .await
    }

    /// Sends a signal to the group while it has a child that is not reaped; later to nobody.
    pub(super) fn signal(&self, number: i32) -> io::Result<()> {
        let children = self.lock();
        if children.iter().all(Option::is_none) {
            return Ok(());
        }
        match self.signal_at(&children, number) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            sent => sent,
        }
    }

    /// Sends a signal to what is in the group, also when all children are reaped, as far as that
    /// can be done without hitting somebody else.
    pub(super) fn signal_rest(&self, number: i32) -> io::Result<()> {
        self.signal_at(&self.lock(), number)
    }

    /// Whether anything is in the group. Also a dead process counts until it is reaped.
    pub(super) fn is_there(&self) -> bool {
        // EPERM says that it is there, and somebody else's.
        let gone = |error: io::Error| error.raw_os_error() != Some(libc::EPERM);
        !self.signal_rest(0).is_err_and(gone)
    }

    /// The children that are not reaped yet.
    pub(super) fn running(&self) -> Vec<Pid> {
        self.lock().iter().flatten().filter_map(|child| Pid::new(child.id() as i32)).collect()
    }

    fn signal_at(&self, children: &[Option<Child>], number: i32) -> io::Result<()> {
        if let Some(Some(leader)) = self.handles.first() {
            match leader.get_ref().signal_group(number) {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                sent => return sent,
            }
        }
        if children.iter().all(Option::is_none) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        unix::signal_group(self.id, number)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Child>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Group {
    /// Children that are still there belong to a task that was dropped with its runtime, and
    /// somebody has to take notice when they end.
    fn drop(&mut self) {
        let left = self.running();
        if !left.is_empty() {
            thread::spawn(move || left.into_iter().for_each(unix::reap));
        }
    }
}

/// The handle to a process can be read once that one has ended.
fn watch_for_end(handle: Handle) -> Option<AsyncFd<Handle>> {
    unix::watch(handle, Interest::READABLE).ok()
}

fn exit_status(status: std::process::ExitStatus) -> ExitStatus {
    match (status.code(), status.signal().and_then(unix::signal_from_number)) {
        (Some(code), _) => ExitStatus::Exited(code),
        (None, Some(signal)) => ExitStatus::Signaled(signal),
        (None, None) => ExitStatus::Unknown,
    }
}
