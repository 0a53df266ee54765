//! The cases, by topic.

pub mod ends;
pub mod env;
pub mod output;
pub mod pipelines;
pub mod redirects;
pub mod run;
pub mod signals;
pub mod stdin;
pub mod tty;

use rexec::{BatchEvent, EventStream, ProcessEvent};

/// The text of the next line, whichever output it comes from.
pub async fn next_line(events: &mut EventStream) -> String {
    loop {
        let event = events.recv().await.expect("a line, and not the end of the events");
        if let Some(line) = event.line() {
            return line.text().into_owned();
        }
    }
}

/// All events to the end.
pub async fn all_events(events: &mut EventStream) -> Vec<ProcessEvent> {
    let mut all = Vec::new();
    while let Some(event) = events.recv().await {
        all.push(event);
    }
    all
}

/// How many lines of output are left, and how many bytes with the newlines.
pub async fn count_rest(events: &mut EventStream) -> (usize, usize) {
    let (mut lines, mut bytes) = (0, 0);
    while let Some(event) = events.recv_batch().await {
        if let BatchEvent::Output(batch) = event {
            lines += batch.len();
            bytes += batch.bytes().len();
        }
    }
    (lines, bytes)
}
