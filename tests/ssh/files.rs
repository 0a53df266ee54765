//! Files over SSH: what is not the same as on any host. The rest is in `tests/files`.

use crate::support::sshd::Sshd;
use rexec::{Executor, executor::TransferOptions};
use std::path::Path;

/// Needs root, to mount a small file system for the host.
#[tokio::test]
async fn a_full_disk_leaves_the_old_file_as_it_was_and_nothing_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let small = directory.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let sshd = Sshd::with_mount(&format!("-t tmpfs -o size=1m none {}", small.display()));
    let files = Executor::new("test", sshd.builder().connect().await.unwrap()).files();
    let (original, there) = (directory.path().join("original"), small.join("file"));
    std::fs::write(&original, vec![b'x'; 5 << 20]).unwrap();
    files.write(&there, "old").await.unwrap();
    for verify in [true, false] {
        let mut options = TransferOptions::default();
        options.verify = verify;
        let error = files.upload(&original, &there, &options).await.unwrap_err();
        assert!(error.to_string().contains("o space left"), "{error}");
        assert!(error.to_string().contains(&there.display().to_string()), "{error}");
        assert_eq!(files.read_to_string(&there).await.unwrap(), "old");
        let names = files.list(&small).await.unwrap().into_iter().map(|entry| entry.name);
        assert_eq!(names.collect::<Vec<_>>(), ["file"]);
    }
    let folder = directory.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    for index in 0..400 {
        std::fs::write(folder.join(index.to_string()), vec![b'x'; 4096]).unwrap();
    }
    assert!(files.upload(&folder, small.join("folder"), &TransferOptions::default()).await.is_err());
    assert_eq!(files.read_to_string(&there).await.unwrap(), "old");
    assert!(!Path::new(&there).exists(), "the host's disk is its own");
}
