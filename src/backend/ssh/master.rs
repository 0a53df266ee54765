//! One connection: an `ssh` process of ours in the foreground, whose own session is the warden,
//! and which lends its connection to the channels of commands.
//!
//! It ends with us, however we end: when rexec is gone, the input of its session ends, with that
//! the warden, with that the session, and with that the process.

use super::{diagnosis, options::Options};
use crate::{
    Error, ErrorKind, Result,
    backend::{
        BoxFuture, BoxReader,
        remote::{BoxWriter, Channel, ChannelEnd, ChannelRequest, Link, LinkId, Patience, Warden, shim},
    },
    event::Capture,
};
use async_process::{Child, Stdio};
use openssh::Session;
use std::{
    ffi::OsStr,
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, process::CommandExt},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    time::{sleep, timeout},
};

/// The program.
const SSH: &str = "ssh";

/// How long the login may take once the host has answered: keys, and the user's shell.
const LOGIN: Duration = Duration::from_secs(30);

/// How long an `ssh` whose session has ended may take to end too.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A connection to a host.
#[derive(Debug)]
pub(super) struct Master {
    pub(super) link: Arc<Link>,
    session: Arc<Session>,
    diary: Arc<Diary>,
    /// Killed when it is dropped.
    _ssh: Child,
    /// Where its socket is; removed when it is dropped.
    _directory: TempDir,
}

impl Master {
    /// Connects and logs in.
    pub(super) async fn connect(options: &Options) -> Result<Self> {
        let directory = runtime_directory()?;
        let socket = directory.path().join("s");
        let mut ssh = start(options, &socket)?;
        let (stdin, stdout, stderr) = pipes(&mut ssh)?;
        let diary = Arc::<Diary>::default();
        let writing = tokio::spawn(diary.clone().keep(stderr));
        let id = LinkId::random();
        let patience = Patience {
            heartbeat: options.keepalive.interval,
            silence: options.keepalive.interval * options.keepalive.count,
            ..Patience::default()
        };
        let greeting = Warden::start(stdin, stdout, id.as_str(), patience);
        match timeout(options.connect_timeout + LOGIN, greeting).await {
            Ok(Ok(warden)) => Ok(Self {
                link: Arc::new(Link::new(warden, id)),
                session: Arc::new(Session::resume_mux(socket.into_boxed_path(), None)),
                diary,
                _ssh: ssh,
                _directory: directory,
            }),
            Ok(Err(error)) => {
                // It says why on its way out.
                let ended = timeout(LAST_WORDS, ssh.status()).await;
                let _ = timeout(LAST_WORDS, writing).await;
                let failed = matches!(&ended, Ok(Ok(status)) if status.code() == Some(255));
                Err(if failed { diagnosis::explain(&diary.text(), options) } else { error })
            }
            Err(_) => Err(diagnosis::login_hangs(&diary.text(), options)),
        }
    }

    /// Whether it can take channels.
    pub(super) fn is_lost(&self) -> bool {
        self.link.warden().is_lost()
    }

    /// Why the connection was lost, in the words of `ssh`, if it had any.
    pub(super) fn last_words(&self) -> Option<String> {
        diagnosis::last_words(&self.diary.text())
    }

    /// Opens a channel. `None` if the host refuses one more on this connection.
    pub(super) async fn open(&self, request: &ChannelRequest, options: &Options) -> Result<Option<Channel>> {
        if request.terminal {
            return self.open_terminal(request, options).map(Some);
        }
        let mut command = self.session.clone().arc_raw_command(OsStr::from_bytes(&request.text));
        let piped = openssh::Stdio::piped;
        command.stdin(piped()).stdout(piped()).stderr(piped());
        let mut child = match command.spawn().await {
            Ok(child) => child,
            Err(openssh::Error::SshMux(error)) if diagnosis::is_refused_session(&error.to_string()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.gone(error)),
        };
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(Error::new(ErrorKind::Io, "a channel without its three streams"));
        };
        let ended: BoxFuture<'static, ChannelEnd> = Box::pin(async move {
            match child.wait().await {
                Ok(status) => status.code().map_or(ChannelEnd::Untold, ChannelEnd::Exited),
                // The crate takes every 127 for this.
                Err(openssh::Error::Remote(_)) => ChannelEnd::Exited(127),
                Err(_) => ChannelEnd::Untold,
            }
        });
        Ok(Some(Channel {
            stdin: Box::pin(stdin),
            stdout: Box::pin(stdout),
            stderr: Box::pin(stderr),
            ended,
        }))
    }

    /// Opens a channel with a terminal, which the crate can't: `ssh` itself does, over this
    /// connection. Where the host refuses one more session, it makes a connection of its own.
    fn open_terminal(&self, request: &ChannelRequest, options: &Options) -> Result<Channel> {
        let mut command = std::process::Command::new(SSH);
        command.args(["-q", "-tt", "-e", "none", "-o", "BatchMode=yes", "-o", "RemoteCommand=none", "-S"]);
        command.arg(self.session.control_socket()).args(options.arguments());
        command.args(["--", &options.host]).arg(OsStr::from_bytes(&request.text));
        let mut ssh = spawn(command)?;
        let (stdin, stdout, stderr) = pipes(&mut ssh)?;
        let ended: BoxFuture<'static, ChannelEnd> = Box::pin(async move {
            let status = ssh.status().await.ok().and_then(|status| status.code());
            // 255 is what `ssh` says of itself.
            status.filter(|&code| code != 255).map_or(ChannelEnd::Untold, ChannelEnd::Exited)
        });
        Ok(Channel { stdin, stdout, stderr: Box::pin(stderr), ended })
    }

    fn gone(&self, error: openssh::Error) -> Error {
        let message = match self.last_words() {
            Some(words) => format!("the connection was lost: {words}"),
            None => "the connection was lost".to_owned(),
        };
        Error::new(ErrorKind::Disconnected, message).with_source(error)
    }
}

/// A directory that only we can use, with a short name: the path of a socket has about a hundred
/// bytes, and `ssh` adds 17 to it while it makes one.
fn runtime_directory() -> Result<TempDir> {
    const LONGEST: usize = 80;
    let places = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter();
    let places = places.chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
    let mut failure = None;
    for place in places.filter(|place| place.is_absolute() && place.as_os_str().len() + 12 < LONGEST) {
        match tempfile::Builder::new().prefix("rx").tempdir_in(&place) {
            Ok(directory) => return Ok(directory),
            Err(error) => {
                failure = Some(Error::from_io(format!("a directory in `{}`", place.display()), error))
            }
        }
    }
    Err(failure
        .unwrap_or_else(|| Error::new(ErrorKind::Io, "no directory for the sockets of ssh"))
        .with_hint("set TMPDIR to a directory with a short name that can be written"))
}

fn start(options: &Options, socket: &Path) -> Result<Child> {
    let mut command = std::process::Command::new(SSH);
    // Messages that say why, and for errors which keys were tried; an argument and not an option,
    // so that no configuration can turn it down.
    command.args(["-v", "-M", "-T", "-e", "none", "-S"]).arg(socket);
    for option in [
        "BatchMode=yes",
        "ControlPersist=no",
        "ForkAfterAuthentication=no",
        "StdinNull=no",
        "SessionType=default",
        "RemoteCommand=none",
        "RequestTTY=no",
        "ClearAllForwardings=yes",
        "ExitOnForwardFailure=no",
        "PermitLocalCommand=no",
        "TCPKeepAlive=yes",
    ] {
        command.args(["-o", option]);
    }
    command.args(options.arguments());
    command.args(["--", &options.host]).arg(OsStr::from_bytes(&shim::warden()));
    spawn(command)
}

fn spawn(mut command: std::process::Command) -> Result<Child> {
    // Ctrl-C at the terminal is for us: the connection is still needed to clean up with.
    command.process_group(0);
    let mut command = async_process::Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().map_err(|error| {
        let error = Error::from_io(format!("start `{SSH}`"), error);
        if error.kind() == ErrorKind::NotFound {
            error.with_hint("install the OpenSSH client (Debian: openssh-client)")
        } else {
            error
        }
    })
}

fn pipes(ssh: &mut Child) -> Result<(BoxWriter, BoxReader, pipe::Receiver)> {
    let (stdin, stdout, stderr) = match (ssh.stdin.take(), ssh.stdout.take(), ssh.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => (stdin, stdout, stderr),
        _ => unreachable!("all three were asked for as pipes"),
    };
    let taken = || -> std::io::Result<_> {
        let stdin = pipe::Sender::from_owned_fd(OwnedFd::try_from(stdin)?)?;
        let stdout = pipe::Receiver::from_owned_fd(OwnedFd::try_from(stdout)?)?;
        let stderr = pipe::Receiver::from_owned_fd(OwnedFd::try_from(stderr)?)?;
        Ok((Box::pin(stdin) as BoxWriter, Box::pin(stdout) as BoxReader, stderr))
    };
    taken().map_err(|error| Error::from_io("the pipes of ssh", error))
}

/// What `ssh` has to say, as far as it is needed: how the login went, and its last words.
#[derive(Debug, Default)]
struct Diary {
    bytes: Mutex<Capture>,
}

impl Diary {
    async fn keep(self: Arc<Self>, mut stderr: pipe::Receiver) {
        const KEPT: usize = 64 << 10;
        *self.lock() = Capture::new(KEPT);
        let mut chunk = vec![0; 4 << 10];
        while let Ok(count) = stderr.read(&mut chunk).await
            && count > 0
        {
            self.lock().push(&chunk[..count]);
        }
    }

    fn text(&self) -> String {
        self.lock().text()
    }

    fn lock(&self) -> MutexGuard<'_, Capture> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A little while, longer each time, before a connection is tried again.
pub(super) async fn pause_before_attempt(attempt: u32) {
    sleep(Duration::from_millis(60 << attempt.min(5))).await;
}
