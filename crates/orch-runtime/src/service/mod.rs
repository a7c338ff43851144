//! A whole service around generated domains: configuration, start, and a graceful stop.
//!
//! ```text
//!  Service::run ─▶ arguments ▸ environment ▸ log ▸ database ▸ modules ▸ socket ─▶ serve
//!                     │ 2         │ 1               │ 1       │ 1       │ 1        │ SIGTERM, SIGINT
//!                     ▼           ▼                 ▼         ▼         ▼          ▼
//!                   one clear line, or one per problem, and the exit code       drain, 0
//! ```
//!
//! Configuration is environment variables, all checked before anything is opened; every problem is
//! reported, not the first one only. A misspelt variable is a problem: a limit that silently does not
//! apply is worse than a service that does not start.
//!
//! **Deliberately absent:** configuration files, and secrets in any message.

mod arguments;
mod authentication;
mod cache;
mod callbacks;
mod clients;
mod database;
mod database_url;
mod dead_letters;
mod duration;
mod embedded;
mod encryption;
mod environment;
#[cfg(feature = "otlp")]
mod exporter;
mod gateways;
mod inspection;
mod intervals;
mod launch;
mod log;
mod module;
mod nats;
mod nearest;
mod problem;
#[cfg(feature = "s3")]
mod s3;
mod sagas;
mod serving;
mod settings;
mod setup;
#[cfg(feature = "smtp")]
mod smtp;
mod spans;
#[cfg(feature = "testing")]
mod stall;

pub use self::embedded::Embedded;
pub use self::intervals::Intervals;
pub use self::module::{Module, Parts, Service};
pub use self::sagas::{Engines, SagaModule, SagaParts};
pub use self::setup::{Setup, SetupError};
