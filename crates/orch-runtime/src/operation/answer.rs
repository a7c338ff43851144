//! What a gateway port answers: the receipt, or the reason why there is none.
//!
//! The reasons differ in the one thing that matters: whether the call may have happened.

use std::time::Duration;

use serde_json::Value as Json;

/// The provider did it.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The provider's name for what it did.
    pub provider_ref: Option<String>,
    /// What it answered, as far as it is worth keeping. No secrets.
    pub result: Option<Json>,
}

/// Why there is no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Not now: nothing was sent, or the provider said that it is busy. Where its answer does not rule
    /// out that it acted, say so with [`report_unaccounted`](crate::report_unaccounted).
    #[error("not now: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
        /// How long the provider asked us to wait.
        after: Option<Duration>,
    },
    /// The provider refused for good.
    #[error("refused with {code}: {message}")]
    Refused {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// The request was sent and no full answer came: it may have happened.
    #[error("no answer: {reason}")]
    NoAnswer {
        /// What came instead.
        reason: String,
    },
}
