//! Dropping and rewriting lines on their way.

use super::{Line, OutputStream};

/// Decides on each line of output: let it pass, rewrite it, or drop it.
///
/// Any `FnMut(OutputStream, Line) -> Option<Line>` is one.
///
/// ```
/// use rexec::{Line, LogFilter, OutputStream};
///
/// let mut no_debug = |_: OutputStream, line: Line| {
///     (!line.text().contains("DEBUG")).then_some(line)
/// };
/// let line = Line::new("DEBUG x", rexec::LineEnding::Newline);
/// assert!(no_debug.filter(OutputStream::Stdout, line).is_none());
/// ```
pub trait LogFilter: Send {
    /// The line to hand on, or `None` to drop it.
    fn filter(&mut self, stream: OutputStream, line: Line) -> Option<Line>;
}

impl<F> LogFilter for F
where
    F: FnMut(OutputStream, Line) -> Option<Line> + Send,
{
    fn filter(&mut self, stream: OutputStream, line: Line) -> Option<Line> {
        self(stream, line)
    }
}
