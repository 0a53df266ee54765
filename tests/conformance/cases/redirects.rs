//! Output into files of the host.

use crate::host::TestHost;
use rexec::{Command, ErrorKind, OutputTarget};
use std::fs;

const BOTH: &str = "echo out; echo err >&2";

pub async fn an_output_goes_to_a_file(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("out");
    fs::write(&file, "what was there before, and is longer").unwrap();
    let command = Command::shell(BOTH).stdout(OutputTarget::File(file.clone()));
    let output = host.executor().run(command).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "out\n");
    assert_eq!((output.stdout.total(), output.stderr.text()), (0, "err\n".into()));
}

pub async fn an_output_is_added_to_a_file(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("log");
    for _ in 0..2 {
        let command = Command::shell(BOTH).stderr(OutputTarget::Append(file.clone()));
        assert_eq!(host.executor().run(command).await.unwrap().text(), "out");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "err\nerr\n");
}

pub async fn a_relative_file_is_in_the_directory_of_the_command(host: &impl TestHost) {
    let dir = host.temp_dir();
    let command = Command::shell(BOTH)
        .current_dir(dir.path())
        .stdout(OutputTarget::File("out".into()))
        .stderr(OutputTarget::File("err".into()));
    host.executor().run(command).await.unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("out")).unwrap(), "out\n");
    assert_eq!(fs::read_to_string(dir.path().join("err")).unwrap(), "err\n");
}

pub async fn merged_outputs_share_a_file(host: &impl TestHost) {
    let dir = host.temp_dir();
    let file = dir.path().join("both");
    let command = Command::shell("echo 1; echo 2 >&2; echo 3").merge_stderr();
    host.executor().run(command.stdout(OutputTarget::File(file.clone()))).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "1\n2\n3\n");
}

pub async fn a_file_that_can_not_be_made_is_an_error_and_nothing_runs(host: &impl TestHost) {
    let dir = host.temp_dir();
    let missing = dir.path().join("no/such/dir/out");
    let witness = dir.path().join("ran");
    let command = Command::new("touch").arg(&witness).stdout(OutputTarget::File(missing));
    let error = host.executor().run(command).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("no/such/dir/out"), "{error}");
    assert!(!witness.exists());
}
