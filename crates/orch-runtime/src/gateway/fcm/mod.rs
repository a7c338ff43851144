//! Firebase Cloud Messaging, HTTP v1: notifications on devices.
//!
//! ```text
//!  send ─▶ token: kept, or POST <token_uri> with a signed assertion ─▶ no token: nothing was sent
//!       ─▶ POST /v1/projects/<project>/messages:send, tag = <op id>  ─▶ meaning
//! ```
//!
//! **Deliberately absent:** questions. Firebase tells nobody what was sent, so that an operation whose
//! answer was lost is parked for a person. Sending it again does no harm: the operation's id is the
//! notification's tag, and a device shows one notification of a tag.

mod account;
mod api;
mod meaning;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;
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

pub use self::account::{InvalidServiceAccount, ServiceAccount};
use self::api::Api;

/// Access to one project of Firebase.
#[derive(Debug, Clone)]
pub struct FcmConfig {
    /// Where its API begins; [`FcmConfig::URL`] but for tests.
    pub url: String,
    /// Who calls.
    pub account: ServiceAccount,
    /// From the beginning of a call to the last byte of its answer. Half of it is for the access token,
    /// where that has to be fetched first, and half for the message.
    pub timeout: Duration,
}

impl FcmConfig {
    /// The address of Firebase Cloud Messaging.
    pub const URL: &'static str = "https://fcm.googleapis.com";

    /// The project of a service account, with the default timeout of 10 s.
    #[must_use]
    pub fn new(account: ServiceAccount) -> Self {
        Self {
            url: Self::URL.to_owned(),
            account,
            timeout: Duration::from_secs(10),
        }
    }
}

/// What is to be shown on which device. `Debug` leaves the token out: who has it can write to the device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FcmMessage<'a> {
    /// The registration token of the app on the device.
    pub token: &'a str,
    /// The title.
    pub title: Option<&'a str>,
    /// The text.
    pub body: &'a str,
}

impl fmt::Debug for FcmMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FcmMessage")
            .field("title", &self.title)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A client of Firebase Cloud Messaging; clones share its connections and its access token.
///
/// | answer | means |
/// |---|---|
/// | 2xx | taken; `name` is the provider's reference |
/// | no access token | not now: nothing was sent |
/// | 401 | not now: the next attempt fetches another access token |
/// | 425, 429, 503, or nothing was sent | not now |
/// | 408, other 5xx | not now, and it may have been sent |
/// | 3xx, or sent and no full answer | unknown |
/// | 401 `THIRD_PARTY_AUTH_ERROR`, and any other | refused, with `errorCode` (`UNREGISTERED`, `INVALID_ARGUMENT`, …) or `status`, and `message` |
///
/// `Retry-After` is honoured. It cannot be asked what became of a message.
#[derive(Debug, Clone)]
pub struct FcmClient {
    way: Way<Api>,
    timeout: Duration,
}

impl FcmClient {
    /// The project that `config` names.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(config: FcmConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
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

    /// How long an attempt may take: a tenth longer than both its calls, so that they end first.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        attempt_timeout(self.timeout)
    }

    /// Sends a notification.
    ///
    /// # Errors
    /// Everything but a message that was taken; see the table at the type.
    pub async fn send(
        &self,
        key: &OpId,
        message: &FcmMessage<'_>,
    ) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => api.send(key, message).await,
            Way::Simulated(http) => usual::receipt(http.post(key, &()).await),
        }
    }

    /// Says that nobody knows; the simulated provider does.
    pub async fn probe(&self, key: &OpId, _: &FcmMessage<'_>) -> Probe {
        match &self.way {
            Way::Network(_) => Probe::StillUnknown {
                reason: "Firebase cannot be asked what became of a message".to_owned(),
            },
            Way::Simulated(http) => usual::probe(http.get(key).await),
        }
    }
}
