//! What only this machine has: a disk that fills up, other users, files that are none.

use crate::{Place, place::defaults};
use rexec::{
    ErrorKind,
    backend::{FileSystem, WriteOptions},
    executor::Files,
};
use std::{
    fs,
    future::Future,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::io::AsyncWriteExt;

/// Runs itself again with a disk of 1 MiB, in a mount namespace of its own: whatever becomes of
/// it, no mount is left behind.
#[tokio::test]
async fn a_full_disk_leaves_the_old_file_and_nothing_beside_it() {
    const DISK: &str = "REXEC_TEST_FULL_DISK";
    if let Some(disk) = std::env::var_os(DISK) {
        return fill_the_disk(&Place::in_dir(Path::new(&disk)).await).await;
    }
    let disk = tempfile::tempdir().unwrap();
    let namespace: &[&str] =
        if nix::unistd::geteuid().is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let output = std::process::Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", r#"mount -t tmpfs -o size=1m none "$1" && exec "$2" --exact "$3""#, "sh"])
        .arg(disk.path())
        .arg(std::env::current_exe().unwrap())
        .arg("local::a_full_disk_leaves_the_old_file_and_nothing_beside_it")
        .env(DISK, disk.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{report}");
}

async fn fill_the_disk(on: &Place) {
    on.files.write(on.at("a"), "old").await.unwrap();
    let too_much = vec![1; 2 << 20];
    let original = on.file_here("original", &too_much);
    fs::create_dir(on.here("folder")).unwrap();
    fs::rename(&original, on.here("folder/a")).unwrap();
    let errors = [
        on.files.write(on.at("a"), &too_much).await.unwrap_err(),
        on.files.write(on.at("new"), &too_much).await.unwrap_err(),
        on.files.upload(on.here("folder/a"), on.at("a"), &defaults()).await.unwrap_err(),
        on.files.upload(on.here("folder"), on.at(""), &defaults()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.message().contains("no space left on device"), "{error}");
    }
    assert_eq!(on.text("a").await, "old");
    assert_eq!(on.names("").await, ["a"]);
    // And there is room again.
    on.files.write(on.at("a"), &too_much[..900 << 10]).await.unwrap();
}

/// Runs this with file accesses as somebody who is not root: that user's id is set for each
/// thread of a runtime (`setfsuid(2)`), and the test's own thread keeps its rights.
fn as_somebody<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if nix::unistd::geteuid().is_root() {
        builder.on_thread_start(|| {
            nix::unistd::setfsgid(SOMEBODY.into());
            nix::unistd::setfsuid(SOMEBODY.into());
        });
    }
    builder.worker_threads(1).enable_all().build().unwrap().block_on(work)
}

const SOMEBODY: u32 = 65534;

/// A directory that everybody may write to.
fn open_dir() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    directory
}

#[test]
fn what_may_not_be_read_is_denied_by_its_name() {
    let directory = open_dir();
    let secret = directory.path().join("secret");
    fs::write(&secret, "x").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let locked = directory.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let files = Files::local();
    let errors = as_somebody(async {
        [
            files.read_bytes(&secret).await.unwrap_err(),
            files.checksum(&secret).await.unwrap_err(),
            files.list(&locked).await.unwrap_err(),
            files.stat(locked.join("secret")).await.unwrap_err(),
            files.exists(locked.join("secret")).await.unwrap_err(),
            files.write(locked.join("secret"), "x").await.unwrap_err(),
            files.glob(&format!("{}/**/*secret", directory.path().display())).await.unwrap_err(),
            // The whole folder: that a part can't be read is no reason to send the rest silently.
            files.upload(directory.path(), directory.path().join("copy"), &defaults()).await.unwrap_err(),
        ]
    });
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.message().ends_with("permission denied"), "{error}");
        assert!(error.message().contains("secret") || error.message().contains("locked"), "{error}");
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn an_owner_that_cannot_be_kept_refuses_the_write() {
    if !needs_root("an_owner_that_cannot_be_kept_refuses_the_write") {
        return;
    }
    let directory = open_dir();
    let path = directory.path().join("roots");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let files = Files::local();
    as_somebody(async {
        let error = files.write(&path, "new").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.hint().unwrap().contains("atomic: false"));
        let in_place = WriteOptions { atomic: false, ..WriteOptions::default() };
        files.write_with(&path, "new", &in_place).await.unwrap();
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(fs::metadata(&path).unwrap().uid(), 0);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_keeps_its_owner_or_gets_another_one() {
    if !needs_root("a_file_keeps_its_owner_or_gets_another_one") {
        return;
    }
    let on = Place::local().await;
    on.files.write(on.at("a"), "x").await.unwrap();
    on.files.chown(on.at("a"), "65534:65534").await.unwrap();
    on.files.chmod(on.at("a"), "4755".parse().unwrap()).await.unwrap();
    on.files.write(on.at("a"), "y").await.unwrap();
    let metadata = fs::metadata(on.at("a")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o7777), (65534, 65534, 0o4755));

    let known = on.files.stat(on.at("a")).await.unwrap();
    assert_eq!(known.owner, "nobody");
    let options = WriteOptions { owner: Some("root".into()), ..WriteOptions::default() };
    on.files.write_with(on.at("a"), "z", &options).await.unwrap();
    assert_eq!(fs::metadata(on.at("a")).unwrap().uid(), 0);
    let error = on.files.chown(on.at("a"), "no-such-user").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "no such user: no-such-user"));
    let error = on.files.chown(on.at("a"), "root:no-such-group").await.unwrap_err();
    assert_eq!(error.message(), "no such group: no-such-group");
}

#[test]
fn somebody_elses_file_in_a_shared_directory_is_written_in_place() {
    if !needs_root("somebody_elses_file_in_a_shared_directory_is_written_in_place") {
        return;
    }
    let directory = open_dir();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let path = directory.path().join("shared");
    fs::write(&path, "old\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    std::os::unix::fs::chown(&path, Some(SOMEBODY - 1), None).unwrap();
    let files = Files::local();
    as_somebody(async {
        let in_place = WriteOptions { atomic: false, ..WriteOptions::default() };
        files.write_with(&path, "new\n", &in_place).await.unwrap();
        files.append(&path, "more\n").await.unwrap();
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\nmore\n");
    assert_eq!(fs::metadata(&path).unwrap().uid(), SOMEBODY - 1);
}

/// Says that a test is skipped, where it can't be run.
fn needs_root(test: &str) -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        eprintln!("skipped, since it needs root: {test}");
    }
    is_root
}

#[tokio::test]
async fn nobody_else_sees_a_file_while_it_is_written() {
    let on = Place::local().await;
    on.files.write(on.at("a"), "old").await.unwrap();
    let options = WriteOptions { mode: Some(0o644), ..WriteOptions::default() };
    let mut writer = on.files.create(on.at("a"), &options).await.unwrap();
    writer.write_all(b"secret").await.unwrap();
    writer.flush().await.unwrap();
    for entry in fs::read_dir(on.at("")).unwrap().map(|entry| entry.unwrap()) {
        let metadata = entry.metadata().unwrap();
        assert!(entry.file_name() == "a" || metadata.mode() & 0o077 == 0, "{entry:?}: {metadata:?}");
    }
    writer.commit(None).await.unwrap();
    assert_eq!(fs::metadata(on.at("a")).unwrap().mode() & 0o7777, 0o644);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_the_old_or_the_new_contents_and_never_a_part() {
    let on = Place::local().await;
    let contents = |number: usize| vec![b'a' + (number % 26) as u8; 100_000 + number];
    on.files.write(on.at("a"), contents(0)).await.unwrap();
    let (files, path) = (on.files.clone(), on.at("a"));
    let writing = tokio::spawn(async move {
        for number in 0..200 {
            files.write(&path, contents(number)).await.unwrap();
        }
    });
    while !writing.is_finished() {
        let seen = on.files.read_bytes(on.at("a")).await.unwrap();
        assert_eq!(seen, contents(seen.len() - 100_000));
    }
    writing.await.unwrap();
}

/// The process that writes is killed in the middle.
#[test]
fn a_killed_writer_leaves_the_old_contents() {
    const PATH: &str = "REXEC_TEST_KILLED_WRITER";
    if let Some(path) = std::env::var_os(PATH) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(async {
            let mut writer =
                Files::local().create(PathBuf::from(path), &WriteOptions::default()).await.unwrap();
            writer.write_all(&vec![1; 1 << 20]).await.unwrap();
            writer.flush().await.unwrap();
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
        });
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    fs::write(&path, "old").unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local::a_killed_writer_leaves_the_old_contents"])
        .env(PATH, &path)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    let names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a"]);
}

#[tokio::test]
async fn files_of_the_kernel_are_read_and_written_in_place() {
    let files = Files::local();
    // It says that its size is 0.
    assert!(files.read_to_string("/proc/self/status").await.unwrap().contains("Pid:"));
    let path = "/proc/self/oom_score_adj";
    let before = files.read_to_string(path).await.unwrap();
    files.write(path, "500").await.unwrap();
    assert_eq!(files.read_to_string(path).await.unwrap(), "500\n");
    // Root may lower it again; others may not, and the process ends soon anyway.
    files.write(path, before).await.ok();
    let here = tempfile::tempdir().unwrap();
    files.download("/proc/self/limits", here.path().join("a"), &defaults()).await.unwrap();
    assert!(fs::read_to_string(here.path().join("a")).unwrap().contains("open files"));
}

#[tokio::test]
async fn a_device_stays_a_device() {
    let files = Files::local();
    files.write("/dev/null", "x").await.unwrap();
    assert_eq!(files.stat("/dev/null").await.unwrap().kind.name(), "other");
    assert_eq!(
        files.clone().read_limit(10).read_bytes("/dev/zero").await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn a_pipe_is_refused_and_does_not_hang() {
    let on = Place::local().await;
    nix::unistd::mkfifo(&on.at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let attempts = async {
        [
            on.files.read_bytes(on.at("pipe")).await.unwrap_err(),
            on.files.write(on.at("pipe"), "x").await.unwrap_err(),
            on.files.append(on.at("pipe"), "x").await.unwrap_err(),
            on.files.checksum(on.at("pipe")).await.unwrap_err(),
        ]
    };
    for error in tokio::time::timeout(Duration::from_secs(10), attempts).await.expect("no answer") {
        assert!(error.message().contains("pipe or a socket"), "{error}");
    }
    on.file_here("folder/a", "x");
    nix::unistd::mkfifo(&on.here("folder/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let report = on.files.upload(on.here("folder"), on.at("there"), &defaults()).await.unwrap();
    assert_eq!((report.files, report.left_out), (1, vec![on.here("folder/pipe")]));
    assert_eq!(on.names("there").await, ["a"]);
}

#[tokio::test]
async fn links_in_a_circle_are_an_error() {
    let on = Place::local().await;
    symlink("b", on.at("a")).unwrap();
    symlink("a", on.at("b")).unwrap();
    for error in [
        on.files.read_bytes(on.at("a")).await.unwrap_err(),
        on.files.write(on.at("a"), "x").await.unwrap_err(),
    ] {
        assert!(error.message().contains("too many levels of symbolic links"), "{error}");
    }
}

#[tokio::test]
async fn whatever_is_done_can_be_done_on_a_task() {
    let on = Place::local().await;
    let original = on.file_here("folder/a", "x").parent().unwrap().to_owned();
    let (files, root) = (on.files.clone(), on.at(""));
    let task = tokio::spawn(async move {
        let temporary = files.temp_dir().await?;
        files.mkdir(root.join("d")).await?;
        files.write(root.join("d/a"), "x").await?;
        files.append(root.join("d/a"), "y").await?;
        files.upload(&original, root.join("up"), &defaults()).await?;
        files.download(root.join("d"), root.join("down"), &defaults()).await?;
        files.copy(root.join("d"), root.join("copy")).await?;
        files.send_to(root.join("d"), &Files::local(), root.join("sent"), &defaults()).await?;
        files.rename(root.join("sent"), root.join("renamed")).await?;
        files.symlink("d", root.join("link")).await?;
        files.read_link(root.join("link")).await?;
        files.chmod(root.join("d/a"), "0600".parse()?).await?;
        files.checksum(root.join("d/a")).await?;
        files.remove_all(root.join("up")).await?;
        temporary.remove().await?;
        files.in_dir(root).glob("**/a").await
    });
    assert_eq!(task.await.unwrap().unwrap().len(), 4);
}

/// 1 GiB in memory would be seen; what other tests of the same process need at most would not.
#[tokio::test(flavor = "multi_thread")]
async fn a_huge_file_is_never_held_in_memory() {
    const SIZE: u64 = 1 << 30;
    let on = Place::local().await;
    let huge = on.file_here("huge", "");
    fs::OpenOptions::new().write(true).open(&huge).unwrap().set_len(SIZE).unwrap();
    // Resets the peak (proc_pid_clear_refs(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_memory();
    on.files.read_bytes(&huge).await.unwrap_err();
    on.files.download(&huge, "/dev/null", &defaults()).await.unwrap();
    on.files.checksum(&huge).await.unwrap();
    let grown = peak_memory() - before;
    assert!(grown < 200 << 20, "{grown} bytes more");
}

fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// A thread that computes can't be stopped from outside: it has to notice.
#[test]
fn a_checksum_that_nobody_waits_for_ends() {
    let directory = tempfile::tempdir().unwrap();
    let huge = directory.path().join("huge");
    fs::File::create(&huge).unwrap().set_len(1 << 42).unwrap();
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let files = rexec::backend::local::LocalFiles::new();
            let mut checksum = files.checksum(&huge);
            // Once polled, it is on its way.
            assert!(futures_util::poll!(&mut checksum).is_pending());
        });
        // Waits for the threads of the runtime.
        drop(runtime);
        sender.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(30)).expect("it computes on");
}
