//! Calling a provider over HTTP, knowing at every moment whether it may have happened.
//!
//! ```text
//!  HttpGateway ─▶ JsonClient ─▶ connect ─────▶ send ─────▶ whole answer
//!                                 │ fails        │ fails         │
//!                              NotSent        NoAnswer         Answer ─▶ receipt, probe
//! ```
//!
//! [`JsonClient`] tells three ends of a call apart: [`CallError::NotSent`] (no byte of the request has
//! left this process: connecting failed), [`CallError::NoAnswer`] (some may have left, and no full
//! answer came) and [`Answer`]. What an answer means is a decision of the gateway: [`receipt`] and
//! [`probe`] are the usual one.
//!
//! **Invariant:** a request is handed to one connection, once. Nothing in here sends it again; that is
//! the engine's decision.

mod answer;
mod client;
mod config;
mod http_gateway;
mod meaning;
mod network;
mod retry_after;
#[cfg(feature = "s3")]
pub mod s3;
mod simulated;
#[cfg(feature = "smtp")]
pub mod smtp;

pub use self::answer::{Answer, CallError};
pub use self::client::JsonClient;
pub use self::config::{GatewayConfig, InvalidAuthority, InvalidUrl};
pub use self::http_gateway::HttpGateway;
pub use self::meaning::{probe, receipt};
pub use self::simulated::SimulatedProvider;
#[cfg(feature = "otlp")]
pub(crate) use self::{config::parse, network::Network};
