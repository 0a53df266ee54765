//! Files and folders on their way.

use crate::{Place, faulty::Faulty, place::defaults, tree::odd_names};
use rexec::{ErrorKind, backend::FileKind, executor::TransferProgress};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
};

pub(crate) async fn a_file_goes_there_and_back(on: &Place) {
    let contents: Vec<u8> = (0..5_000_000u32).map(|number| (number * 7 % 253) as u8).collect();
    let original = on.file_here("original", &contents);
    fs::set_permissions(&original, fs::Permissions::from_mode(0o751)).unwrap();
    let report = on.files.upload(&original, on.at("there"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped, report.bytes), (1, 0, 5_000_000));
    assert_eq!(on.mode("there").await, 0o751);
    assert_eq!(on.names("").await, ["there"]);

    let back = on.here("back");
    let report = on.files.download(on.at("there"), &back, &defaults()).await.unwrap();
    assert_eq!((report.files, report.bytes), (1, 5_000_000));
    assert!(fs::read(&back).unwrap() == contents);
    assert_eq!(fs::metadata(&back).unwrap().permissions().mode() & 0o7777, 0o751);
}

pub(crate) async fn an_unchanged_file_is_not_sent(on: &Place) {
    let original = on.file_here("original", "contents");
    on.files.upload(&original, on.at("a"), &defaults()).await.unwrap();
    let report = on.files.upload(&original, on.at("a"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped, report.bytes), (0, 1, 0));
    let back = on.here("back");
    on.files.download(on.at("a"), &back, &defaults()).await.unwrap();
    let report = on.files.download(on.at("a"), &back, &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped, report.bytes), (0, 1, 0));

    let mut always = defaults();
    always.skip_unchanged = false;
    let report = on.files.upload(&original, on.at("a"), &always).await.unwrap();
    assert_eq!((report.files, report.skipped), (1, 0));
}

pub(crate) async fn an_unchanged_file_gets_the_right_mode(on: &Place) {
    let original = on.file_here("original", "contents");
    on.files.upload(&original, on.at("a"), &defaults()).await.unwrap();
    fs::set_permissions(&original, fs::Permissions::from_mode(0o600)).unwrap();
    let report = on.files.upload(&original, on.at("a"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped), (0, 1));
    assert_eq!(on.mode("a").await, 0o600);
}

pub(crate) async fn the_same_size_is_not_the_same_file(on: &Place) {
    let original = on.file_here("original", "contents");
    on.files.write(on.at("a"), "CONTENTS").await.unwrap();
    let report = on.files.upload(&original, on.at("a"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped), (1, 0));
    assert_eq!(on.text("a").await, "contents");
}

pub(crate) async fn a_folder_goes_there_and_back(on: &Place) {
    let folder = on.here("folder");
    for name in odd_names() {
        let directory = folder.join(&name);
        fs::create_dir_all(directory.join("empty")).unwrap();
        fs::write(directory.join(&name), name.as_os_str().as_encoded_bytes()).unwrap();
    }
    on.file_here("folder/bin/run", "#!/bin/sh\n");
    fs::set_permissions(folder.join("bin/run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("bin/run", folder.join("link")).unwrap();
    symlink("nowhere", folder.join("dangling")).unwrap();
    symlink("..", folder.join("bin/up")).unwrap();
    fs::set_permissions(folder.join("bin"), fs::Permissions::from_mode(0o550)).unwrap();
    let files = odd_names().len() as u64 + 1;

    let report = on.files.upload(&folder, on.at("there"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped), (files, 0));
    assert_eq!(on.mode("there/bin").await, 0o550);
    assert_eq!(on.mode("there/bin/run").await, 0o755);
    assert_eq!(on.files.read_link(on.at("there/dangling")).await.unwrap(), Path::new("nowhere"));

    let back = on.here("back");
    on.files.download(on.at("there"), &back, &defaults()).await.unwrap();
    assert_eq!(snapshot(&back), snapshot(&folder));
    let report = on.files.download(on.at("there"), &back, &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped), (0, files));
    for folder in [&folder, &back] {
        fs::set_permissions(folder.join("bin"), fs::Permissions::from_mode(0o750)).unwrap();
    }
}

/// Every path below a folder, with what it is, its mode, and its contents or target.
fn snapshot(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let contents = match metadata.file_type() {
                kind if kind.is_symlink() => format!("link {:?}", fs::read_link(&path).unwrap()),
                kind if kind.is_dir() => {
                    pending.push(path.clone());
                    format!("directory {:o}", metadata.permissions().mode())
                }
                _ => format!("{:o} {:?}", metadata.permissions().mode(), fs::read(&path).unwrap()),
            };
            found.push(format!("{:?}: {contents}", path.strip_prefix(folder).unwrap()));
        }
    }
    found.sort();
    found
}

pub(crate) async fn a_folder_of_500_files_is_sent_whole(on: &Place) {
    for number in 0..500 {
        on.file_here(&format!("folder/{}/{number}", number % 7), vec![b'x'; number * 11]);
    }
    let report = on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.bytes), (500, 11 * 499 * 500 / 2));
    let back = on.here("back");
    on.files.download(on.at("there"), &back, &defaults()).await.unwrap();
    assert_eq!(snapshot(&back), snapshot(&on.here("folder")));
}

pub(crate) async fn a_folder_is_merged_into_one_that_is_there(on: &Place) {
    on.file_here("folder/a", "new");
    on.file_here("folder/d/b", "new");
    fs::set_permissions(on.here("folder/d"), fs::Permissions::from_mode(0o700)).unwrap();
    on.files.mkdir(on.at("there/d")).await.unwrap();
    on.files.mkdir(on.at("elsewhere")).await.unwrap();
    on.files.chmod(on.at("there/d"), "0775".parse().unwrap()).await.unwrap();
    on.files.write(on.at("there/a"), "old").await.unwrap();
    on.files.write(on.at("there/c"), "kept").await.unwrap();
    on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!(on.names("there").await, ["a", "c", "d"]);
    assert_eq!(on.text("there/a").await, "new");
    assert_eq!(on.text("there/c").await, "kept");
    assert_eq!(on.mode("there/d").await, 0o775, "a directory that was there keeps its mode");

    // A link to a directory is used as one.
    on.files.remove_all(on.at("there/d")).await.unwrap();
    on.files.symlink("../elsewhere", on.at("there/d")).await.unwrap();
    on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!(on.text("elsewhere/b").await, "new");
}

pub(crate) async fn what_is_in_the_way_is_named_before_anything_is_changed(on: &Place) {
    on.file_here("folder/a", "new");
    on.file_here("folder/z/b", "new");
    on.files.mkdir(on.at("there")).await.unwrap();
    on.files.write(on.at("there/z"), "a file").await.unwrap();
    let error = on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap_err();
    assert!(error.message().contains("there/z: it is a file, where a directory should go"), "{error}");
    assert_eq!(on.names("there").await, ["z"]);

    on.files.mkdir(on.at("second/a")).await.unwrap();
    let error = on.files.upload(on.here("folder"), on.at("second"), &defaults()).await.unwrap_err();
    assert!(error.message().contains("second/a: it is a directory, where a file should go"), "{error}");
    assert_eq!(on.names("second").await, ["a"]);
    on.files.upload(on.here("folder/a"), on.at("second"), &defaults()).await.unwrap_err();

    on.files.write(on.at("third"), "a file").await.unwrap();
    on.files.upload(on.here("folder"), on.at("third"), &defaults()).await.unwrap_err();
    assert_eq!(on.text("third").await, "a file");
}

pub(crate) async fn directories_above_the_destination_are_made(on: &Place) {
    on.file_here("folder/a", "x");
    on.files.upload(on.here("folder/a"), on.at("1/2/a"), &defaults()).await.unwrap();
    on.files.upload(on.here("folder"), on.at("3/4/folder"), &defaults()).await.unwrap();
    assert_eq!(on.text("1/2/a").await, "x");
    assert_eq!(on.text("3/4/folder/a").await, "x");
}

pub(crate) async fn a_missing_original_is_not_found(on: &Place) {
    let error = on.files.upload(on.here("missing"), on.at("a"), &defaults()).await.unwrap_err();
    assert_eq!((error.kind(), error.host()), (ErrorKind::NotFound, Some("local")));
    let error = on.files.download(on.at("missing"), on.here("a"), &defaults()).await.unwrap_err();
    assert_eq!((error.kind(), error.host()), (ErrorKind::NotFound, Some(on.files.host())));
    assert!(error.message().contains("missing"), "{error}");
    assert!(!on.here("a").exists());
}

pub(crate) async fn progress_adds_up(on: &Place) {
    on.file_here("folder/large", vec![1; 3 << 20]);
    on.file_here("folder/small", "x");
    on.file_here("folder/same", "same");
    on.files.mkdir(on.at("there")).await.unwrap();
    on.files.write(on.at("there/same"), "same").await.unwrap();
    let told = Arc::<Mutex<Vec<TransferProgress>>>::default();
    let mut options = defaults();
    let telling = told.clone();
    options.progress = Some(Arc::new(move |progress| telling.lock().unwrap().push(progress.clone())));
    let report = on.files.upload(on.here("folder"), on.at("there"), &options).await.unwrap();

    let told = told.lock().unwrap();
    assert!(told.is_sorted_by_key(|progress| (progress.files, progress.bytes)));
    assert!(told.iter().all(|now| (now.total_files, now.total_bytes) == (2, (3 << 20) + 1)));
    assert!(told.iter().any(|now| now.path == on.at("there/large") && now.bytes < 3 << 20 && now.bytes > 1));
    let last = told.last().unwrap();
    assert_eq!((last.files, last.bytes), (2, last.total_bytes));
    assert_eq!((report.files, report.skipped, report.bytes), (2, 1, last.bytes));
}

pub(crate) async fn no_more_files_are_on_their_way_than_allowed(on: &Place) {
    for number in 0..50 {
        on.file_here(&format!("folder/{number}"), "x");
    }
    let faulty = Faulty::new(&on.files);
    let (open, most_open) = (faulty.open.clone(), faulty.most_open.clone());
    let mut options = defaults();
    options.at_once = 3;
    faulty.files().upload(on.here("folder"), on.at("there"), &options).await.unwrap();
    assert_eq!(open.load(Ordering::SeqCst), 0);
    assert!((1..=3).contains(&most_open.load(Ordering::SeqCst)), "{most_open:?}");
}

pub(crate) async fn an_interrupted_folder_goes_on_where_it_was(on: &Place) {
    for number in 0..40 {
        on.file_here(&format!("folder/{number}"), format!("{number}"));
    }
    let mut faulty = Faulty::new(&on.files);
    faulty.writes_left = 25.into();
    let mut options = defaults();
    options.at_once = 2;
    let error = faulty.files().upload(on.here("folder"), on.at("there"), &options).await.unwrap_err();
    assert_eq!((error.kind(), error.host()), (ErrorKind::Disconnected, Some("faulty")));

    // Every file that is there is whole, and nothing else is there.
    let arrived = on.names("there").await;
    assert!((24..=25).contains(&arrived.len()), "{arrived:?}");
    for name in &arrived {
        assert_eq!(on.text(&format!("there/{name}")).await, *name);
    }
    let report = on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!(report.skipped, arrived.len() as u64);
    assert_eq!(report.files, 40 - report.skipped);
}

pub(crate) async fn a_broken_connection_goes_on_in_the_middle_of_a_file(on: &Place) {
    let contents: Vec<u8> = (0..1_000_000u32).map(|number| (number * 13 % 251) as u8).collect();
    on.files.write(on.at("a"), &contents).await.unwrap();
    let mut faulty = Faulty::new(&on.files);
    faulty.reads_break_after = Some(300_000);
    let report = faulty.files().download(on.at("a"), on.here("a"), &defaults()).await.unwrap();
    assert_eq!(report.bytes, 1_000_000);
    assert!(fs::read(on.here("a")).unwrap() == contents);
}

pub(crate) async fn a_connection_that_stays_broken_is_an_error(on: &Place) {
    on.files.write(on.at("a"), vec![7; 1_000_000]).await.unwrap();
    fs::write(on.here("a"), "old").unwrap();
    let mut faulty = Faulty::new(&on.files);
    (faulty.reads_break_after, faulty.stays_broken) = (Some(300_000), true);
    let error = faulty.files().download(on.at("a"), on.here("a"), &defaults()).await.unwrap_err();
    assert!(error.message().starts_with("read ") && error.host() == Some("faulty"), "{error}");
    assert_eq!(fs::read_to_string(on.here("a")).unwrap(), "old");
}

pub(crate) async fn a_file_that_was_damaged_on_the_way_does_not_arrive(on: &Place) {
    on.files.write(on.at("a"), "contents").await.unwrap();
    fs::write(on.here("a"), "old").unwrap();
    let mut faulty = Faulty::new(&on.files);
    faulty.damages_reads = true;
    let files = faulty.files();
    let error = files.download(on.at("a"), on.here("a"), &defaults()).await.unwrap_err();
    assert!(error.message().contains("damaged on the way"), "{error}");
    assert_eq!(fs::read_to_string(on.here("a")).unwrap(), "old");

    let mut unverified = defaults();
    unverified.verify = false;
    files.download(on.at("a"), on.here("a"), &unverified).await.unwrap();
    assert_eq!(fs::read_to_string(on.here("a")).unwrap(), "bontents");
}

pub(crate) async fn a_folder_is_copied_on_its_host(on: &Place) {
    on.files.mkdir(on.at("a/b")).await.unwrap();
    on.files.write(on.at("a/b/c"), "x").await.unwrap();
    on.files.chmod(on.at("a/b/c"), "0750".parse().unwrap()).await.unwrap();
    on.files.symlink("b/c", on.at("a/link")).await.unwrap();
    let report = on.files.copy(on.at("a"), on.at("copy")).await.unwrap();
    assert_eq!((report.files, report.bytes), (1, 1));
    assert_eq!((on.text("copy/b/c").await, on.mode("copy/b/c").await), ("x".into(), 0o750));
    assert_eq!(on.files.read_link(on.at("copy/link")).await.unwrap(), Path::new("b/c"));
    on.files.copy(on.at("a/b/c"), on.at("file")).await.unwrap();
    assert_eq!((on.text("file").await, on.mode("file").await), ("x".into(), 0o750));
}

pub(crate) async fn a_folder_is_not_copied_into_itself(on: &Place) {
    on.files.mkdir(on.at("a")).await.unwrap();
    for to in ["a", "a/b", "a/b/c"] {
        let error = on.files.copy(on.at("a"), on.at(to)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert!(on.names("a").await.is_empty());
}

pub(crate) async fn a_folder_goes_from_host_to_host(on: &Place) {
    let other = Place::mock().await;
    on.files.mkdir(on.at("a/b")).await.unwrap();
    on.files.write(on.at("a/b/c"), "x").await.unwrap();
    let report = on.files.send_to(on.at("a"), &other.files, other.at("a"), &defaults()).await.unwrap();
    assert_eq!(report.files, 1);
    assert_eq!(other.text("a/b/c").await, "x");
    assert_eq!(other.files.stat(other.at("a/b")).await.unwrap().kind, FileKind::Directory);
}

pub(crate) async fn a_transfer_sets_the_mode_that_it_is_given(on: &Place) {
    on.file_here("folder/a", "x");
    let mut options = defaults();
    options.mode = Some("0640".parse().unwrap());
    for _ in 0..2 {
        on.files.upload(on.here("folder"), on.at("there"), &options).await.unwrap();
        assert_eq!(on.mode("there/a").await, 0o640);
        on.files.chmod(on.at("there/a"), "0600".parse().unwrap()).await.unwrap();
    }
}

pub(crate) async fn long_names_and_hard_links_arrive(on: &Place) {
    for number in 0..20 {
        let path = format!("folder/{}/{number:0>120}", "d".repeat(90));
        on.file_here(&path, format!("{number}"));
    }
    let original = on.file_here("folder/original", "linked");
    fs::hard_link(&original, on.here("folder/second")).unwrap();
    on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    let back = on.here("back");
    let report = on.files.download(on.at("there"), &back, &defaults()).await.unwrap();
    assert_eq!(report.files, 22);
    assert_eq!(snapshot(&back), snapshot(&on.here("folder")));

    // Also where they are linked on the host itself.
    if on.at("").exists() {
        fs::remove_file(on.at("there/second")).unwrap();
        fs::hard_link(on.at("there/original"), on.at("there/second")).unwrap();
        let again = on.here("again");
        on.files.download(on.at("there"), &again, &defaults()).await.unwrap();
        assert_eq!(snapshot(&again), snapshot(&on.here("folder")));
    }
}

pub(crate) async fn small_files_that_change_are_sent_anew(on: &Place) {
    let write_all = |version: usize| {
        for number in 0..30 {
            on.file_here(&format!("folder/{number}"), format!("{number} of version {version}"));
        }
    };
    write_all(1);
    on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    on.files.symlink("dangling target", on.at("there/dangling")).await.unwrap();
    write_all(2);
    on.file_here("folder/new", "new");
    on.file_here("folder/dangling", "through the link");
    let report = on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.skipped), (32, 0));
    assert_eq!(on.text("there/29").await, "29 of version 2");
    assert_eq!(on.text("there/dangling target").await, "through the link");
}

pub(crate) async fn links_at_the_destination_can_be_refused(on: &Place) {
    on.file_here("folder/d/a", "x");
    on.file_here("folder/b", "x");
    on.files.mkdir(on.at("elsewhere")).await.unwrap();
    let mut options = defaults();
    options.follow_links = false;
    for (name, target) in [("d", "../elsewhere"), ("b", "../elsewhere/b")] {
        on.files.mkdir(on.at("there")).await.unwrap();
        on.files.symlink(target, on.at("there").join(name)).await.unwrap();
        let error = on.files.upload(on.here("folder"), on.at("there"), &options).await.unwrap_err();
        assert!(error.message().contains("it is a link"), "{error}");
        on.files.remove_all(on.at("there")).await.unwrap();
    }
    assert!(on.names("elsewhere").await.is_empty());
}
