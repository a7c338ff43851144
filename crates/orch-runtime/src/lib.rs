//! What generated orchestrations stand on: the safe call to somebody else's API.
//!
//! | module | holds |
//! |---|---|
//! | [`operation`] | the lifecycle: states, outcomes, retries, decisions; pure |
//! | [`wal`] | the write-ahead log's states |
//! | [`store`] | the durable record: one contract, one conformance suite, SQLite |
//! | `encryption` | keys, and the envelopes of stored texts (feature `encryption`) |
//! | [`engine`] | accepts, claims, executes, settles |
//! | [`scheduler`] | Finalizer, Reaper, Cleaner, Monitor, CallbackSweeper, DatabaseMonitor |
//! | [`protection`] | what spares a provider: breaker, limits, pauses, shared by all processes; pure |
//! | [`dead_letter`] | what waits for a person, and what a person decides |
//! | [`repository`] | reading operations and log entries |
//! | [`saga`] | several operations as one: all of them happen, or what happened is undone |
//! | [`events`] | what is told of a saga, and reaches every handler: outbox, bus, inbox, dead letters |
//! | [`http`] | what a generated controller needs: submission, problems, limits |
//! | [`callback`] | what a provider reports by itself: signatures, receivers |
//! | [`gateway`] | a JSON client that knows what "sent" means, and a simulated provider |
//! | [`trace`] | one request and all that it leads to under one id; spans (feature `otlp`) |
//! | `spool` | contents that wait to be uploaded, named by their hash (feature `s3`) |
//! | [`service`] | configuration from the environment, start and graceful stop |
//! | `testing` | a world to wind: clock, scripted provider, crashes (feature `testing`) |
//!
//! Arrows: `service → http, scheduler → engine → store, operation`. The store reads no clock and makes
//! no ids. Nothing here knows a template or a parser of Rust.

pub mod bytes;
pub mod callback;
pub mod check;
pub mod clock;
pub mod dead_letter;
#[cfg(feature = "encryption")]
pub mod encryption;
pub mod engine;
pub mod events;
pub mod fault;
pub mod gateway;
pub mod guard;
pub mod http;
pub mod ids;
pub mod metrics;
pub mod money;
pub mod operation;
mod outlive;
pub mod protection;
pub mod repository;
pub mod saga;
pub mod scheduler;
pub mod secret;
pub mod service;
#[cfg(feature = "s3")]
pub mod spool;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
mod unwind;
pub mod value;
pub mod wal;

pub use async_trait::async_trait;
pub use axum;
pub use serde;
pub use serde_json;
pub use tokio;
pub use tracing;

pub use chrono::NaiveDate as Date;
#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;
pub use serde_json::Value as Json;
pub use uuid::Uuid;

pub use bytes::Bytes;
pub use callback::{Callback, CallbackOutcome, CallbackReceiver, CallbackRefused, CallbackRequest};
pub use clock::{Clock, SystemClock, Timestamp, Timestamp as DateTime};
pub use dead_letter::{DeadLetterKind, DeadLetters, Decision};
pub use engine::{
    Engine, Finished, Orchestrator, report_pause, report_progress, report_unaccounted,
};
pub use ids::{
    BizKey, EventId, Fence, IdSource, IdemKey, InvalidId, OpId, OwnerId, SagaId, UuidSource,
};
pub use money::{Currency, Money};
pub use operation::answer::{GatewayError, Receipt};
pub use operation::command::{Command, CommandError, JsonFields, Violation, Violations, taken};
pub use operation::idempotency::{Idempotency, Probe};
pub use operation::outcome::Outcome;
pub use operation::retry::RetryPolicy;
pub use operation::state::OperationState;
pub use operation::view::{HistoryEntry, OperationView, OutcomeView, Progress};
pub use repository::{Entity, Repository};
pub use scheduler::{CallbackSweeper, Cleaner, Finalizer, Monitor, Reaper, Workers};
pub use secret::Secret;
pub use store::hook::{HookError, HookTx};
pub use store::{Migration, StoreKind, Tables};
pub use trace::TraceParent;
pub use value::{Column, Columns, DecodeError, Row, Value};
pub use wal::WalState;
