//! What is in a file: reading, writing, and what becomes of the old contents.

use crate::Place;
use rexec::{ErrorKind, backend::WriteOptions};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) async fn what_is_written_reads_back(on: &Place) {
    let large: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
    for contents in [&b""[..], b"text\n", b"\0\xff\r\n", &large] {
        on.files.write(on.at("a"), contents).await.unwrap();
        assert!(on.files.read_bytes(on.at("a")).await.unwrap() == contents);
        assert_eq!(on.files.stat(on.at("a")).await.unwrap().size, contents.len() as u64);
    }
    assert_eq!(on.names("").await, ["a"]);
}

pub(crate) async fn an_append_adds_to_the_end_and_makes_the_file(on: &Place) {
    on.files.append(on.at("log"), "one\n").await.unwrap();
    on.files.append(on.at("log"), "two\n").await.unwrap();
    assert_eq!(on.text("log").await, "one\ntwo\n");
}

pub(crate) async fn a_file_keeps_its_mode_when_it_is_written(on: &Place) {
    on.files.write(on.at("a"), "old").await.unwrap();
    for mode in ["0755", "0400", "2710"] {
        on.files.chmod(on.at("a"), mode.parse().unwrap()).await.unwrap();
        on.files.write(on.at("a"), mode).await.unwrap();
        assert_eq!(format!("{:04o}", on.mode("a").await), mode);
        assert_eq!(on.text("a").await, mode);
    }
}

pub(crate) async fn a_write_sets_exactly_the_mode_that_it_is_given(on: &Place) {
    for (path, atomic) in [("a", true), ("b", false)] {
        // The first makes the file, the others change it; no umask takes anything away.
        for mode in [0o600, 0o666, 0o751, 0o400] {
            let options = WriteOptions { mode: Some(mode), atomic, ..WriteOptions::default() };
            on.files.chmod(on.at(path), "0600".parse().unwrap()).await.ok();
            on.files.write_with(on.at(path), "x", &options).await.unwrap();
            assert_eq!(on.mode(path).await, mode, "{path} {mode:o}");
        }
    }
}

pub(crate) async fn a_write_that_is_dropped_changes_nothing(on: &Place) {
    on.files.write(on.at("a"), "old").await.unwrap();
    for path in ["a", "new"] {
        let mut writer = on.files.create(on.at(path), &WriteOptions::default()).await.unwrap();
        writer.write_all(b"half of the new contents").await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(on.text("a").await, "old");
        drop(writer);
    }
    assert_eq!(on.text("a").await, "old");
    assert_eq!(on.names("").await, ["a"]);
}

pub(crate) async fn a_write_in_place_is_seen_at_once(on: &Place) {
    on.files.write(on.at("a"), "a long old text").await.unwrap();
    let options = WriteOptions { atomic: false, ..WriteOptions::default() };
    let mut writer = on.files.create(on.at("a"), &options).await.unwrap();
    writer.write_all(b"new").await.unwrap();
    writer.flush().await.unwrap();
    // What takes it on a far host may be a moment behind.
    let seen = async { while on.text("a").await != "new" {} };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("it is seen before it is committed");
    writer.commit(None).await.unwrap();
    assert_eq!(on.text("a").await, "new");
}

pub(crate) async fn a_link_stays_a_link_when_it_is_written_through(on: &Place) {
    on.files.mkdir(on.at("d")).await.unwrap();
    on.files.write(on.at("d/target"), "old").await.unwrap();
    on.files.symlink("d/target", on.at("link")).await.unwrap();
    on.files.symlink("link", on.at("second")).await.unwrap();
    on.files.write(on.at("second"), "new").await.unwrap();
    on.files.append(on.at("second"), "er").await.unwrap();
    assert_eq!(on.text("d/target").await, "newer");
    assert_eq!(on.files.read_link(on.at("second")).await.unwrap().to_str(), Some("link"));
    assert_eq!(on.names("d").await, ["target"]);
}

pub(crate) async fn a_write_through_a_dangling_link_makes_its_target(on: &Place) {
    on.files.mkdir(on.at("d")).await.unwrap();
    on.files.symlink("d/target", on.at("link")).await.unwrap();
    on.files.write(on.at("link"), "new").await.unwrap();
    assert_eq!(on.text("d/target").await, "new");
    assert_eq!(on.names("d").await, ["target"]);
}

pub(crate) async fn what_arrived_damaged_changes_nothing(on: &Place) {
    on.files.write(on.at("a"), "old").await.unwrap();
    let mut writer = on.files.create(on.at("a"), &WriteOptions::default()).await.unwrap();
    writer.write_all(b"abc").await.unwrap();
    let error = writer.commit(Some(SHA256_OF_NOTHING.to_owned())).await.unwrap_err();
    assert!(error.message().contains(SHA256_OF_ABC), "{error}");
    assert_eq!(on.text("a").await, "old");

    let mut writer = on.files.create(on.at("a"), &WriteOptions::default()).await.unwrap();
    writer.write_all(b"abc").await.unwrap();
    writer.commit(Some(SHA256_OF_ABC.to_owned())).await.unwrap();
    assert_eq!(on.text("a").await, "abc");
    assert_eq!(on.names("").await, ["a"]);
}

pub(crate) async fn what_is_missing_is_not_found_by_its_name(on: &Place) {
    let (files, path) = (&on.files, on.at("no such.file"));
    let errors = [
        files.read_bytes(&path).await.unwrap_err(),
        files.read_to_string(&path).await.unwrap_err(),
        files.stat(&path).await.unwrap_err(),
        files.list(&path).await.unwrap_err(),
        files.remove(&path).await.unwrap_err(),
        files.remove_all(&path).await.unwrap_err(),
        files.rename(&path, on.at("b")).await.unwrap_err(),
        files.copy(&path, on.at("b")).await.unwrap_err(),
        files.chmod(&path, "0644".parse().unwrap()).await.unwrap_err(),
        files.checksum(&path).await.unwrap_err(),
        files.read_link(&path).await.unwrap_err(),
        files.write(on.at("no such.file/a"), "x").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.message().contains("no such.file"), "{error}");
        assert_eq!(error.host(), Some(files.host()));
    }
    assert!(!files.exists(&path).await.unwrap());
    assert!(on.names("").await.is_empty());
}

pub(crate) async fn a_directory_is_no_file(on: &Place) {
    on.files.mkdir(on.at("d")).await.unwrap();
    for error in [
        on.files.read_bytes(on.at("d")).await.unwrap_err(),
        on.files.write(on.at("d"), "x").await.unwrap_err(),
        on.files.append(on.at("d"), "x").await.unwrap_err(),
        on.files.checksum(on.at("d")).await.unwrap_err(),
    ] {
        assert!(error.message().contains("directory"), "{error}");
    }
    assert_eq!(on.names("").await, ["d"]);
}

pub(crate) async fn text_that_is_not_utf8_is_refused_with_its_place(on: &Place) {
    on.files.write(on.at("a"), b"caf\xe9").await.unwrap();
    let error = on.files.read_to_string(on.at("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().ends_with("is not UTF-8 at byte 3"), "{error}");
    assert_eq!(on.files.read_bytes(on.at("a")).await.unwrap(), b"caf\xe9");
}

pub(crate) async fn a_file_over_the_limit_is_refused(on: &Place) {
    on.files.write(on.at("a"), "12345").await.unwrap();
    assert_eq!(on.files.clone().read_limit(5).read_to_string(on.at("a")).await.unwrap(), "12345");
    let error = on.files.clone().read_limit(4).read_to_string(on.at("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("larger than the 4 bytes"), "{error}");
    assert!(error.hint().is_some());
}

pub(crate) async fn a_read_starts_at_its_offset(on: &Place) {
    on.files.write(on.at("a"), "0123456789").await.unwrap();
    for (offset, expected) in [(0, "0123456789"), (7, "789"), (10, ""), (20, "")] {
        let mut reader = on.files.system().read(&on.at("a"), offset).await.unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, expected);
    }
}

pub(crate) async fn a_checksum_is_the_sha256_of_the_contents(on: &Place) {
    // From FIPS 180-4's examples.
    on.files.write(on.at("a"), "").await.unwrap();
    assert_eq!(on.files.checksum(on.at("a")).await.unwrap(), SHA256_OF_NOTHING);
    on.files.write(on.at("a"), "abc").await.unwrap();
    assert_eq!(on.files.checksum(on.at("a")).await.unwrap(), SHA256_OF_ABC);
}

pub(crate) async fn an_impossible_path_is_invalid(on: &Place) {
    for path in ["", "a\0b"] {
        let error = on.files.write(path, "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
