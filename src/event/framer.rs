//! Cuts a stream of bytes into batches of lines, in bounded memory.

use super::{Batch, LineEnding, OutputStream};
use bytes::BytesMut;
use std::time::SystemTime;

/// Longer lines come in pieces of this many bytes, so that no line is held whole: 1 MiB.
pub const MAX_LINE: usize = 1 << 20;

/// Cuts what was read from one output into lines.
///
/// Each read goes into [`Framer::buffer`], and [`Framer::take`] then gives the lines that are
/// complete. The bytes are copied nowhere: a batch is the front of the buffer.
///
/// ```
/// use rexec::event::{Framer, OutputStream};
///
/// let mut framer = Framer::new(OutputStream::Stdout, 0);
/// framer.buffer().extend_from_slice(b"one\ntw");
/// let batch = framer.take().unwrap();
/// assert_eq!(batch.slices().collect::<Vec<_>>(), [b"one"]);
/// framer.buffer().extend_from_slice(b"o");
/// assert!(framer.take().is_none());
/// assert_eq!(framer.finish().unwrap().slices().next(), Some(&b"two"[..]));
/// ```
#[derive(Debug)]
pub struct Framer {
    stream: OutputStream,
    stage: usize,
    buffer: BytesMut,
    /// How much of the buffer was searched already and holds no newline.
    searched: usize,
    max_line: usize,
    /// How many lines the batch before had: the next one will have about as many.
    lines_before: usize,
}

/// What is reserved for a read: more than a pipe holds by default (64 KiB, `pipe(7)`).
const READ_SIZE: usize = 64 << 10;

impl Framer {
    /// A framer for one output of one stage of a pipeline.
    pub fn new(stream: OutputStream, stage: usize) -> Self {
        Self { stream, stage, buffer: BytesMut::new(), searched: 0, max_line: MAX_LINE, lines_before: 0 }
    }

    #[cfg(test)]
    fn with_max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Where the next read goes, with room for 64 KiB.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(READ_SIZE);
        &mut self.buffer
    }

    /// Takes back what was buffered from here on, as if it had never been read.
    #[cfg(all(unix, feature = "ssh"))]
    pub(crate) fn cut(&mut self, at: usize) -> BytesMut {
        self.searched = self.searched.min(at);
        self.buffer.split_off(at)
    }

    /// The lines that are complete by now, if any.
    pub fn take(&mut self) -> Option<Batch> {
        let (ends, taken) = self.find_lines();
        self.searched = self.buffer.len() - taken;
        self.split(ends, taken)
    }

    /// What is left once the output has ended: the last line, if it had no newline.
    pub fn finish(&mut self) -> Option<Batch> {
        let (mut ends, mut taken) = self.find_lines();
        if taken < self.buffer.len() {
            taken = self.buffer.len();
            ends.push((taken as u32, LineEnding::EndOfOutput));
        }
        self.searched = 0;
        self.split(ends, taken)
    }

    fn find_lines(&self) -> (Vec<(u32, LineEnding)>, usize) {
        let mut ends = Vec::with_capacity(self.lines_before);
        let mut start = 0;
        for offset in memchr::memchr_iter(b'\n', &self.buffer[self.searched..]) {
            let newline = self.searched + offset;
            self.cut_long_line(&mut ends, start, newline);
            ends.push((newline as u32, LineEnding::Newline));
            start = newline + 1;
        }
        start = self.cut_long_line(&mut ends, start, self.buffer.len());
        (ends, start)
    }

    /// Cuts whole pieces off a line until what is left fits, so that the last piece of a long line
    /// is the one that is not partial.
    fn cut_long_line(&self, ends: &mut Vec<(u32, LineEnding)>, mut start: usize, end: usize) -> usize {
        while end - start > self.max_line {
            start += self.max_line;
            ends.push((start as u32, LineEnding::Split));
        }
        start
    }

    fn split(&mut self, ends: Vec<(u32, LineEnding)>, taken: usize) -> Option<Batch> {
        if ends.is_empty() {
            return None;
        }
        self.lines_before = ends.len();
        Some(Batch {
            stream: self.stream,
            stage: self.stage,
            time: SystemTime::now(),
            data: self.buffer.split_to(taken).freeze(),
            ends,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(chunks: &[&[u8]], max_line: usize) -> Vec<(Vec<u8>, LineEnding)> {
        let mut framer = Framer::new(OutputStream::Stdout, 0).with_max_line(max_line);
        let mut lines = Vec::new();
        let mut add = |batch: Option<Batch>| {
            let found = batch.iter().flat_map(Batch::lines).map(|l| (l.bytes().to_vec(), l.ending()));
            lines.extend(found.collect::<Vec<_>>());
        };
        for chunk in chunks {
            framer.buffer().extend_from_slice(chunk);
            add(framer.take());
        }
        add(framer.finish());
        lines
    }

    #[test]
    fn lines_do_not_depend_on_how_they_were_read() {
        let data = b"one\r\ntwo\n\nthree\r\n\0four\nlong enough to be cut\nend".to_vec();
        let whole = frame(&[&data], 8);
        for size in 1..data.len() {
            let chunks: Vec<&[u8]> = data.chunks(size).collect();
            assert_eq!(frame(&chunks, 8), whole, "in chunks of {size}");
        }
    }

    #[test]
    fn a_long_line_comes_in_pieces_and_the_last_is_whole() {
        let lines = frame(&[b"abcdefghij\nk\n"], 4);
        let expected = [
            (b"abcd".to_vec(), LineEnding::Split),
            (b"efgh".to_vec(), LineEnding::Split),
            (b"ij".to_vec(), LineEnding::Newline),
            (b"k".to_vec(), LineEnding::Newline),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_without_a_newline_at_the_end_is_given() {
        assert_eq!(frame(&[b"a\n", b"b"], 100)[1], (b"b".to_vec(), LineEnding::EndOfOutput));
        assert!(frame(&[b""], 100).is_empty());
    }

    #[test]
    fn invalid_utf8_is_exact_in_bytes_and_replaced_in_text() {
        let line = Line::new(&b"caf\xc3\xa9 \xff\r"[..], LineEnding::Newline);
        assert_eq!(line.bytes().as_ref(), b"caf\xc3\xa9 \xff\r");
        assert_eq!(line.text(), "caf\u{e9} \u{fffd}");
    }

    use super::super::Line;
}
