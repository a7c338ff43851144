//! JSON over HTTP to a provider, or to the simulated one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;
use serde::Serialize;

use crate::clock::{Clock, SystemClock};
use crate::ids::OpId;
use crate::secret::Secret;
use crate::trace::{self, TRACEPARENT};

use super::answer::{Answer, CallError};
use super::call::Call;
use super::config::{self, InvalidAuthority};
use super::network::Network;
use super::simulated::SimulatedProvider;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How requests name their sender.
pub(super) const AGENT: &str = concat!("orch-runtime/", env!("CARGO_PKG_VERSION"));

/// A client; clones share its connections.
///
/// Redirects are not followed and nothing is sent twice. A call that is part of a trace says so, by
/// `traceparent`. Certificates are checked against Mozilla's list
/// of authorities, which is built in, or against [one](Self::trusting_only).
#[derive(Clone)]
pub struct JsonClient {
    transport: Arc<Transport>,
    token: Option<Secret<String>>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

enum Transport {
    Network(Network),
    Simulated(SimulatedProvider),
}

impl std::fmt::Debug for JsonClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let simulated = matches!(*self.transport, Transport::Simulated(_));
        f.debug_struct("JsonClient")
            .field("simulated", &simulated)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl JsonClient {
    /// A client that gives each call `timeout` for everything from connecting to the last byte.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            transport: Arc::new(Transport::Network(Network::new())),
            token: None,
            timeout,
            clock: Arc::new(SystemClock),
        }
    }

    /// A client that trusts the one authority whose certificate, in DER, is `authority`, and no other:
    /// for providers with an authority of their own.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn trusting_only(authority: &[u8], timeout: Duration) -> Result<Self, InvalidAuthority> {
        let network = Network::trusting_only(authority)?;
        Ok(Self {
            transport: Arc::new(Transport::Network(network)),
            ..Self::new(timeout)
        })
    }

    /// A client whose calls all end at `provider`, in this process.
    #[must_use]
    pub fn simulated(provider: SimulatedProvider, timeout: Duration) -> Self {
        Self {
            transport: Arc::new(Transport::Simulated(provider)),
            ..Self::new(timeout)
        }
    }

    /// Sends `token` as `Authorization: Bearer` with every call.
    #[must_use]
    pub fn bearer(mut self, token: Secret<String>) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets where time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The time on its clock.
    #[cfg(feature = "fcm")]
    pub(super) fn now(&self) -> crate::clock::Timestamp {
        self.clock.now()
    }

    /// Ends when a call that begins now has to.
    #[cfg(feature = "fcm")]
    pub(super) fn limit(&self) -> crate::clock::Sleep {
        self.clock.sleep(self.timeout)
    }

    /// How long a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Posts `body` to `url` under the idempotency key `key`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post(
        &self,
        url: &str,
        key: &OpId,
        body: &impl Serialize,
    ) -> Result<Answer, CallError> {
        self.send(Call::post(url).key(key).json(body)?).await
    }

    /// Gets `url`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get(&self, url: &str) -> Result<Answer, CallError> {
        self.send(Call::get(url)).await
    }

    /// Sends `call`, once.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(&self, call: Call) -> Result<Answer, CallError> {
        let uri = config::parse(&call.url);
        let uri = uri.map_err(|error| CallError::not_sent(error.to_string()))?;
        match &*self.transport {
            Transport::Simulated(provider) => Ok(provider
                .answer(self.clock.as_ref(), &call.method, &uri, call.key.as_ref())
                .await),
            Transport::Network(network) => {
                let request = self.request(&uri, call);
                let request = request.map_err(|error| CallError::not_sent(error.to_string()))?;
                self.over(network, &uri, request).await
            }
        }
    }

    async fn over(
        &self,
        network: &Network,
        uri: &Uri,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, CallError> {
        let mut limit = self.clock.sleep(self.timeout);
        let waited = format!("within {} ms", self.timeout.as_millis());
        let whole = network.call(uri, request, &mut limit, &waited).await?;
        let (parts, body) = whole.into_parts();
        Ok(Answer::new(
            parts.status.as_u16(),
            &parts.headers,
            &body,
            self.clock.now(),
        ))
    }

    fn request(&self, uri: &Uri, call: Call) -> Result<Request<Full<Bytes>>, axum::http::Error> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::builder()
            .method(call.method)
            .uri(path)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json");
        if let Some(token) = &self.token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(place) = trace::current() {
            request = request.header(TRACEPARENT, place.to_string());
        }
        if let Some(key) = &call.key {
            request = request.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(head) = request.headers_mut() {
            head.extend(call.head);
        }
        request.body(Full::new(call.body.into()))
    }
}
