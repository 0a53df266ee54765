//! The blocks of a tar archive: how a file is described, and how such a description is read.
//!
//! The format is POSIX.1's `ustar` with the extensions that archivers agree on: GNU's long names
//! (type `L`), and pax records (type `x`) where they are read.

use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

pub(super) const BLOCK: usize = 512;

/// How many zeros follow so many bytes, up to the end of their last block.
pub(super) fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// What a block says of what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A file, with its contents.
    File { path: PathBuf, size: u64 },
    /// The name of the next one, longer than its own header has room for.
    LongName { size: u64 },
    /// Records about the next one.
    Records { size: u64 },
    /// Anything else, with so many bytes.
    Other { size: u64 },
    /// The end of the archive.
    End,
}

/// The name that a long name's own header has, by convention.
pub(super) const LONG_NAME: &str = "././@LongLink";

/// The block that stands before a file's contents.
pub(super) fn file(path: &Path, mode: u32, modified: SystemTime, size: u64) -> [u8; BLOCK] {
    block(path.as_os_str().as_encoded_bytes(), mode, modified, size, b'0')
}

/// The block that stands before a long name.
pub(super) fn long_name(size: u64) -> [u8; BLOCK] {
    block(LONG_NAME.as_bytes(), 0, SystemTime::UNIX_EPOCH, size, b'L')
}

/// Whether a file's header has room for its name.
pub(super) fn is_short(path: &Path) -> bool {
    path.as_os_str().len() <= NAME.len()
}

const NAME: std::ops::Range<usize> = 0..100;
const MODE: std::ops::Range<usize> = 100..108;
const OWNER: std::ops::Range<usize> = 108..116;
const GROUP: std::ops::Range<usize> = 116..124;
const SIZE: std::ops::Range<usize> = 124..136;
const MODIFIED: std::ops::Range<usize> = 136..148;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: std::ops::Range<usize> = 257..265;
const PREFIX: std::ops::Range<usize> = 345..500;

fn block(name: &[u8], mode: u32, modified: SystemTime, size: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let name = &name[..name.len().min(NAME.len())];
    block[..name.len()].copy_from_slice(name);
    put_octal(&mut block[MODE], mode.into());
    put_octal(&mut block[OWNER], 0);
    put_octal(&mut block[GROUP], 0);
    put_octal(&mut block[SIZE], size);
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // What the eleven digits have no room for is in the year 2242.
    put_octal(&mut block[MODIFIED], modified.min(0o77_777_777_777));
    block[KIND] = kind;
    // GNU's, whose long names these are.
    block[MAGIC].copy_from_slice(b"ustar  \0");
    let checksum = checksum(&block);
    block[CHECKSUM].copy_from_slice(format!("{checksum:06o}\0 ").as_bytes());
    block
}

/// Octal digits, and a NUL at the end.
fn put_octal(field: &mut [u8], number: u64) {
    let digits = format!("{number:0width$o}\0", width = field.len() - 1);
    field.copy_from_slice(digits.as_bytes());
}

/// The sum of all bytes, with the sum's own place filled with spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let byte = |(index, &byte): (usize, &u8)| if CHECKSUM.contains(&index) { b' ' } else { byte };
    block.iter().enumerate().map(byte).map(u64::from).sum()
}

/// Reads a block.
pub(super) fn parse(block: &[u8; BLOCK]) -> io::Result<Header> {
    if block.iter().all(|&byte| byte == 0) {
        return Ok(Header::End);
    }
    if number(&block[CHECKSUM])? != checksum(block) {
        return Err(malformed("a header's sum is wrong"));
    }
    let size = number(&block[SIZE])?;
    Ok(match block[KIND] {
        b'0' | 0 | b'7' => Header::File { path: name(block), size },
        b'L' => Header::LongName { size },
        b'x' => Header::Records { size },
        // These have a size now and then, but nothing that follows.
        b'1' | b'2' | b'3' | b'4' | b'5' | b'6' => Header::Other { size: 0 },
        _ => Header::Other { size },
    })
}

fn name(block: &[u8; BLOCK]) -> PathBuf {
    let name = until_nul(&block[NAME]);
    // Only in POSIX's own form; in GNU's there are other things in this place.
    let prefix = if block[MAGIC].starts_with(b"ustar\0") { until_nul(&block[PREFIX]) } else { b"" };
    path(prefix).join(path(name))
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A path as it stands in an archive, without `./` at its front.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    let path = from_bytes(until_nul(bytes));
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

#[cfg(unix)]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Octal digits between spaces and NULs; or, where the first bit is set, a binary number.
fn number(field: &[u8]) -> io::Result<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return Ok(rest.iter().fold(start, |number, &byte| number << 8 | u64::from(byte)));
    }
    let text = std::str::from_utf8(until_nul(field)).unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(text, 8).map_err(|_| malformed("a header's number is none"))
}

/// The value of one of a pax header's records: `LENGTH NAME=VALUE\n`, one after the other.
pub(super) fn record<'a>(mut records: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut found = None;
    while let Some(space) = records.iter().position(|&byte| byte == b' ') {
        let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
        let record = records.get(space + 1..length.checked_sub(1)?)?;
        if let Some(value) = record.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) {
            found = Some(value);
        }
        records = &records[length..];
    }
    found
}

pub(super) fn malformed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the archive is damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back() {
        let block = file(Path::new("a/b"), 0o644, SystemTime::now(), 5);
        assert_eq!(parse(&block).unwrap(), Header::File { path: "a/b".into(), size: 5 });
        assert_eq!(parse(&long_name(300)).unwrap(), Header::LongName { size: 300 });
        assert_eq!(parse(&[0; BLOCK]).unwrap(), Header::End);
    }

    #[test]
    fn a_damaged_header_is_refused() {
        let mut block = file(Path::new("a/b"), 0o644, SystemTime::now(), 5);
        block[1] ^= 1;
        assert_eq!(parse(&block).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn padding_fills_the_last_block() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }

    #[test]
    fn records_are_found_by_name() {
        let records = b"19 mtime=1234567.8\n16 path=a b=c\nd\n";
        assert_eq!(record(records, "path"), Some(&b"a b=c\nd"[..]));
        assert_eq!(record(records, "size"), None);
        assert_eq!(record(b"999 path=x\n", "path"), None);
    }
}
