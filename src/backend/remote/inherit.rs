//! This program's own standard input, for a command that inherits it.

use super::BoxWriter;
use std::io::Read;
use tokio::{io::AsyncWriteExt, sync::mpsc};

/// Copies it until its end or until nobody reads any longer.
///
/// What was read and not yet passed on when the command ends is lost, unlike on this machine,
/// where the command reads it itself.
pub(super) async fn copy_own_input(mut to: BoxWriter) {
    let (sender, mut chunks) = mpsc::channel::<Vec<u8>>(1);
    // A thread of its own, since nothing can end a read that waits: the runtime must not wait for it.
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count) = std::io::stdin().read(&mut buffer)
            && count > 0
            && sender.blocking_send(buffer[..count].to_vec()).is_ok()
        {}
    });
    while let Some(chunk) = chunks.recv().await
        && to.write_all(&chunk).await.is_ok()
    {}
    // A command need not read its input to the end.
    let _ = to.shutdown().await;
}
