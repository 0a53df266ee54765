//! How a host is reached over SSH: what makes two connections the same.

use std::{fmt, path::PathBuf, time::Duration};

/// What to do about a host key that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownHosts {
    /// As the user's OpenSSH configuration says, which refuses it unless told otherwise.
    #[default]
    AsConfigured,
    /// Refuse it.
    Strict,
    /// Add it to the known hosts if the host has none there yet; refuse one that has changed.
    AcceptNew,
    /// Take any, and remember none. Whoever is in between can read and change everything.
    Ignore,
}

/// All that decides how a host is reached. Backends with equal options share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Options {
    pub(super) host: String,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) keys: Vec<PathBuf>,
    pub(super) jumps: Vec<String>,
    pub(super) config_file: Option<PathBuf>,
    pub(super) known_hosts: KnownHosts,
    pub(super) known_hosts_file: Option<PathBuf>,
    pub(super) connect_timeout: Duration,
    pub(super) keepalive: Keepalive,
    pub(super) compression: bool,
}

/// How a connection that went silent is noticed, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Keepalive {
    pub(super) interval: Duration,
    pub(super) count: u32,
}

impl Options {
    pub(super) fn new(host: String) -> Self {
        Self {
            host,
            user: None,
            port: None,
            keys: Vec::new(),
            jumps: Vec::new(),
            config_file: None,
            known_hosts: KnownHosts::default(),
            known_hosts_file: None,
            connect_timeout: Duration::from_secs(10),
            keepalive: Keepalive { interval: Duration::from_secs(1), count: 3 },
            compression: false,
        }
    }

    /// The arguments of ssh(1) that say all this.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(|&word| word.to_owned()));
        if let Some(file) = &self.config_file {
            add(&["-F", &file.to_string_lossy()]);
        }
        if let Some(user) = &self.user {
            add(&["-l", user]);
        }
        if let Some(port) = self.port {
            add(&["-p", &port.to_string()]);
        }
        for key in &self.keys {
            add(&["-i", &key.to_string_lossy()]);
        }
        if !self.keys.is_empty() {
            // Else an agent that holds many keys uses up the attempts that a server allows.
            add(&["-o", "IdentitiesOnly=yes"]);
        }
        if !self.jumps.is_empty() {
            add(&["-J", &self.jumps.join(",")]);
        }
        match self.known_hosts {
            KnownHosts::AsConfigured => {}
            KnownHosts::Strict => add(&["-o", "StrictHostKeyChecking=yes"]),
            KnownHosts::AcceptNew => add(&["-o", "StrictHostKeyChecking=accept-new"]),
            KnownHosts::Ignore => {
                add(&["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
            }
        }
        if let Some(file) = &self.known_hosts_file {
            let option = format!("UserKnownHostsFile=\"{}\"", file.display());
            add(&["-o", &option, "-o", "GlobalKnownHostsFile=/dev/null"]);
        }
        let seconds = |duration: Duration| duration.as_secs_f64().ceil().max(1.0);
        add(&["-o", &format!("ConnectTimeout={}", seconds(self.connect_timeout))]);
        add(&["-o", &format!("ServerAliveInterval={}", seconds(self.keepalive.interval))]);
        add(&["-o", &format!("ServerAliveCountMax={}", self.keepalive.count.max(1))]);
        if self.compression {
            add(&["-C"]);
        }
        arguments
    }
}

impl fmt::Display for Options {
    /// The address, such as `ssh://deploy@web1:2222`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        // An IPv6 address needs brackets where a port may follow (RFC 3986, 3.2.2).
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?
        } else {
            f.write_str(&self.host)?
        }
        if let Some(port) = self.port.filter(|&port| port != 22) {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}
