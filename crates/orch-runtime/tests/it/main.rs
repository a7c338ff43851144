//! The runtime's promises, tested through its public face.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

mod charge;
mod conformance;
mod crashes;
mod doubt;
mod guard;
mod lanes;
mod lifecycle;
mod sqlite;
