//! The default way to a provider: `POST <url>` acts, `GET <url>/<op_id>` tells what happened.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use serde::Serialize;

use crate::clock::Clock;
use crate::ids::OpId;

use super::answer::{Answer, CallError};
use super::client::JsonClient;
use super::config::{self, GatewayConfig, InvalidUrl};
use super::simulated::SimulatedProvider;

/// A provider at one address; clones share its connections.
#[derive(Debug, Clone)]
pub struct HttpGateway {
    client: JsonClient,
    url: Uri,
}

impl HttpGateway {
    /// The provider that `config` names.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(config: GatewayConfig, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        let mut client = JsonClient::new(config.timeout).clock(clock);
        if let Some(token) = config.token {
            client = client.bearer(token);
        }
        let url = config::parse(&config.url)?;
        Ok(Self { client, url })
    }

    /// A provider inside this process.
    #[must_use]
    pub fn simulated(
        provider: SimulatedProvider,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client: JsonClient::simulated(provider, timeout).clock(clock),
            url: Uri::from_static("http://simulated.invalid/"),
        }
    }

    /// The same provider one part further down its path: `gateway.below("refunds")`.
    ///
    /// # Errors
    /// When `part` cannot stand in a path.
    pub fn below(&self, part: &str) -> Result<Self, InvalidUrl> {
        Ok(Self {
            client: self.client.clone(),
            url: config::below(&self.url, part)?,
        })
    }

    /// How long a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.client.timeout()
    }

    /// How long an attempt that makes one call may take: a tenth longer than the call, so that the call
    /// ends first and says whether anything was sent.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.timeout() + self.timeout() / 10
    }

    /// Asks the provider to act: `POST <url>` with `body` and `Idempotency-Key: <op_id>`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post(&self, op_id: &OpId, body: &impl Serialize) -> Result<Answer, CallError> {
        self.client.post(&self.url.to_string(), op_id, body).await
    }

    /// Asks the provider what became of `op_id`: `GET <url>/<op_id>`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get(&self, op_id: &OpId) -> Result<Answer, CallError> {
        let url = config::below(&self.url, op_id.as_str());
        let url = url.map_err(|error| CallError::not_sent(error.to_string()))?;
        self.client.get(&url.to_string()).await
    }

    /// [`post`](Self::post), one part further down: `POST <url>/<part>`.
    ///
    /// # Errors
    /// See [`CallError`]; a part that cannot stand in a path is never sent.
    pub async fn post_below(
        &self,
        part: &str,
        op_id: &OpId,
        body: &impl Serialize,
    ) -> Result<Answer, CallError> {
        self.part(part)?.post(op_id, body).await
    }

    /// [`get`](Self::get), one part further down: `GET <url>/<part>/<op_id>`.
    ///
    /// # Errors
    /// As [`post_below`](Self::post_below).
    pub async fn get_below(&self, part: &str, op_id: &OpId) -> Result<Answer, CallError> {
        self.part(part)?.get(op_id).await
    }

    fn part(&self, part: &str) -> Result<Self, CallError> {
        self.below(part)
            .map_err(|error| CallError::not_sent(error.to_string()))
    }
}
