//! The runtime's gateways against emulators of their providers, which others wrote.
//!
//! The emulators are named by environment variables (`ORCH_TEST_<NAME>`). `cargo xtask test providers`
//! gets them, sets the variables and runs this target.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

mod emulator;
mod fcm;
mod harness;
mod lossy;
mod lossy_smtp;
mod mails;
mod raw;
mod recovery;
mod s3;
mod smtp;
mod stripe;
mod through;
mod twilio;
mod uploads;
