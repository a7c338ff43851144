//! Requests to Stripe.

use std::sync::Arc;

use crate::clock::Clock;
use crate::gateway::answer::{Answer, CallError};
use crate::gateway::call::{Call, encoded};
use crate::gateway::client::JsonClient;
use crate::gateway::config::{self, InvalidUrl};
use crate::ids::OpId;
use crate::operation::answer::GatewayError;

use super::{StripeCharge, StripeConfig, StripeRefund, amount};

/// The version of the API for which this is written. Without it an account's own would apply.
const VERSION: &str = "2024-06-20";

/// Charges, or refunds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Charges,
    Refunds,
}

/// The API of one account.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: JsonClient,
    base: String,
}

impl Api {
    pub(super) fn new(config: StripeConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        let client = JsonClient::new(config.timeout)
            .clock(clock)
            .bearer(config.key);
        let base = config::base(&config.url)?;
        Ok(Self { client, base })
    }

    pub(super) async fn charge(
        &self,
        key: &OpId,
        charge: &StripeCharge<'_>,
    ) -> Result<Result<Answer, CallError>, GatewayError> {
        let amount = amount::units(charge.amount)?.to_string();
        let currency = charge.amount.currency().as_str().to_ascii_lowercase();
        let source = match charge.source {
            customer if customer.starts_with("cus_") => ("customer", customer),
            source => ("source", source),
        };
        let fields = [("amount", &*amount), ("currency", &*currency), source];
        Ok(self.act(Kind::Charges, key, &fields).await)
    }

    pub(super) async fn refund(
        &self,
        key: &OpId,
        refund: &StripeRefund<'_>,
    ) -> Result<Result<Answer, CallError>, GatewayError> {
        let amount = refund.amount.map(amount::units).transpose()?;
        let amount = amount.map(|units| units.to_string());
        let mut fields = vec![("charge", refund.charge)];
        fields.extend(amount.as_deref().map(|units| ("amount", units)));
        Ok(self.act(Kind::Refunds, key, &fields).await)
    }

    async fn act(
        &self,
        kind: Kind,
        key: &OpId,
        fields: &[(&str, &str)],
    ) -> Result<Answer, CallError> {
        let name = ("metadata[op_id]", key.as_str());
        let call = Call::post(self.address(kind))
            .key(key)
            .header("stripe-version", VERSION)
            .form(fields.iter().copied().chain([name]));
        self.client.send(call).await
    }

    /// One page of a list, the newest first.
    pub(super) async fn list(
        &self,
        kind: Kind,
        filter: &[(&str, &str)],
    ) -> Result<Answer, CallError> {
        let address = self.address(kind);
        let filter = encoded(filter.iter().copied());
        let call = Call::get(format!("{address}?{filter}")).header("stripe-version", VERSION);
        self.client.send(call).await
    }

    fn address(&self, kind: Kind) -> String {
        let path = match kind {
            Kind::Charges => "charges",
            Kind::Refunds => "refunds",
        };
        format!("{}/v1/{path}", self.base)
    }
}
