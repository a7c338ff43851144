//! Sending a mail, and asking about it.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use serde_json::json;
use tokio_rustls::TlsConnector;

use crate::clock::Clock;
use crate::gateway::client::JsonClient;
use crate::gateway::config::InvalidAuthority;
use crate::gateway::meaning as usual;
use crate::gateway::network;
use crate::gateway::simulated::SimulatedProvider;
use crate::gateway::way::{Way, attempt_timeout};
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};

use super::config::SmtpConfig;
use super::mail::SmtpMail;
use super::probe;
use super::session::{self, Failure};

/// A server that takes mail; each mail has a connection of its own. Clones share the configuration.
#[derive(Debug, Clone)]
pub struct SmtpClient {
    way: Way<Arc<Api>>,
    timeout: Duration,
}

struct Api {
    config: SmtpConfig,
    tls: TlsConnector,
    web: JsonClient,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl SmtpClient {
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
        let api = Api {
            web: JsonClient::new(timeout).clock(Arc::clone(&clock)),
            tls: TlsConnector::from(Arc::new(tls)),
            config,
            clock,
        };
        Self {
            way: Way::Network(Arc::new(api)),
            timeout,
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
            way: Way::simulated(provider, timeout, clock),
            timeout,
        }
    }

    /// SMTP knows no keys: a mail that is sent again is a second mail.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    /// How long an attempt that sends one mail may take: a tenth longer than the session, so that it ends
    /// first and says whether the dot was sent.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        attempt_timeout(self.timeout)
    }

    /// Hands `mail` over to the server, as the operation `op_id`.
    ///
    /// # Errors
    /// [`Unavailable`](GatewayError::Unavailable) and [`Refused`](GatewayError::Refused) when it was not
    /// accepted: `SMTP_<code>` with the server's words, `INVALID_SUBJECT` and `INVALID_RECIPIENT` for what
    /// cannot be sent; [`NoAnswer`](GatewayError::NoAnswer) when it may have been.
    pub async fn send(&self, op_id: &OpId, mail: &SmtpMail<'_>) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => api.send(op_id, mail).await,
            Way::Simulated(http) => usual::receipt(http.post(op_id, &()).await),
        }
    }

    /// Asks, by the [probe URL](SmtpConfig::probe_url), whether `mail` was accepted as the operation
    /// `op_id`. Without one nobody can be asked.
    pub async fn probe(&self, op_id: &OpId, mail: &SmtpMail<'_>) -> Probe {
        match &self.way {
            Way::Network(api) => api.probe(op_id, mail).await,
            Way::Simulated(http) => usual::probe(http.get(op_id).await),
        }
    }
}

impl Api {
    async fn send(&self, op_id: &OpId, mail: &SmtpMail<'_>) -> Result<Receipt, GatewayError> {
        let to = &mail.check()?;
        let (config, timeout) = (&self.config, self.config.timeout);
        let id = message_id(op_id, config);
        let text = mail.text(&config.from, to, &id, self.clock.now());
        let mut limit = self.clock.sleep(timeout);
        let late = || Failure::Broken(format!("no answer within {} ms", timeout.as_millis()));
        let ready = tokio::select! {
            ready = session::prepare(config, &self.tls, to, &text) => ready,
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

    async fn probe(&self, op_id: &OpId, mail: &SmtpMail<'_>) -> Probe {
        if mail.check().is_err() {
            // What cannot be sent was never sent.
            return Probe::NotCommitted;
        }
        let Some(url) = &self.config.probe_url else {
            return Probe::StillUnknown {
                reason: "SMTP cannot be asked, and no probe URL is configured".to_owned(),
            };
        };
        let id = message_id(op_id, &self.config);
        probe::meaning(self.web.get(&url.of(&id)).await, &id)
    }
}

/// The name of the mail, without brackets.
fn message_id(op_id: &OpId, config: &SmtpConfig) -> String {
    format!("{op_id}@{}", config.from.domain())
}
