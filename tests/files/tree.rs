//! Directories, links and names.

use crate::Place;
use rexec::{ErrorKind, backend::FileKind};
use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

pub(crate) async fn a_listing_is_sorted_and_says_what_each_is(on: &Place) {
    for name in ["b", "a", "C", ".hidden"] {
        on.files.write(on.at(name), name).await.unwrap();
    }
    on.files.mkdir(on.at("d/e")).await.unwrap();
    on.files.symlink("nowhere", on.at("link")).await.unwrap();
    let entries = on.files.list(on.at("")).await.unwrap();
    let found: Vec<_> =
        entries.iter().map(|entry| (entry.name.to_str().unwrap(), entry.metadata.kind)).collect();
    assert_eq!(
        found,
        [
            (".hidden", FileKind::File),
            ("C", FileKind::File),
            ("a", FileKind::File),
            ("b", FileKind::File),
            ("d", FileKind::Directory),
            ("link", FileKind::Symlink),
        ]
    );
}

pub(crate) async fn a_directory_is_made_with_those_above_it(on: &Place) {
    on.files.mkdir(on.at("a/b/c")).await.unwrap();
    on.files.mkdir(on.at("a/b/c")).await.unwrap();
    assert_eq!(on.files.stat(on.at("a/b/c")).await.unwrap().kind, FileKind::Directory);
    on.files.write(on.at("file"), "x").await.unwrap();
    on.files.mkdir(on.at("file")).await.unwrap_err();
    on.files.mkdir(on.at("file/below")).await.unwrap_err();
    assert_eq!(on.text("file").await, "x");
}

pub(crate) async fn a_full_directory_is_removed_only_on_demand(on: &Place) {
    on.files.mkdir(on.at("d/e")).await.unwrap();
    on.files.write(on.at("d/e/f"), "x").await.unwrap();
    on.files.remove(on.at("d")).await.unwrap_err();
    assert_eq!(on.text("d/e/f").await, "x");
    on.files.remove(on.at("d/e/f")).await.unwrap();
    on.files.remove(on.at("d/e")).await.unwrap();
    on.files.write(on.at("d/g"), "x").await.unwrap();
    on.files.remove_all(on.at("d")).await.unwrap();
    assert!(on.names("").await.is_empty());
}

pub(crate) async fn removing_does_not_follow_links(on: &Place) {
    on.files.mkdir(on.at("precious")).await.unwrap();
    on.files.write(on.at("precious/a"), "x").await.unwrap();
    on.files.mkdir(on.at("d")).await.unwrap();
    on.files.symlink(on.at("precious"), on.at("d/link")).await.unwrap();
    on.files.symlink("precious", on.at("link")).await.unwrap();
    on.files.symlink("nowhere", on.at("dangling")).await.unwrap();
    on.files.remove_all(on.at("d")).await.unwrap();
    on.files.remove_all(on.at("link")).await.unwrap();
    on.files.remove(on.at("dangling")).await.unwrap();
    assert_eq!(on.names("").await, ["precious"]);
    assert_eq!(on.text("precious/a").await, "x");
}

pub(crate) async fn the_root_is_never_removed(on: &Place) {
    for path in [PathBuf::from("/"), PathBuf::from("."), on.at(".."), on.at("x/../..")] {
        let error = on.files.remove_all(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{}", path.display());
    }
}

pub(crate) async fn renaming_replaces_a_file(on: &Place) {
    on.files.write(on.at("a"), "new").await.unwrap();
    on.files.write(on.at("b"), "old").await.unwrap();
    on.files.rename(on.at("a"), on.at("b")).await.unwrap();
    assert_eq!((on.names("").await, on.text("b").await), (vec!["b".into()], "new".into()));
    on.files.mkdir(on.at("d/e")).await.unwrap();
    on.files.rename(on.at("d"), on.at("f")).await.unwrap();
    assert_eq!(on.names("f").await, ["e"]);
    on.files.rename(on.at("b"), on.at("f")).await.unwrap_err();
}

pub(crate) async fn a_link_is_replaced_in_one_step(on: &Place) {
    for release in ["1", "2"] {
        on.files.mkdir(on.at(format!("releases/{release}"))).await.unwrap();
        on.files.write(on.at(format!("releases/{release}/version")), release).await.unwrap();
        on.files.symlink(format!("releases/{release}"), on.at("current")).await.unwrap();
        assert_eq!(on.text("current/version").await, release);
    }
    assert_eq!(on.files.read_link(on.at("current")).await.unwrap(), Path::new("releases/2"));
    on.files.symlink("x", on.at("releases")).await.unwrap_err();
    assert_eq!(on.names("").await, ["current", "releases"]);
    on.files.read_link(on.at("releases")).await.unwrap_err();
}

pub(crate) async fn a_dangling_link_does_not_exist(on: &Place) {
    on.files.symlink("nowhere", on.at("link")).await.unwrap();
    assert!(!on.files.exists(on.at("link")).await.unwrap());
    assert_eq!(on.files.stat(on.at("link")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(on.files.read_bytes(on.at("link")).await.unwrap_err().kind(), ErrorKind::NotFound);
    on.files.write(on.at("a"), "x").await.unwrap();
    assert!(!on.files.exists(on.at("a/below")).await.unwrap());
}

/// Names that something on the way could take for something else.
pub(crate) fn odd_names() -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        ["a b", "new\nline", "-rf", "--", "it's", "\"", "$HOME", "*", "\\", "é", "~", "a\tb", " ", "#", "%s"]
            .map(PathBuf::from)
            .into();
    names.push(OsStr::from_bytes(b"caf\xe9").into());
    names.sort();
    names
}

pub(crate) async fn odd_names_are_names(on: &Place) {
    let names = odd_names();
    for name in &names {
        let path = on.at(name);
        on.files.write(&path, name.as_os_str().as_encoded_bytes()).await.unwrap();
        assert_eq!(on.files.read_bytes(&path).await.unwrap(), name.as_os_str().as_encoded_bytes());
        on.files.chmod(&path, "0600".parse().unwrap()).await.unwrap();
        on.files.checksum(&path).await.unwrap();
    }
    let listed = on.files.list(on.at("")).await.unwrap();
    assert_eq!(listed.iter().map(|entry| PathBuf::from(&entry.name)).collect::<Vec<_>>(), names);
    for name in &names {
        let directory = on.at("d").join(name);
        on.files.mkdir(&directory).await.unwrap();
        on.files.rename(on.at(name), directory.join(name)).await.unwrap();
        on.files.symlink(name, directory.join("link")).await.unwrap();
        assert_eq!(on.files.read_link(directory.join("link")).await.unwrap(), *name);
        on.files.copy(directory.join(name), on.at(name)).await.unwrap();
        on.files.remove(on.at(name)).await.unwrap();
        on.files.remove_all(&directory).await.unwrap();
    }
    assert!(on.names("d").await.is_empty());
}

pub(crate) async fn a_glob_finds_what_a_shell_would(on: &Place) {
    for path in ["etc/a.conf", "etc/b.conf", "etc/.c.conf", "etc/sub/d.conf", "etc/sub/deep/e.conf", "x.txt"]
    {
        on.files.mkdir(on.at(path).parent().unwrap()).await.unwrap();
        on.files.write(on.at(path), "x").await.unwrap();
    }
    on.files.symlink("sub", on.at("etc/link")).await.unwrap();
    let found = async |pattern: &str| -> Vec<String> {
        let found = on.files.clone().in_dir(on.at("")).glob(pattern).await.unwrap();
        found.into_iter().map(|path| path.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("etc/*.conf").await, ["etc/a.conf", "etc/b.conf"]);
    assert_eq!(found("etc/.*.conf").await, ["etc/.c.conf"]);
    assert_eq!(found("*.txt").await, ["x.txt"]);
    assert_eq!(found("*/*/d.conf").await, ["etc/link/d.conf", "etc/sub/d.conf"]);
    assert_eq!(found("etc/{a,b,x}.{conf,txt}").await, ["etc/a.conf", "etc/b.conf"]);
    assert_eq!(found("etc/[!a]*.conf").await, ["etc/b.conf"]);
    assert_eq!(
        found("**/*.conf").await,
        ["etc/a.conf", "etc/b.conf", "etc/sub/d.conf", "etc/sub/deep/e.conf"]
    );
    assert_eq!(found("etc/**/deep/*").await, ["etc/sub/deep/e.conf"]);
    assert_eq!(found("etc/a.conf").await, ["etc/a.conf"]);
    assert_eq!(found("x.txt/*").await.len(), 0);
    assert_eq!(found("nowhere/*").await.len(), 0);
    assert_eq!(found("nowhere/**").await.len(), 0);
    let absolute = on.files.glob(on.at("etc/a*").to_str().unwrap()).await.unwrap();
    assert_eq!(absolute, [on.at("etc/a.conf")]);
    for malformed in ["etc/[a", "{etc/a,x}", ""] {
        assert_eq!(on.files.glob(malformed).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
}

pub(crate) async fn a_temporary_directory_is_private_and_goes(on: &Place) {
    let (first, second) = (on.files.temp_dir().await.unwrap(), on.files.temp_dir().await.unwrap());
    assert_ne!(first.path(), second.path());
    assert_eq!(on.files.stat(first.path()).await.unwrap().mode, 0o700);
    on.files.write(first.path().join("a"), "x").await.unwrap();
    let path = first.path().to_owned();
    first.remove().await.unwrap();
    assert!(!on.files.exists(&path).await.unwrap());

    let kept = second.keep();
    assert!(on.files.exists(&kept).await.unwrap());
    on.files.remove_all(&kept).await.unwrap();
}

pub(crate) async fn chmod_sets_the_mode(on: &Place) {
    on.files.write(on.at("a"), "x").await.unwrap();
    on.files.mkdir(on.at("d")).await.unwrap();
    on.files.symlink("a", on.at("link")).await.unwrap();
    for (path, mode) in [("a", "0640"), ("d", "1777"), ("link", "0444")] {
        on.files.chmod(on.at(path), mode.parse().unwrap()).await.unwrap();
        assert_eq!(format!("{:04o}", on.mode(path).await), mode);
    }
    assert_eq!(on.mode("a").await, 0o444);
}

pub(crate) async fn relative_paths_start_at_the_base(on: &Place) {
    let files = on.files.clone().in_dir(on.at("")).in_dir("d");
    on.files.mkdir(on.at("d")).await.unwrap();
    files.write("a", "x").await.unwrap();
    assert_eq!(on.text("d/a").await, "x");
    assert!(files.exists(on.at("d/a")).await.unwrap(), "an absolute path stays what it is");
}

pub(crate) async fn a_slash_at_the_end_means_nothing(on: &Place) {
    on.files.mkdir(on.at("d/")).await.unwrap();
    on.files.write(on.at("d").join("a/"), "x").await.unwrap();
    on.files.copy(on.at("d/"), on.at("e/")).await.unwrap();
    assert_eq!(on.text("e/a").await, "x");
}

pub(crate) async fn a_real_path_follows_every_link(on: &Place) {
    let root = on.files.real_path(on.at("")).await.unwrap();
    on.files.mkdir(on.at("a/b")).await.unwrap();
    on.files.symlink("a/b", on.at("link")).await.unwrap();
    on.files.symlink("../missing/x", on.at("a/dangling")).await.unwrap();
    on.files.symlink(on.at("link"), on.at("absolute")).await.unwrap();
    for (path, real) in [
        ("a/b", "a/b"),
        ("link/new/file", "a/b/new/file"),
        ("link/../c", "a/c"),
        ("a/dangling", "missing/x"),
        ("absolute/./x/..", "a/b"),
        ("../../../../../../../../..", ""),
    ] {
        let expected = if real.is_empty() { PathBuf::from("/") } else { root.join(real) };
        assert_eq!(on.files.real_path(on.at(path)).await.unwrap(), expected, "{path}");
    }
    on.files.symlink("circle", on.at("circle")).await.unwrap();
    on.files.real_path(on.at("circle")).await.unwrap_err();
    assert_eq!(on.files.real_path("relative").await.unwrap_err().kind(), ErrorKind::Invalid);
}
