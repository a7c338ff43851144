//! Sagas in real processes that are killed with SIGKILL at random moments, again and again, while the provider is
//! called over HTTP and loses answers. In the end no coin, no piece and no call is lost or made twice.
//!
//! | variable | meaning |
//! |---|---|
//! | `ORCH_CHAOS_KILLS=n` | kill so many processes in each test instead of 6 |
//! | `ORCH_CHAOS_SAGAS=n` | buy so often in each test instead of 16 times |
//! | `ORCH_CHAOS_SEED=n` | kill and lose at the moments of this seed |
//!
//! `cargo xtask test chaos` kills more often.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

#[path = "../purchase/books.rs"]
mod books;
#[path = "../providers/emulator.rs"]
mod emulator;
mod kills;
mod nats;
#[path = "../providers/nats_server.rs"]
mod nats_server;
#[path = "../charging/outcome.rs"]
mod outcome;
mod provider;
#[path = "../purchase/mod.rs"]
mod purchase;
mod shop;
#[path = "../charging/tables.rs"]
mod tables;
#[path = "../purchase/truth.rs"]
mod truth;
mod worker;
