//! Reads what Linux tells in `/proc`: the same text on every host, and no tool needed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a process runs, from its `/proc/PID/stat`: one that has ended and was not waited for
/// yet does not.
pub(crate) fn is_alive(stat: &str) -> bool {
    // The name in parentheses may hold spaces and parentheses itself (`proc_pid_stat(5)`).
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X' | 'x'))
}

/// Whether a connection to this address would find somebody who listens, from `/proc/net/tcp` and
/// `/proc/net/tcp6` (`proc_pid_net(5)`).
pub(crate) fn is_listening(tables: &str, address: IpAddr, port: u16) -> bool {
    tables.lines().filter_map(listener).any(|(bound, bound_port)| {
        bound_port == port && (bound == address || bound.is_unspecified() && takes(bound, address))
    })
}

/// A socket on all addresses of IPv6 takes IPv4 as well, unless it was told not to.
fn takes(unspecified: IpAddr, address: IpAddr) -> bool {
    unspecified.is_ipv6() || address.is_ipv4()
}

/// The address of a line's socket, if it listens.
fn listener(line: &str) -> Option<(IpAddr, u16)> {
    const LISTEN: &str = "0A";
    let mut fields = line.split_whitespace().skip(1);
    let (local, _remote, state) = (fields.next()?, fields.next()?, fields.next()?);
    let (address, port) = local.split_once(':')?;
    if state != LISTEN {
        return None;
    }
    Some((ip_address(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Addresses stand there as 32-bit words in hexadecimal digits, each in the host's own byte order;
/// all that we meet are little-endian.
fn ip_address(hex: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = (hex.as_bytes().chunks(8))
        .map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok().map(u32::to_le_bytes))
        .collect();
    match words?[..] {
        [word] => Some(Ipv4Addr::from(word).into()),
        [a, b, c, d] => {
            let octets: [u8; 16] = [a, b, c, d].concat().try_into().ok()?;
            Some(Ipv6Addr::from(octets).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11
   1: 0100007F:1F91 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 12
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:1F94 00000000000000000000000000000000:0000 0A 00000000:00000000";

    fn listening(address: &str, port: u16) -> bool {
        is_listening(TABLES, address.parse().unwrap(), port)
    }

    #[test]
    fn a_listener_is_found_by_its_address() {
        assert!(listening("127.0.0.1", 8080));
        assert!(!listening("10.0.0.1", 8080));
        assert!(!listening("127.0.0.1", 8081), "that one is connected and does not listen");
        assert!(listening("::1", 8083));
        assert!(!listening("127.0.0.1", 8083));
        assert!(listening("127.0.0.1", 8084), "an IPv4 address written as an IPv6 one");
    }

    #[test]
    fn a_listener_on_all_addresses_takes_each() {
        assert!(listening("127.0.0.1", 80));
        assert!(listening("10.0.0.1", 80));
        assert!(!listening("::1", 80));
        assert!(listening("127.0.0.1", 8082));
        assert!(listening("::1", 8082));
    }

    #[test]
    fn a_zombie_is_not_alive() {
        assert!(is_alive("12 (sleep) S 1 12 12 0 -1"));
        assert!(!is_alive("12 (sleep) Z 1 12 12 0 -1"));
        assert!(is_alive("12 (a) Z (b) R 1 12 12 0 -1"), "the name may say anything");
        assert!(!is_alive(""));
    }
}
