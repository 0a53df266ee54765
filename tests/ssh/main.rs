//! SSH hosts, against a real sshd on loopback.
