//! Output as it was read: one buffer of bytes, and where its lines are in it.

use super::LogFilter;
use bytes::{Bytes, BytesMut};
use std::{borrow::Cow, time::SystemTime};

/// Which of a process's two outputs something was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// File descriptor 1.
    Stdout,
    /// File descriptor 2.
    Stderr,
}

impl OutputStream {
    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            OutputStream::Stdout => "stdout",
            OutputStream::Stderr => "stderr",
        }
    }
}

/// What stood behind a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineEnding {
    /// A newline.
    Newline,
    /// Nothing: the output ended without a newline.
    EndOfOutput,
    /// Nothing yet: the line is longer than [`MAX_LINE`](super::MAX_LINE), and this is a piece of
    /// it with more to come.
    Split,
}

/// One line of output: its bytes, and how it ended.
///
/// The bytes are a slice of the buffer that they were read into; no line is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    bytes: Bytes,
    ending: LineEnding,
}

impl Line {
    /// A line made of these bytes, which hold no newline.
    pub fn new(bytes: impl Into<Bytes>, ending: LineEnding) -> Self {
        Self { bytes: bytes.into(), ending }
    }

    /// The exact bytes, without the newline; a carriage return before it is kept.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The line as text: invalid UTF-8 is replaced by U+FFFD, a carriage return at the end dropped.
    pub fn text(&self) -> Cow<'_, str> {
        let bytes = self.bytes.strip_suffix(b"\r").unwrap_or(&self.bytes);
        // Nearly every line is valid, and checking that is much faster than looking for what is not.
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
    }

    /// What stood behind it.
    pub fn ending(&self) -> LineEnding {
        self.ending
    }

    /// Whether this is a piece of a long line, with more of that line to come.
    pub fn is_partial(&self) -> bool {
        self.ending == LineEnding::Split
    }
}

/// What one read of an output gave: whole lines (or pieces of a long one) in one buffer.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) stream: OutputStream,
    pub(crate) stage: usize,
    pub(crate) time: SystemTime,
    pub(crate) data: Bytes,
    /// For each line where it ends in `data`, and what stands behind it. The next one begins
    /// after the newline, if there is one.
    pub(crate) ends: Vec<(u32, LineEnding)>,
}

impl Batch {
    /// Which output it was read from.
    pub fn stream(&self) -> OutputStream {
        self.stream
    }

    /// Which stage of a pipeline wrote it, counted from 0; 0 for a command on its own.
    pub fn stage(&self) -> usize {
        self.stage
    }

    /// When it was read.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// All of its bytes, newlines included.
    pub fn bytes(&self) -> &Bytes {
        &self.data
    }

    /// How many lines it holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds no line.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Its lines as byte slices, without copying or counting references: the fastest way to look
    /// at each.
    pub fn slices(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, ending)| {
            let slice = &self.data[start..end as usize];
            start = next_start(end, ending);
            slice
        })
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let mut start = 0;
        self.ends.iter().map(move |&(end, ending)| {
            let line = Line::new(self.data.slice(start..end as usize), ending);
            start = next_start(end, ending);
            line
        })
    }

    /// What this filter leaves of it, in a buffer of its own; `None` if that is nothing.
    pub fn filter(&self, filter: &mut (impl LogFilter + ?Sized)) -> Option<Batch> {
        let (mut data, mut ends) = (BytesMut::new(), Vec::new());
        for line in self.lines().filter_map(|line| filter.filter(self.stream, line)) {
            data.extend_from_slice(&line.bytes);
            ends.push((data.len() as u32, line.ending));
            if line.ending == LineEnding::Newline {
                data.extend_from_slice(b"\n");
            }
        }
        (!ends.is_empty()).then(|| Batch { data: data.freeze(), ends, ..*self })
    }

    /// The line with this index, which begins at `start`; and where the next one begins.
    #[inline]
    pub(crate) fn line_at(&self, index: usize, start: usize) -> Option<(Line, usize)> {
        let &(end, ending) = self.ends.get(index)?;
        let line = Line::new(self.data.slice(start..end as usize), ending);
        Some((line, next_start(end, ending)))
    }
}

fn next_start(end: u32, ending: LineEnding) -> usize {
    end as usize + usize::from(ending == LineEnding::Newline)
}
