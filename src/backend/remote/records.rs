//! What a shim or a warden tells, in the middle of what else comes out of a channel.

use super::shim::MARK;
use memchr::memmem;
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    ops::Range,
};

/// How the record begins that stands before a line. Only this one ends in a space.
const LINE: &[u8] = b"L ";

/// A record is shorter than this.
pub(super) const LONGEST: usize = 160;

/// A word that nobody can guess: 16 hexadecimal digits.
pub(super) fn random_word() -> String {
    // The keys of a `RandomState` come from the system's source of randomness.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Finds records of one channel: each is the mark, the channel's own word, what it tells, and a
/// newline.
#[derive(Clone, Debug)]
pub(super) struct Records {
    word: String,
    head: Vec<u8>,
}

impl Records {
    pub(super) fn new() -> Self {
        let word = random_word();
        let head = [&[MARK], word.as_bytes(), b" "].concat();
        Self { word, head }
    }

    /// The word with which the far side marks what it tells.
    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// The first record that begins at `from` or later and is complete: where it is, and what it
    /// tells.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<(Range<usize>, String)> {
        let start = from + memmem::find(&bytes[from..], &self.head)?;
        let text = start + self.head.len();
        let end = if bytes[text..].starts_with(LINE) {
            text + LINE.len() + memchr::memchr(b' ', &bytes[text + LINE.len()..])?
        } else {
            text + memchr::memchr(b'\n', &bytes[text..])?
        };
        let told = String::from_utf8_lossy(&bytes[text..end]).trim_end().to_owned();
        Some((start..end + 1, told))
    }

    /// Whether the end of these bytes may be the beginning of a record that is not complete yet.
    pub(super) fn may_begin_at_end(&self, bytes: &[u8]) -> bool {
        let tail = &bytes[bytes.len().saturating_sub(LONGEST)..];
        let Some(at) = memchr::memrchr(MARK, tail) else { return false };
        let tail = &tail[at..];
        if tail.len() < self.head.len() {
            self.head.starts_with(tail)
        } else {
            tail.starts_with(&self.head) && self.find(tail, 0).is_none()
        }
    }
}

/// What the shim of a command tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The terminal is prepared: the script may come.
    Ready,
    /// From here on this output is the command's.
    Begin,
    /// It begins: the ids of the process that becomes the command (or a pipeline's first stage), and
    /// of its process group.
    Started { pid: u32, group: u32 },
    /// A stage could not be started: what is wrong (`C`, `P`, `I`, `O`, `E`: the directory, the
    /// program, the input, the outputs), and why (`N`, `D`, `I`, `T`: not there, denied, a
    /// directory, none).
    Failed { stage: usize, what: char, why: char },
    /// A stage of a pipeline has ended.
    Stage(usize, ShellStatus),
    /// What follows, to the next record, was written by this stage to its standard error.
    Line(usize),
    /// This output has ended.
    End,
    /// The command has ended.
    Exit(ShellStatus),
}

/// How a command ended, as a shell knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShellStatus {
    /// The exit code, or 128 and the number of a signal.
    pub(super) code: i32,
    /// Whether it was a signal; `None` where the shell can't tell.
    pub(super) by_signal: Option<bool>,
    /// The name that the far side has for the signal.
    pub(super) signal: Option<String>,
}

impl Told {
    /// Reads a record's text; `None` if it makes no sense.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let kind = words.next()?;
        Some(match kind {
            "R" => Told::Ready,
            "B" => Told::Begin,
            "P" => Told::Started { pid: words.next()?.parse().ok()?, group: words.next()?.parse().ok()? },
            "F" => Told::Failed {
                stage: words.next()?.parse().ok()?,
                what: words.next()?.chars().next()?,
                why: words.next()?.chars().next()?,
            },
            "S" => Told::Stage(words.next()?.parse().ok()?, ShellStatus::parse(words)?),
            "L" => Told::Line(words.next()?.parse().ok()?),
            "E" => Told::End,
            "X" => Told::Exit(ShellStatus::parse(words)?),
            _ => return None,
        })
    }
}

impl ShellStatus {
    fn parse<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let by_signal = match words.next()? {
            "e" => Some(false),
            "s" => Some(true),
            "u" => None,
            _ => return None,
        };
        let code = words.next()?.parse().ok()?;
        Some(Self { code, by_signal, signal: words.next().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_only_when_it_is_complete() {
        let records = Records::new();
        let record = format!("\u{1e}{} X s 143 TERM\n", records.word());
        let whole = format!("out{record}rest").into_bytes();
        for end in 0..3 + record.len() {
            assert_eq!(records.find(&whole[..end], 0), None);
            assert_eq!(records.may_begin_at_end(&whole[..end]), end > 3, "{end}");
        }
        let (range, told) = records.find(&whole, 0).unwrap();
        assert_eq!(range, 3..3 + record.len());
        let status = ShellStatus { code: 143, by_signal: Some(true), signal: Some("TERM".into()) };
        assert_eq!(Told::parse(&told), Some(Told::Exit(status)));
        assert!(!records.may_begin_at_end(&whole));
    }

    #[test]
    fn what_looks_like_a_record_of_somebody_else_is_none() {
        let (records, other) = (Records::new(), Records::new());
        let theirs = format!("\u{1e}{} E\n", other.word());
        assert_eq!(records.find(theirs.as_bytes(), 0), None);
        assert!(!records.may_begin_at_end(b"\x1eabc"));
    }
}
