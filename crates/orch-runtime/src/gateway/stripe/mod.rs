//! Stripe: charges and refunds.
//!
//! ```text
//!  charge ─▶ POST /v1/charges, Idempotency-Key: <op id>, metadata[op_id]=<op id> ─▶ meaning
//!  refund ─▶ POST /v1/refunds, the same                                          ─▶ meaning
//!  probe  ─▶ GET  /v1/charges?created[gte]=<when the op id was made>  pages, by metadata.op_id
//!  event  ◀─ webhook, by metadata.op_id
//! ```
//!
//! The [Charges API](https://docs.stripe.com/api/charges) and not Payment Intents: a charge is one request
//! with one answer, which is what an operation is. An intent that waits for the customer (3-D Secure) is a
//! conversation, and every test here runs against a server that keeps charges and honours keys, of which
//! there is none for intents.
//!
//! **Deliberately absent:** asking by sending the key again. It would be the call itself.

mod amount;
mod api;
mod event;
mod lookup;
mod meaning;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::ids::OpId;
use crate::money::Money;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};
use crate::secret::Secret;

use super::config::InvalidUrl;
use super::meaning as usual;
use super::simulated::SimulatedProvider;
use super::way::{Way, attempt_timeout};

use self::api::Api;
pub use self::event::read_event;

/// How long Stripe remembers a key at least.
const WINDOW: Duration = Duration::from_secs(24 * 3_600);

/// Access to one account of Stripe.
#[derive(Debug, Clone)]
pub struct StripeConfig {
    /// Where its API begins; [`StripeConfig::URL`] but for tests.
    pub url: String,
    /// The secret key, `sk_…`, or a restricted one that may read and write charges.
    pub key: Secret<String>,
    /// From the beginning of a call to the last byte of its answer.
    pub timeout: Duration,
}

impl StripeConfig {
    /// The address of Stripe.
    pub const URL: &'static str = "https://api.stripe.com";

    /// The account of a secret key, with the default timeout of 10 s.
    #[must_use]
    pub fn new(key: Secret<String>) -> Self {
        Self {
            url: Self::URL.to_owned(),
            key,
            timeout: Duration::from_secs(10),
        }
    }
}

/// What is to be charged, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripeCharge<'a> {
    /// How much.
    pub amount: Money,
    /// A token or source (`tok_…`, `src_…`, `card_…`), or a customer (`cus_…`), whose default source is
    /// charged.
    pub source: &'a str,
}

/// What is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripeRefund<'a> {
    /// The charge, `ch_…`: the provider's reference of the operation that made it.
    pub charge: &'a str,
    /// How much; without it, all that is left of the charge.
    pub amount: Option<Money>,
}

/// A client of Stripe; clones share its connections.
///
/// | answer | means |
/// |---|---|
/// | 2xx, `succeeded` | done; `id` is the provider's reference |
/// | 2xx, `pending` or any other status | unknown: it is asked about until it is settled |
/// | 2xx, `failed` or `canceled` | refused, with `failure_code` |
/// | 429 | not now: nothing happened |
/// | 409, the same key is under way | not now, and that call may act |
/// | 408, 424, 5xx | not now, and it may have happened |
/// | the same, with `Stripe-Should-Retry: false` | unknown: the same call would get the same answer |
/// | `Stripe-Should-Retry: true` with any other status | not now, and it may have happened |
/// | 400 `idempotency_error`, the key came with other parameters | unknown: an earlier call under the key was taken, and what it did is found by asking |
/// | 3xx, or sent and no full answer | unknown |
/// | 402 and any other | refused, with `decline_code`, `code` or `type`, and `message` |
///
/// `Retry-After` is honoured. The answer to a question: a charge with our `metadata.op_id` that succeeded
/// is committed; one that is pending says nothing yet; none, or failed ones only, is not committed.
#[derive(Debug, Clone)]
pub struct StripeClient {
    way: Way<Api>,
    timeout: Duration,
}

impl StripeClient {
    /// The account that `config` names.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(config: StripeConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
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

    /// The same key has one effect for a day.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed { window: WINDOW }
    }

    /// How long an attempt may take: a tenth longer than the call, so that the call ends first.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        attempt_timeout(self.timeout)
    }

    /// Takes money.
    ///
    /// # Errors
    /// Everything but a charge that succeeded; see the table at the type.
    pub async fn charge(
        &self,
        key: &OpId,
        charge: &StripeCharge<'_>,
    ) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => meaning::receipt(api.charge(key, charge).await?),
            Way::Simulated(http) => usual::receipt(http.post(key, &()).await),
        }
    }

    /// Gives money back.
    ///
    /// # Errors
    /// Everything but a refund that succeeded; see the table at the type.
    pub async fn refund(
        &self,
        key: &OpId,
        refund: &StripeRefund<'_>,
    ) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => meaning::receipt(api.refund(key, refund).await?),
            Way::Simulated(http) => usual::receipt(http.post(key, &()).await),
        }
    }

    /// Whether the charge under `key` happened.
    pub async fn probe_charge(&self, key: &OpId, _: &StripeCharge<'_>) -> Probe {
        match &self.way {
            Way::Network(api) => lookup::charge(api, key).await,
            Way::Simulated(http) => usual::probe(http.get(key).await),
        }
    }

    /// Whether the refund under `key` happened: only those of its charge are looked through.
    pub async fn probe_refund(&self, key: &OpId, refund: &StripeRefund<'_>) -> Probe {
        match &self.way {
            Way::Network(api) => lookup::refund(api, key, refund.charge).await,
            Way::Simulated(http) => usual::probe(http.get(key).await),
        }
    }
}
