//! Behaviour that every backend shares, written once and run on each.
//!
//! A case is `pub async fn name(host: &impl TestHost)` in a file of `cases/`, and stands in the
//! list in `suite.rs`; one that does not is reported as unused by the compiler. A backend joins
//! with a [`TestHost`](host::TestHost) and a line below.

// A test binary has no outside.
#![allow(unreachable_pub)]

mod cases;
mod host;
mod mock_host;
mod suite;
#[path = "../support/mod.rs"]
mod support;

suite::conformance!(local, crate::host::LocalHost);
suite::conformance!(erased, crate::host::ErasedHost);
suite::conformance!(mock, crate::mock_host::MockHost);
#[cfg(feature = "ssh")]
suite::conformance!(ssh, crate::host::SshHost);
