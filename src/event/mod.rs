//! What happened: events, lines, exit statuses, signals and collected output. Plain data, no I/O.

mod batch;
mod capture;
mod exit_status;
mod filter;
mod framer;
mod output;
mod process_event;
mod signal;

pub use batch::{Batch, Line, LineEnding, OutputStream};
pub use capture::{Capture, DEFAULT_OUTPUT_LIMIT};
pub use exit_status::ExitStatus;
pub use filter::LogFilter;
pub use framer::{Framer, MAX_LINE};
pub use output::Output;
pub use process_event::ProcessEvent;
pub use signal::{ParseSignalError, Signal};
