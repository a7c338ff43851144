//! Sending a mail, and asking about it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, Uri};
use rustls::ClientConfig;
use serde_json::json;
use tokio_rustls::TlsConnector;

use crate::clock::Clock;
use crate::gateway::client::JsonClient;
use crate::gateway::config::InvalidAuthority;
use crate::gateway::meaning as usual;
use crate::gateway::network;
use crate::gateway::simulated::SimulatedProvider;
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};

use super::config::SmtpConfig;
use super::mail::Mail;
use super::probe;
use super::session::{self, Failure};

/// A server that takes mail; each mail has a connection of its own. Clones share the configuration.
#[derive(Clone)]
pub struct SmtpGateway {
    provider: Arc<Provider>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

enum Provider {
    Server {
        config: SmtpConfig,
        tls: TlsConnector,
        client: JsonClient,
    },
    Simulated(SimulatedProvider),
}

impl std::fmt::Debug for SmtpGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let simulated = matches!(*self.provider, Provider::Simulated(_));
        f.debug_struct("SmtpGateway")
            .field("simulated", &simulated)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl SmtpGateway {
    /// SMTP knows no keys: a mail that is sent again is a second mail.
    pub const IDEMPOTENCY: Idempotency = Idempotency::None;

    /// The server that `config` names. Certificates are checked against Mozilla's list of authorities.
    #[must_use]
    pub fn new(config: SmtpConfig, clock: Arc<dyn Clock>) -> Self {
        Self::with_tls(config, network::web_tls(), clock)
    }

    /// The server that `config` names, when the one authority whose certificate, in DER, is `authority` has
    /// signed its certificate.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn trusting_only(
        authority: &[u8],
        config: SmtpConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidAuthority> {
        let tls = network::private_tls(authority)?;
        Ok(Self::with_tls(config, tls, clock))
    }

    fn with_tls(config: SmtpConfig, tls: ClientConfig, clock: Arc<dyn Clock>) -> Self {
        let timeout = config.timeout;
        Self {
            provider: Arc::new(Provider::Server {
                client: JsonClient::new(timeout).clock(Arc::clone(&clock)),
                tls: TlsConnector::from(Arc::new(tls)),
                config,
            }),
            timeout,
            clock,
        }
    }

    /// A server inside this process, which sends nothing.
    #[must_use]
    pub fn simulated(
        provider: SimulatedProvider,
        timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            provider: Arc::new(Provider::Simulated(provider)),
            timeout,
            clock,
        }
    }

    /// How long an attempt that sends one mail may take: a tenth longer than the session, so that it ends
    /// first and says whether the dot was sent.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.timeout + self.timeout / 10
    }

    /// Hands `mail` over to the server, as the operation `op_id`.
    ///
    /// # Errors
    /// [`Unavailable`](GatewayError::Unavailable) and [`Refused`](GatewayError::Refused) when it was not
    /// accepted: `SMTP_<code>` with the server's words, `INVALID_SUBJECT` and `INVALID_RECIPIENT` for what
    /// cannot be sent; [`NoAnswer`](GatewayError::NoAnswer) when it may have been.
    pub async fn send(&self, op_id: &OpId, mail: &Mail<'_>) -> Result<Receipt, GatewayError> {
        let to = mail.check()?;
        let (config, tls) = match &*self.provider {
            Provider::Server { config, tls, .. } => (config, tls),
            Provider::Simulated(provider) => {
                let uri = Uri::from_static("http://simulated.invalid/");
                let clock = self.clock.as_ref();
                let answer = provider.answer(clock, &Method::POST, &uri, Some(op_id));
                return usual::receipt(Ok(answer.await));
            }
        };
        let id = message_id(op_id, config);
        let text = mail.text(&config.from, &to, &id, self.clock.now());
        let mut limit = self.clock.sleep(self.timeout);
        let late = || Failure::Broken(format!("no answer within {} ms", self.timeout.as_millis()));
        let ready = tokio::select! {
            ready = session::prepare(config, tls, &to, &text) => ready,
            () = &mut limit => Err(late()),
        };
        let ready = ready.map_err(Failure::before_the_dot)?;
        let reply = tokio::select! {
            reply = ready.finish() => reply,
            () = &mut limit => Err(late()),
        };
        let reply = reply.map_err(Failure::after_the_dot)?;
        Ok(Receipt {
            provider_ref: Some(id),
            result: Some(json!({"reply": reply.text()})),
        })
    }

    /// Asks, by the [probe URL](SmtpConfig::probe_url), whether the mail of `op_id` was accepted. Without
    /// one nobody can be asked.
    pub async fn probe(&self, op_id: &OpId) -> Probe {
        let (config, client) = match &*self.provider {
            Provider::Server { config, client, .. } => (config, client),
            Provider::Simulated(provider) => {
                let uri = format!("http://simulated.invalid/{op_id}");
                let uri = uri.parse().unwrap_or_default();
                let clock = self.clock.as_ref();
                let answer = provider.answer(clock, &Method::GET, &uri, None);
                return usual::probe(Ok(answer.await));
            }
        };
        let Some(url) = &config.probe_url else {
            return Probe::StillUnknown {
                reason: "SMTP cannot be asked, and no probe URL is configured".to_owned(),
            };
        };
        let id = message_id(op_id, config);
        probe::meaning(client.get(&url.of(&id)).await, &id)
    }
}

/// The name of the mail, without brackets.
fn message_id(op_id: &OpId, config: &SmtpConfig) -> String {
    format!("{op_id}@{}", config.from.domain())
}
