//! Twilio: text messages.
//!
//! ```text
//!  send   ─▶ POST /2010-04-01/Accounts/<sid>/Messages.json ─▶ meaning
//!  probe  ─▶ GET  the same, To=<number>: those with the same text, made since the operation
//!  status ◀─ StatusCallback, by the operation's id behind the `?` of its address
//! ```
//!
//! **Deliberately absent:** `Idempotency-Key`. Twilio knows none, so that nothing is sent a second time
//! before a question found no message.

mod account;
mod api;
mod lookup;
mod meaning;
#[cfg(feature = "callbacks")]
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};

use super::config::InvalidUrl;
use super::meaning as usual;
use super::simulated::SimulatedProvider;
use super::way::{Way, attempt_timeout};

pub use self::account::{InvalidAccount, TwilioAccount};
use self::api::Api;
#[cfg(feature = "callbacks")]
pub use self::status::read_status;

/// The parameter behind the `?` of a status callback that holds the operation's id.
const OP_ID: &str = "op_id";

/// Access to one account of Twilio, and who its messages come from.
#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// Where its API begins; [`TwilioConfig::URL`] but for tests.
    pub url: String,
    /// The account.
    pub account: TwilioAccount,
    /// The number or name that messages come from, or a messaging service (`MG…`).
    pub from: String,
    /// Where Twilio reports what became of a message, without a query; nothing where it shall not.
    pub status_callback: Option<String>,
    /// From the beginning of a call to the last byte of its answer.
    pub timeout: Duration,
}

impl TwilioConfig {
    /// The address of Twilio.
    pub const URL: &'static str = "https://api.twilio.com";

    /// Messages of `account` from `from`, without status callbacks, with the default timeout of 10 s.
    pub fn new(account: TwilioAccount, from: impl Into<String>) -> Self {
        Self {
            url: Self::URL.to_owned(),
            account,
            from: from.into(),
            status_callback: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// What is to be sent to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwilioMessage<'a> {
    /// A number in E.164 form (`+15551234567`), or `whatsapp:` and one. Others are sent, and a lost answer
    /// about them is a person's to resolve: Twilio may have kept them in another form.
    pub to: &'a str,
    /// The text.
    pub body: &'a str,
}

/// A client of Twilio; clones share its connections.
///
/// | answer | means |
/// |---|---|
/// | 2xx | taken; `sid` is the provider's reference |
/// | 2xx, `failed` or `canceled` | refused, with `error_code` |
/// | 425, 429, or nothing was sent | not now |
/// | 408, 5xx | not now, and it may have been sent: asked about before it is sent again |
/// | 3xx, or sent and no full answer | unknown |
/// | any other | refused, with `code` and `message` |
///
/// `Retry-After` is honoured. The answer to a question: exactly one message to the same number, with the
/// same text, made since the operation was accepted, is committed; none is not committed; several say
/// nothing. **A known limit:** two operations with the same text to the same number at the same time are
/// told apart by nobody, so that one message may answer for both. Status callbacks have no such limit.
#[derive(Debug, Clone)]
pub struct TwilioClient {
    way: Way<Api>,
    timeout: Duration,
}

impl TwilioClient {
    /// The account that `config` names.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(config: TwilioConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        Ok(Self {
            timeout: config.timeout,
            way: Way::Network(Api::new(config, clock)?),
        })
    }

    /// A provider inside this process, which says yes to everything.
    #[must_use]
    pub fn simulated(
        provider: SimulatedProvider,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            timeout,
            way: Way::simulated(provider, timeout, clock),
        }
    }

    /// Every call is another message.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    /// How long an attempt may take: a tenth longer than the call, so that the call ends first.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        attempt_timeout(self.timeout)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Everything but a message that was taken; see the table at the type.
    pub async fn send(
        &self,
        key: &OpId,
        message: &TwilioMessage<'_>,
    ) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => meaning::receipt(api.send(key, message).await),
            Way::Simulated(http) => usual::receipt(http.post(key, &()).await),
        }
    }

    /// Whether the message of `key` was sent.
    pub async fn probe(&self, key: &OpId, message: &TwilioMessage<'_>) -> Probe {
        match &self.way {
            Way::Network(api) => lookup::message(api, key, message).await,
            Way::Simulated(http) => usual::probe(http.get(key).await),
        }
    }
}
