//! The promises of the target `it`, kept on PostgreSQL, and what is PostgreSQL's own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop, in its helpers too"
)]

use orch_runtime::store::StoreKind;

/// The store of this run.
const STORE: StoreKind = StoreKind::Postgres;

#[path = "../purchase/books.rs"]
mod books;
#[path = "../it/callbacks/mod.rs"]
mod callbacks;
#[path = "../it/charge.rs"]
mod charge;
#[path = "../it/choreography/mod.rs"]
mod choreography;
#[path = "../it/clocks.rs"]
mod clocks;
#[path = "../it/commands/mod.rs"]
mod commands;
#[path = "../it/conformance.rs"]
mod conformance;
#[path = "../it/crashes.rs"]
mod crashes;
mod database_monitor;
#[path = "../it/dead_letters.rs"]
mod dead_letters;
mod deliveries_held;
mod differential;
#[path = "../it/doubt.rs"]
mod doubt;
#[path = "../providers/emulator.rs"]
mod emulator;
#[path = "../it/encryption.rs"]
mod encryption;
mod exhaustion;
#[path = "../it/hanging.rs"]
mod hanging;
#[path = "../it/hybrid/mod.rs"]
mod hybrid;
#[path = "../it/lanes.rs"]
mod lanes;
#[path = "../it/lifecycle.rs"]
mod lifecycle;
mod migrations;
#[path = "../it/monitor.rs"]
mod monitor;
#[path = "../providers/nats_server.rs"]
mod nats_server;
#[path = "../charging/outcome.rs"]
mod outcome;
mod pgbouncer;
#[path = "../it/protection.rs"]
mod protection;
#[path = "../purchase/mod.rs"]
mod purchase;
#[path = "../it/room.rs"]
mod room;
#[path = "../it/sagas/mod.rs"]
mod sagas;
mod sagas_held;
mod schema;
#[path = "../it/secrets.rs"]
mod secrets;
mod service;
#[path = "../charging/tables.rs"]
mod tables;
#[path = "../it/takeover.rs"]
mod takeover;
#[path = "../it/traces.rs"]
mod traces;
#[path = "../it/transactions.rs"]
mod transactions;
#[path = "../purchase/truth.rs"]
mod truth;
