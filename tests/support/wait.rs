//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// Waits until there is a value, looking again and again; `None` if there is none in time.
pub async fn wait_for<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        if Instant::now() > end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
