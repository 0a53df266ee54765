//! Reads what the texts write.

use crate::{
    Error, ErrorKind, Result,
    backend::{FileKind, FileMetadata, TreeEntry},
};
use bytes::Bytes;
use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::PathBuf,
    time::{Duration, SystemTime},
};

/// One line of text.
pub(super) fn text(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).trim_end().to_owned()
}

/// What `sha256sum` says of so many files. It puts a backslash in front of a sum whose file's name
/// it had to write differently.
pub(super) fn sums(answer: &[u8], count: usize) -> Result<Vec<String>> {
    const DIGITS: usize = 64;
    let sum = |line: &str| {
        let (sum, name) = line.trim_start_matches('\\').split_at_checked(DIGITS)?;
        let is_sum = name.starts_with("  ") && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| sum.to_owned())
    };
    let sums: Vec<String> = String::from_utf8_lossy(answer).lines().filter_map(sum).collect();
    if sums.len() == count { Ok(sums) } else { Err(makes_no_sense(answer)) }
}

/// A path, ended by one newline.
pub(super) fn path(answer: &[u8]) -> PathBuf {
    OsString::from_vec(answer.strip_suffix(b"\n").unwrap_or(answer).to_vec()).into()
}

/// Paths as the tools take them: separated by NUL, which is in none of them.
pub(super) fn nul_separated(paths: &[PathBuf]) -> Result<Bytes> {
    let mut list = Vec::new();
    for path in paths {
        super::run::check_path(path)?;
        let bytes = path.as_os_str().as_bytes();
        if bytes.starts_with(b"-") {
            list.extend_from_slice(b"./");
        }
        list.extend_from_slice(bytes);
        list.push(0);
    }
    Ok(list.into())
}

/// `hex-mode size mtime owner group`, or nothing.
pub(super) fn metadata(answer: &[u8]) -> Option<Result<FileMetadata>> {
    let line = text(answer);
    (!line.is_empty()).then(|| {
        let mut fields = line.split(' ');
        parse_metadata(&mut fields).ok_or_else(|| makes_no_sense(answer))
    })
}

/// Records of metadata and a path that begins with `./`, each ended by `//` and a newline.
pub(super) fn tree(answer: &[u8]) -> Result<Vec<TreeEntry>> {
    let mut entries = Vec::new();
    let mut start = 0;
    for end in memchr::memmem::find_iter(answer, b"//\n") {
        let record = &answer[start..end];
        entries.push(parse_record(record).ok_or_else(|| makes_no_sense(record))?);
        start = end + b"//\n".len();
    }
    if start == answer.len() { Ok(entries) } else { Err(makes_no_sense(&answer[start..])) }
}

fn parse_record(record: &[u8]) -> Option<TreeEntry> {
    const FIELDS: usize = 5;
    let (last_space, _) = record.iter().enumerate().filter(|&(_, &byte)| byte == b' ').nth(FIELDS - 1)?;
    let fields = std::str::from_utf8(&record[..last_space]).ok()?;
    let path = record[last_space + 1..].strip_prefix(b"./")?;
    let metadata = parse_metadata(&mut fields.split(' '))?;
    Some(TreeEntry { path: OsString::from_vec(path.to_vec()).into(), metadata })
}

fn parse_metadata<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<FileMetadata> {
    let raw = u32::from_str_radix(fields.next()?, 16).ok()?;
    let size = fields.next()?.parse().ok()?;
    let modified = fields.next()?.parse().ok()?;
    let (owner, group) = (fields.next()?, fields.next()?);
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
    Some(FileMetadata::new(kind(raw), size, raw & 0o7777, modified).owned_by(owner, group))
}

/// The file type bits of `st_mode` (`inode(7)`).
fn kind(raw: u32) -> FileKind {
    match raw & 0o170_000 {
        0o100_000 => FileKind::File,
        0o040_000 => FileKind::Directory,
        0o120_000 => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

fn makes_no_sense(answer: &[u8]) -> Error {
    let start = String::from_utf8_lossy(&answer[..answer.len().min(80)]).into_owned();
    Error::new(ErrorKind::Io, format!("the host's answer makes no sense: {start:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_be_told_from_the_end_of_its_record() {
        let answer = b"81a4 5 1700000000 root root ./a\nb//\n41ed 4096 1700000000 me staff ./d e//\n";
        let entries = tree(answer).unwrap();
        assert_eq!(entries[0].path.to_str(), Some("a\nb"));
        assert_eq!((entries[0].metadata.mode, entries[0].metadata.size), (0o644, 5));
        assert!(entries[1].metadata.is_dir());
        assert_eq!(entries[1].path.to_str(), Some("d e"));
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        assert!(tree(b"81a4 5 1700000000 root root ./a//\n81a4 5").is_err());
        assert!(sums(&[b'0'; 64], 1).is_err());
    }
}
