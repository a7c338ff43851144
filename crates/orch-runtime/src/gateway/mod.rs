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
//! Clients for providers that many have are behind features: `StripeClient`, `TwilioClient`,
//! `FcmClient`. Each says at its top what every answer means.
//!
//! **Invariant:** a request is handed to one connection, once. Nothing in here sends it again; that is
//! the engine's decision.

mod answer;
mod call;
mod client;
mod config;
#[cfg(feature = "fcm")]
pub mod fcm;
mod http_gateway;
mod kind;
mod meaning;
mod network;
mod retry_after;
#[cfg(feature = "s3")]
pub mod s3;
mod simulated;
#[cfg(feature = "smtp")]
pub mod smtp;
#[cfg(feature = "stripe")]
pub mod stripe;
#[cfg(feature = "twilio")]
pub mod twilio;
#[cfg(any(
    feature = "stripe",
    feature = "twilio",
    feature = "fcm",
    feature = "s3",
    feature = "smtp"
))]
mod way;

pub use self::answer::{Answer, CallError};
pub use self::call::Call;
pub use self::client::JsonClient;
#[cfg(any(
    feature = "stripe",
    feature = "twilio",
    feature = "fcm",
    feature = "s3"
))]
pub(crate) use self::config::is_exposed;
pub use self::config::{GatewayConfig, InvalidAuthority, InvalidUrl};
#[cfg(feature = "fcm")]
pub use self::fcm::{FcmClient, FcmConfig, FcmMessage};
pub use self::http_gateway::HttpGateway;
pub use self::kind::GatewayKind;
pub use self::meaning::{probe, receipt};
#[cfg(feature = "s3")]
pub use self::s3::{S3Client, S3Config, S3Object};
pub use self::simulated::SimulatedProvider;
#[cfg(feature = "smtp")]
pub use self::smtp::{SmtpClient, SmtpConfig, SmtpMail};
#[cfg(feature = "stripe")]
pub use self::stripe::{StripeCharge, StripeClient, StripeConfig, StripeRefund};
#[cfg(feature = "twilio")]
pub use self::twilio::{TwilioAccount, TwilioClient, TwilioConfig, TwilioMessage};
#[cfg(feature = "otlp")]
pub(crate) use self::{config::parse, network::Network};
