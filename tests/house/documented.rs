//! Every file says what it is for.

use crate::source::rust_files;

#[test]
fn every_file_opens_with_a_sentence() {
    let files = ["src", "tests", "examples", "benches"].map(rust_files).into_iter().flatten();
    let opens = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        first.starts_with("#![doc = ") || first.strip_prefix("//! ").is_some_and(|words| words.contains(' '))
    };
    let silent: Vec<_> =
        files.filter(|source| !opens(&source.text)).map(|source| source.path.display().to_string()).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
