//! The examples that need a host over SSH run, and print what they say.

use crate::support::sshd::{Sshd, user};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn ssh_exec() {
    let sshd = Sshd::start();
    let mut command = Command::new(program("ssh_exec"));
    command.args(["127.0.0.1", &user()]).arg(sshd.file("id")).arg(sshd.port().to_string());
    let expected = "two  spaces; $HOME\nready\ncleaning up\nended with exit code 4\nended by signal SEGV\n\
                    timed out after 300ms, stopped by TERM\nsent 1, skipped 0\nsent 0, skipped 1\n\
                    10 bytes arrived\n";
    prints(command.arg(sshd.file("known_hosts")), expected);
}

#[test]
fn fan_out() {
    let sshd = Sshd::start();
    let config = format!(
        "Host web*\nPort {}\nIdentityFile {}\nUserKnownHostsFile {}\nUser {}\n\
         Host web1\nHostName 127.0.0.1\nHost web2\nHostName 127.0.0.2\nHost web3\nHostName 127.0.0.3\n\
         Host gone\nHostName no-such-host.invalid\n",
        sshd.port(),
        sshd.file("id").display(),
        sshd.file("known_hosts").display(),
        user(),
    );
    std::fs::write(sshd.file("ssh_config"), config).unwrap();
    let mut command = Command::new(program("fan_out"));
    command.env("FAN_OUT_CONFIG", sshd.file("ssh_config")).args(["web1", "web2", "gone", "web3"]);
    prints(&mut command, "web1, web2, web3: 2\ngone: no host is known by the name `gone`\n");
}

fn prints(command: &mut Command, expected: &str) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it fails with {}:\n{errors}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "and to stderr:\n{errors}");
    assert_eq!(errors, "");
}

/// The built example. Cargo builds them with the tests, unless it is told which targets to build.
fn program(name: &str) -> PathBuf {
    let binaries = std::env::current_exe().unwrap();
    let program = binaries.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).with_extension("rs");
    let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    assert!(
        changed(&program).is_some_and(|built| Some(built) >= changed(&source)),
        "{} is not built, or older than its source: run `cargo build --examples` first",
        program.display()
    );
    program
}
