//! Makes errors that a person can act on out of what `ssh` says when it fails.

use super::options::Options;
use crate::{Error, ErrorKind};

/// Why the connection could not be made.
pub(super) fn explain(diary: &str, options: &Options) -> Error {
    let host = options.to_string();
    let name = &options.host;
    let lines: Vec<&str> = own_words(diary).collect();
    let said = |text: &str| lines.iter().find(|line| line.contains(text)).copied();
    let last = lines.last().copied().unwrap_or("ssh ended without a word");
    let error = |kind, message: String, hint: String| Error::new(kind, message).with_hint(hint);
    let explained = if said("REMOTE HOST IDENTIFICATION HAS CHANGED").is_some() {
        changed_key(diary, options)
    } else if said("Host key verification failed").is_some() {
        unknown_key(diary, options)
    } else if let Some(line) =
        said("Permission denied (").or_else(|| said("Too many authentication failures"))
    {
        no_key_accepted(diary, line)
    } else if said("Could not resolve hostname").is_some() {
        error(
            ErrorKind::Connect,
            format!("no host is known by the name `{name}`"),
            "check the spelling, the OpenSSH configuration (`Host`, `HostName`) and the name server".into(),
        )
    } else if said("Connection refused").is_some() {
        error(
            ErrorKind::Connect,
            "the connection was refused".into(),
            format!("is an SSH server running on {}?", place(options)),
        )
    } else if said("during banner exchange").is_some() {
        error(
            ErrorKind::Connect,
            format!("the host took the connection and said nothing for {:?}", options.connect_timeout),
            format!("is it an SSH server that answers on {}, and is it alive?", place(options)),
        )
    } else if said("timed out").is_some() {
        error(
            ErrorKind::Connect,
            format!("no answer within {:?}: timed out", options.connect_timeout),
            "is the host up, and does a firewall let the port through? `connect_timeout` sets the limit"
                .into(),
        )
    } else if said("No route to host").or_else(|| said("Network is unreachable")).is_some() {
        error(ErrorKind::Connect, "there is no route to the host".into(), "check the network".into())
    } else if said("too long for Unix domain socket").or_else(|| said("ControlPath too long")).is_some() {
        error(
            ErrorKind::Connect,
            "the path of the connection's control socket is too long".into(),
            "set TMPDIR to a directory with a short name".into(),
        )
    } else if is_overload(diary) {
        error(
            ErrorKind::Connect,
            format!("the host closed the connection before the login: {last}"),
            "it may allow fewer connections at once (`MaxStartups`), or refuse this address".into(),
        )
    } else {
        Error::new(ErrorKind::Connect, format!("ssh could not connect: {last}"))
    };
    explained.with_host(host)
}

/// The host answered, and then the login went nowhere.
pub(super) fn login_hangs(diary: &str, options: &Options) -> Error {
    let stage = diary.lines().rev().find_map(|line| line.strip_prefix("debug1: ")).unwrap_or("nothing yet");
    Error::new(ErrorKind::Connect, "the login timed out".to_owned())
        .with_hint(format!("the last that was heard of it: {stage}"))
        .with_host(options.to_string())
}

/// Whether a session was refused because there are as many as the server allows.
pub(super) fn is_refused_session(error: &str) -> bool {
    error.contains("Session open refused")
}

/// Whether the server closed the connection before it had spoken, as it does when too many come at
/// once (`MaxStartups` in sshd_config(5)).
pub(super) fn is_overload(diary: &str) -> bool {
    diary.contains("kex_exchange_identification")
        || diary.contains("Not allowed at this time")
        || diary.contains("Exceeded MaxStartups")
}

/// Why a connection that was there has ended.
pub(super) fn last_words(diary: &str) -> Option<String> {
    own_words(diary).last().map(str::to_owned)
}

/// What is meant for people.
fn own_words(diary: &str) -> impl Iterator<Item = &str> {
    let is_noise = |line: &str| {
        line.is_empty()
            || line.starts_with("debug")
            || line.starts_with("OpenSSH_")
            || line.starts_with("Warning: Permanently added")
            || line.starts_with("Transferred:")
            || line.starts_with("Bytes per second:")
            || line.starts_with("Authenticated to ")
    };
    diary.lines().map(str::trim).filter(move |line| !is_noise(line))
}

fn changed_key(diary: &str, options: &Options) -> Error {
    let offered = offered_key(diary);
    let entry = diary.lines().find_map(|line| {
        let (_, rest) = line.strip_prefix("Offending ")?.split_once(" key in ")?;
        Some(rest.trim().to_owned())
    });
    let known = entry.map(|place| format!(" (the known one is in {place})")).unwrap_or_default();
    Error::new(ErrorKind::Denied, format!("the host's key has changed: it offered {offered}{known}")).with_hint(format!(
        "somebody may be in between. If the host was set up anew, compare the fingerprint there, then forget the \
         old key: ssh-keygen{} -R '{}'",
        options.known_hosts_file.as_ref().map(|file| format!(" -f '{}'", file.display())).unwrap_or_default(),
        known_as(options),
    ))
}

fn unknown_key(diary: &str, options: &Options) -> Error {
    let offered = offered_key(diary);
    let port = options.port.map(|port| format!(" -p {port}")).unwrap_or_default();
    let user = options.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    Error::new(ErrorKind::Denied, format!("the host's key is not known: it offered {offered}")).with_hint(format!(
        "compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then accept it: \
         ssh{port} {user}{}, or use `known_hosts: \"accept-new\"`",
        options.host,
    ))
}

/// The key that the host offered: its kind and fingerprint.
fn offered_key(diary: &str) -> String {
    let offered = diary.lines().find_map(|line| line.trim().strip_prefix("debug1: Server host key: "));
    offered.unwrap_or("a key that ssh did not name").to_owned()
}

fn no_key_accepted(diary: &str, line: &str) -> Error {
    let tried: Vec<&str> =
        diary.lines().filter_map(|line| line.trim().strip_prefix("debug1: Offering public key: ")).collect();
    let missing: Vec<&str> = diary
        .lines()
        .filter_map(|line| line.strip_prefix("Warning: Identity file ")?.split_once(" not accessible"))
        .map(|(file, _)| file)
        .collect();
    let ways = line.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(ways, _)| ways);
    let unusable =
        diary.lines().find(|line| line.starts_with("Load key ") || line.contains("UNPROTECTED PRIVATE KEY"));
    let mut message = "the host accepted none of the keys".to_owned();
    if tried.is_empty() {
        message.push_str(": there was none to offer");
    } else {
        message.push_str(&format!(": tried {}", tried.join(", ")));
    }
    if !missing.is_empty() {
        message.push_str(&format!("; not there: {}", missing.join(", ")));
    }
    if let Some(line) = unusable {
        message.push_str(&format!("; {}", line.trim()));
    }
    let hint = if ways.contains("publickey") || ways.is_empty() {
        "add the public key to `~/.ssh/authorized_keys` there, or name another key or user".to_owned()
    } else {
        format!("the host takes {ways} only")
    };
    Error::new(ErrorKind::Denied, message).with_hint(hint)
}

fn place(options: &Options) -> String {
    match options.port {
        Some(port) => format!("port {port}"),
        None => "the configured port (22 unless set)".to_owned(),
    }
}

/// As known_hosts has it.
fn known_as(options: &Options) -> String {
    match options.port {
        Some(port) if port != 22 => format!("[{}]:{port}", options.host),
        _ => options.host.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let mut options = Options::new("web1".into());
        options.port = Some(2222);
        options
    }

    #[test]
    fn a_changed_key_names_the_key_and_how_to_accept_it() {
        let diary = "debug1: Server host key: ssh-ed25519 SHA256:abc\n@@@@\n\
                     @ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n\
                     Offending ED25519 key in /home/me/.ssh/known_hosts:7\nHost key verification failed.\n";
        let error = explain(diary, &options());
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.message().contains("SHA256:abc"), "{error}");
        assert!(error.message().contains("known_hosts:7"), "{error}");
        assert!(error.hint().unwrap().contains("ssh-keygen -R '[web1]:2222'"));
        assert_eq!(error.host(), Some("ssh://web1:2222"));
    }

    #[test]
    fn what_is_not_known_is_told_in_the_words_of_ssh() {
        let error = explain("debug1: x\nsomething odd happened\r\n", &options());
        assert_eq!(error.message(), "ssh could not connect: something odd happened");
        assert_eq!(error.kind(), ErrorKind::Connect);
    }
}
