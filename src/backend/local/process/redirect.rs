//! Opens the files that a command reads and writes.

use super::unix;
use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    path::Path,
    time::Duration,
};
use tokio::io::Interest;

/// How often to look whether somebody reads from a named pipe.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Opens a file to be read. For a named pipe this waits until somebody writes to it.
///
/// Opening a named pipe blocks until there is somebody at its other end, which may be never: no
/// thread may wait for that, and whoever gives up by dropping the future must be able to.
pub(super) async fn read(path: &Path) -> io::Result<File> {
    let file = open(OpenOptions::new().read(true), path)?;
    if file.metadata()?.file_type().is_fifo() {
        let watched = unix::watch(OwnedFd::from(file.try_clone()?), Interest::READABLE)?;
        watched.readable().await?.retain_ready();
    }
    unix::set_blocking(&file)?;
    Ok(file)
}

/// Opens a file to be written: made anew, or added to. For a named pipe this waits until somebody
/// reads from it.
pub(super) async fn write(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(append).write(!append).truncate(!append);
    let file = loop {
        match open(&mut options, path) {
            // A named pipe that nobody reads from (`fifo(7)`).
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) && is_fifo(path) => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            opened => break opened?,
        }
    };
    unix::set_blocking(&file)?;
    Ok(file)
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

fn is_fifo(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}
