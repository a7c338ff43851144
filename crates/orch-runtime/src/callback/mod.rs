//! What a provider reports by itself: a signed request to us that names an event, the operation it is
//! about, and the result.
//!
//! ```text
//!  POST ─▶ verify the signature ─▶ read ─▶ inbox (durable) ─▶ 200
//!              │ wrong: 401,                    │
//!              ▼ nothing is written             ▼ at once, and again every few seconds
//!                              the operation is UNKNOWN, PARKED, or PENDING after a call: it ends
//!                              a call is under way, or there is no operation yet: it waits
//!                              the operation has ended: confirmed, or kept as a contradiction
//! ```
//!
//! **Invariant:** the first result wins, whether it comes by an answer, a question or a callback. A
//! later one never changes an operation; it is kept as evidence. A second delivery of an event changes
//! nothing.
//!
//! **Deliberately absent:** trust in anything before the signature was checked, and in the order or
//! number of deliveries.

#[cfg(feature = "callbacks")]
mod signature;
#[cfg(all(feature = "callbacks", feature = "twilio"))]
mod twilio_signature;

use std::borrow::Cow;

use axum::http::HeaderMap;

use crate::clock::Timestamp;
use crate::ids::{EventId, OpId};
use crate::operation::outcome::Outcome;

#[cfg(feature = "callbacks")]
pub use self::signature::{HmacSha256, InvalidSecret, TimestampedHmacSha256};
#[cfg(all(feature = "callbacks", feature = "twilio"))]
pub use self::twilio_signature::TwilioSignature;

/// The fewest bytes of a secret; shorter ones can be guessed.
pub(crate) const SHORTEST_SECRET: usize = 16;

/// A request that says it comes from the provider.
#[derive(Debug, Clone, Copy)]
pub struct CallbackRequest<'a> {
    /// What stands behind the `?` of its address, as it came; nothing where there is none.
    pub query: &'a str,
    /// Its headers.
    pub head: &'a HeaderMap,
    /// Its body, exactly these bytes.
    pub body: &'a [u8],
}

/// Understands the callbacks of one provider.
pub trait CallbackReceiver: Send + Sync + 'static {
    /// Checks that the provider sent `request`. Nothing is read or written before.
    ///
    /// # Errors
    /// When the signature is missing, wrong or too old.
    fn verify(&self, request: &CallbackRequest<'_>, now: Timestamp) -> Result<(), CallbackRefused>;

    /// Reads a verified request. `None`: it is about something that ends no operation, and is not kept.
    ///
    /// # Errors
    /// When it is not what the provider is known to send. The provider sees the reason.
    fn read(&self, request: &CallbackRequest<'_>) -> Result<Option<Callback>, CallbackRefused>;
}

/// A callback was not accepted; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallbackRefused(Cow<'static, str>);

impl CallbackRefused {
    /// Refuses, for `reason`, which must hold no secret.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    pub(crate) fn into_reason(self) -> Cow<'static, str> {
        self.0
    }
}

/// One event, as the provider reports it. It must name the operation, or what the provider calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// The provider's name for the event, the same in every delivery of it.
    pub event_id: EventId,
    /// The operation, where the provider repeats the idempotency key of the call.
    pub op_id: Option<OpId>,
    /// The provider's name for what it did, as its answer to the call had it.
    pub provider_ref: Option<String>,
    /// What came of it.
    pub outcome: CallbackOutcome,
}

/// What came of a call, for good.
#[derive(Debug, Clone, PartialEq)]
pub enum CallbackOutcome {
    /// The provider did it.
    Ok {
        /// What to tell the client.
        message: String,
        /// What the provider says about it, as far as it is worth keeping. No secrets.
        result: Option<serde_json::Value>,
    },
    /// The provider certainly did not do it, and will not.
    Fail {
        /// A stable code, such as `CARD_DECLINED`.
        code: String,
        /// What to tell the client.
        message: String,
    },
}

impl Callback {
    /// The result as the log keeps it.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.outcome.clone() {
            CallbackOutcome::Ok { message, result } => Outcome::Ok {
                message,
                provider_ref: self.provider_ref.clone(),
                result,
            },
            CallbackOutcome::Fail { code, message } => Outcome::fail(code, message),
        }
    }
}
