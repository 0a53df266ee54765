//! Files on any host.
