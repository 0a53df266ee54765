//! Keeps the head and the tail of an output, in bounded memory.

use std::{borrow::Cow, collections::VecDeque};

/// How many bytes of each output are kept unless a command says otherwise: 8 MiB.
pub const DEFAULT_OUTPUT_LIMIT: usize = 8 << 20;

/// What was kept of one output: all of it, or if it was longer than the limit its first and its
/// last half.
///
/// ```
/// use rexec::event::Capture;
///
/// let mut capture = Capture::new(8);
/// capture.push(b"0123456789abcdef");
/// assert_eq!(capture.total(), 16);
/// assert!(capture.is_truncated());
/// assert_eq!(capture.text(), "0123\n[... 8 bytes left out ...]\ncdef");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    limit: usize,
    total: u64,
    head: Vec<u8>,
    tail: VecDeque<u8>,
}

impl Capture {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Adds what was read next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.head_limit().saturating_sub(self.head.len()).min(bytes.len());
        // Once something went into the tail, nothing may be put before it.
        let (head, rest) = if self.tail.is_empty() { bytes.split_at(room) } else { bytes.split_at(0) };
        self.head.extend_from_slice(head);
        self.push_tail(rest);
    }

    fn push_tail(&mut self, bytes: &[u8]) {
        let limit = self.limit - self.head_limit();
        let bytes = &bytes[bytes.len().saturating_sub(limit)..];
        let over = (self.tail.len() + bytes.len()).saturating_sub(limit);
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    fn head_limit(&self) -> usize {
        self.limit / 2
    }

    /// How many bytes there were in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether something in the middle was left out.
    pub fn is_truncated(&self) -> bool {
        self.left_out() > 0
    }

    fn left_out(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// The bytes that were kept. Where something was left out, head and tail stand next to each
    /// other with nothing between.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        bytes.extend(&self.tail);
        bytes
    }

    /// The text that was kept, with invalid UTF-8 replaced; a line in the middle says what was
    /// left out.
    pub fn text(&self) -> String {
        if !self.is_truncated() {
            return lossy(self.bytes());
        }
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
        format!("{head}\n[... {} bytes left out ...]\n{tail}", self.left_out())
    }

    /// The last `lines` lines, for messages.
    pub fn tail_lines(&self, lines: usize) -> String {
        let text = self.last_bytes(TAIL_BYTES);
        let text = text.trim_end();
        let start = text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(index, _)| index + 1);
        text[start..].to_owned()
    }

    fn last_bytes(&self, count: usize) -> Cow<'_, str> {
        let from_tail = self.tail.len().min(count);
        let from_head = if self.is_truncated() { 0 } else { self.head.len().min(count - from_tail) };
        let mut bytes = self.head[self.head.len() - from_head..].to_vec();
        bytes.extend(self.tail.range(self.tail.len() - from_tail..));
        Cow::Owned(lossy(bytes))
    }
}

/// More than this is no tail that belongs into a message.
const TAIL_BYTES: usize = 16 << 10;

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_bytes_do_not_depend_on_how_they_came() {
        let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for size in [1, 3, 7, 99, 1000] {
            let mut capture = Capture::new(100);
            data.chunks(size).for_each(|chunk| capture.push(chunk));
            assert_eq!(capture.bytes(), [&data[..50], &data[950..]].concat(), "in chunks of {size}");
            assert_eq!(capture.total(), 1000);
        }
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let mut capture = Capture::new(10);
        capture.push(b"01234");
        capture.push(b"56789");
        assert_eq!(capture.bytes(), b"0123456789");
        assert!(!capture.is_truncated());
    }

    #[test]
    fn tail_lines_gives_the_last_lines() {
        let mut capture = Capture::new(100);
        capture.push(b"one\ntwo\nthree\n");
        assert_eq!(capture.tail_lines(2), "two\nthree");
        assert_eq!(capture.tail_lines(9), "one\ntwo\nthree");
    }
}
