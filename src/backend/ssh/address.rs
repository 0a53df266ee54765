//! The address of an SSH host, as people write it.

use crate::{Error, Result};
use std::str::FromStr;

/// `host`, `user@host`, `user@host:port`, also behind `ssh://`. An IPv6 address with a port stands in
/// brackets.
///
/// ```
/// use rexec::backend::ssh::SshAddress;
///
/// let address: SshAddress = "deploy@web1:2222".parse()?;
/// assert_eq!((address.user.as_deref(), address.port), (Some("deploy"), Some(2222)));
/// assert_eq!("ssh://[::1]:22".parse::<SshAddress>()?.host, "::1");
/// # Ok::<(), rexec::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    /// The user, if one is named.
    pub user: Option<String>,
    /// The host's name or address.
    pub host: String,
    /// The port, if one is named.
    pub port: Option<u16>,
}

impl FromStr for SshAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::invalid(format!("{text:?} is no address of an SSH host: {why}"))
                .with_hint("write it as \"web1\", \"deploy@web1\" or \"deploy@web1:2222\"")
        };
        let rest = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, rest) = match rest.rsplit_once('@') {
            Some(("", _)) => return Err(wrong("there is no user before the @")),
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let (host, port) = split_port(rest).ok_or_else(|| wrong("a bracket is not closed"))?;
        let port = match port {
            None => None,
            Some(port) => Some(port.parse().map_err(|_| wrong("the port is no number up to 65535"))?),
        };
        // ssh(1) would take a leading dash for an option.
        if host.is_empty() || host.starts_with('-') || host.contains(|c: char| c.is_whitespace() || c == '/')
        {
            return Err(wrong("it has no host in it"));
        }
        Ok(Self { user, host: host.to_owned(), port })
    }
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((host, None)),
            rest => rest.strip_prefix(':').map(|port| (host, Some(port))),
        };
    }
    Some(match text.split_once(':') {
        // More than one colon: an IPv6 address without a port.
        Some((_, rest)) if rest.contains(':') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let parse = |text: &str| {
            let address: SshAddress = text.parse().unwrap();
            (address.user.unwrap_or_default(), address.host, address.port)
        };
        assert_eq!(parse("web1"), (String::new(), "web1".into(), None));
        assert_eq!(parse("ssh://me@web1:22"), ("me".into(), "web1".into(), Some(22)));
        assert_eq!(parse("fe80::1"), (String::new(), "fe80::1".into(), None));
        assert_eq!(parse("me@[fe80::1]:2222"), ("me".into(), "fe80::1".into(), Some(2222)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "@web1", "web1:x", "web1:70000", "[::1", "-oProxyCommand=x", "a b", "web1/x"] {
            assert!(text.parse::<SshAddress>().is_err(), "{text}");
        }
    }
}
