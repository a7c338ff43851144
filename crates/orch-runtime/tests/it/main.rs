//! The runtime's promises, tested through its public face.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

use orch_runtime::store::StoreKind;

/// The store of this run; the same promises are kept on the other one by the target `postgres`.
const STORE: StoreKind = StoreKind::Sqlite;

#[path = "../purchase/books.rs"]
mod books;
mod callbacks;
mod charge;
mod choreography;
mod clocks;
mod commands;
mod conformance;
mod crashes;
mod dead_letters;
mod doubt;
#[path = "../providers/emulator.rs"]
mod emulator;
mod encryption;
mod guard;
mod hanging;
mod hybrid;
mod lanes;
mod lifecycle;
mod monitor;
#[path = "../providers/nats_server.rs"]
mod nats_server;
#[path = "../charging/outcome.rs"]
mod outcome;
mod protection;
#[path = "../purchase/mod.rs"]
mod purchase;
mod room;
mod sagas;
mod secrets;
mod sqlite;
#[path = "../charging/tables.rs"]
mod tables;
mod takeover;
mod torn_files;
mod traces;
mod transactions;
#[path = "../purchase/truth.rs"]
mod truth;
