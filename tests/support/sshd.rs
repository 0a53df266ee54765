//! A throwaway SSH server on loopback: its own port, keys and configuration, gone at the end.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rexec::{KnownHosts, SshBackend, SshBuilder};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// An SSH server that runs.
pub struct Sshd {
    directory: TempDir,
    port: u16,
    pid: i32,
    /// A shell between us and the server, which ends it when we are gone in whatever way.
    keeper: Child,
}

impl Sshd {
    /// One as it comes.
    pub fn start() -> Self {
        Self::with("")
    }

    /// One with these lines in its configuration.
    pub fn with(config: &str) -> Self {
        Self::start_by("", config)
    }

    /// One on whose host `/bin/sh` is this program: in a mount namespace of its own, for which one
    /// has to be root.
    pub fn with_sh(program: &str) -> Self {
        Self::with_mount(&format!("--bind {program} /usr/bin/sh"))
    }

    /// One on whose host this is mounted, given as the arguments of `mount`: in a mount namespace of
    /// its own, for which one has to be root.
    pub fn with_mount(arguments: &str) -> Self {
        Self::start_by(&format!("unshare -m sh -c 'mount {arguments} && exec \"$@\"' sh"), "")
    }

    /// One that these words of shell text, to which its own are added, start.
    fn start_by(starter: &str, config: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("sshd").tempdir().unwrap();
        make_keys(directory.path());
        // Somebody else may take the port before the server does; then another one is tried.
        for _ in 0..10 {
            if let Some((port, keeper)) = serve(directory.path(), starter, config) {
                let pid = fs::read_to_string(directory.path().join("leader")).unwrap();
                let pid = pid.trim().parse().unwrap();
                let sshd = Self { directory, port, pid, keeper };
                sshd.write_known_hosts("id_host.pub");
                return sshd;
            }
        }
        panic!("no sshd would start: {}", fs::read_to_string(directory.path().join("log")).unwrap());
    }

    /// One whose users have this login shell.
    pub fn with_login_shell(shell: &str) -> Self {
        Self::with(&format!("ForceCommand exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"\n"))
    }

    /// How it is reached with all that is right, independent of the user's configuration.
    pub fn builder(&self) -> SshBuilder {
        self.builder_at("127.0.0.1")
    }

    /// The same at another address of loopback.
    pub fn builder_at(&self, address: &str) -> SshBuilder {
        SshBackend::builder(address)
            .port(self.port)
            .user(user())
            .key(self.file("id"))
            .config_file("none")
            .known_hosts(KnownHosts::Strict)
            .known_hosts_file(self.file("known_hosts"))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file in its folder: `id` (the key that it accepts), `other` (one that it does not),
    /// `known_hosts`, `log`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The id of the process that listens.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The ids of the processes that serve connections.
    pub fn connections(&self) -> Vec<i32> {
        let parents = parents();
        let mut found = vec![self.pid()];
        let mut all = Vec::new();
        while let Some(parent) = found.pop() {
            let children = parents.iter().filter(|(pid, of)| *of == parent && is_sshd(*pid));
            let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
            all.extend(&children);
            found.extend(children);
        }
        all
    }

    /// Signals each of the processes that serve connections.
    pub fn signal_connections(&self, signal: Signal) {
        for pid in self.connections() {
            // One that has ended meanwhile needs none.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Makes this key the one that is known for it.
    pub fn write_known_hosts(&self, key: &str) {
        let key = fs::read_to_string(self.file(key)).unwrap();
        fs::write(self.file("known_hosts"), format!("[127.*.*.*]:{} {key}", self.port)).unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // Stopped ones would never notice that their connection has ended.
        self.signal_connections(Signal::SIGCONT);
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The name of the user who runs this.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn make_keys(directory: &Path) {
    for name in ["id", "other", "id_host", "other_host"] {
        let file = directory.join(name);
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(file)
            .status();
        assert!(status.expect("tests/support/install installs ssh-keygen").success());
    }
    // Not the user's own: what is in there is nobody's business here, and may take its time.
    fs::create_dir(directory.join("home")).unwrap();
    fs::copy(directory.join("id.pub"), directory.join("authorized_keys")).unwrap();
    // The server wants this directory, which a package's service makes when it starts.
    if !Path::new("/run/sshd").exists() {
        let _ = fs::create_dir("/run/sshd");
    }
}

/// Starts a server on a free port, and waits until it listens.
fn serve(directory: &Path, starter: &str, more: &str) -> Option<(u16, Child)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let here = directory.display();
    let config = format!(
        "Port {port}\nListenAddress 0.0.0.0\nHostKey {here}/id_host\n\
         AuthorizedKeysFile {here}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPrintMotd no\n\
         MaxStartups 10:30:100\nSubsystem sftp internal-sftp\nSetEnv HOME={here}/home\nLogLevel INFO\n{more}"
    );
    fs::write(directory.join("config"), config).unwrap();
    let sshd = if Path::new("/usr/sbin/sshd").exists() { "/usr/sbin/sshd" } else { "/usr/bin/sshd" };
    let script = format!(
        "(exec sh -c 'echo $$ >{here}/leader; exec \"$@\"' sh {starter} {sshd} -D -e -f {here}/config) \
         2>&1 </dev/null | tee {here}/log & read -r _; kill \"$(cat {here}/leader)\" 2>/dev/null"
    );
    let mut keeper = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(keeper.stdout.take().unwrap());
    let mut line = String::new();
    while log.read_line(&mut line).unwrap() > 0 {
        if line.contains("Server listening") {
            // Keep what it logs flowing.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some((port, keeper));
        }
        line.clear();
    }
    drop(keeper.stdin.take());
    let _ = keeper.wait();
    None
}

/// All processes with their parents.
fn parents() -> Vec<(i32, i32)> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        all.extend(parent.map(|parent| (pid, parent)));
    }
    all
}

fn is_sshd(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim().starts_with("sshd"))
}
