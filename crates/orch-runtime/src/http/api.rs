//! What all controllers of a process share: whose request it is, how much is let in, and for how long
//! one waits.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::engine::Engine;
use crate::ids::{IdemKey, OwnerId};
use crate::metrics::Metrics;

use super::audit::Audit;
use super::auth::{Authenticator, TrustedHeader};
use super::client::{address, client, peer};
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::observe::HttpMetrics;
use super::rate_limit::{RateLimit, RateLimiter};

/// The limits of the API.
#[derive(Debug, Clone, Copy)]
pub struct ApiConfig {
    /// Submissions per idempotency key and client.
    pub per_key: RateLimit,
    /// Requests of any kind per client.
    pub per_client: RateLimit,
    /// Refused credentials per address. An address over this limit is not asked for its credential any
    /// more, so that guessing is slow. It bounds the audit lines per address too.
    pub refused: RateLimit,
    /// Largest request body in bytes.
    pub max_body: usize,
    /// How long a request body may take to arrive.
    pub body_timeout: Duration,
    /// Longest `Prefer: wait`.
    pub max_wait: Duration,
}

impl Default for ApiConfig {
    /// 5 a minute per key and client, 600 a minute per client, 600 refused a minute per address, 1 MiB
    /// within 10 s, waits up to 30 s.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        let at_most = |requests| RateLimit::AtMost {
            requests,
            within: minute,
        };
        Self {
            per_key: at_most(5),
            per_client: at_most(600),
            refused: at_most(600),
            max_body: 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            max_wait: Duration::from_secs(30),
        }
    }
}

/// The settings that all controllers share; clones share the counts too.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    config: ApiConfig,
    clock: Arc<dyn Clock>,
    authenticator: Arc<dyn Authenticator>,
    per_key: RateLimiter,
    per_client: RateLimiter,
    refused: RateLimiter,
    audit: Audit,
    metrics: HttpMetrics,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Api").field(&self.inner.config).finish()
    }
}

impl Default for Api {
    /// Default limits, the machine's clock, owners by [`TrustedHeader`].
    fn default() -> Self {
        Self::new(ApiConfig::default())
    }
}

/// Who sent a request, and as whom it is counted. An extractor for routes that need no more of a request.
#[derive(Debug)]
pub struct Caller {
    pub(super) owner: OwnerId,
    client: String,
}

impl Caller {
    /// As whom the request is sent.
    #[must_use]
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Api: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Api::from_ref(state).admit(parts)
    }
}

impl Api {
    /// These limits, the machine's clock, owners by [`TrustedHeader`], metrics that nobody reads.
    #[must_use]
    pub fn new(config: ApiConfig) -> Self {
        let authenticator = Arc::new(TrustedHeader::default());
        Self::with(
            config,
            Arc::new(SystemClock),
            authenticator,
            &Metrics::new(),
        )
    }

    /// All parts by hand.
    #[must_use]
    pub fn with(
        config: ApiConfig,
        clock: Arc<dyn Clock>,
        authenticator: Arc<dyn Authenticator>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                clock,
                authenticator,
                per_key: RateLimiter::new(config.per_key),
                per_client: RateLimiter::new(config.per_client),
                refused: RateLimiter::new(config.refused),
                audit: Audit::new(config.refused),
                metrics: HttpMetrics::new(metrics),
            }),
        }
    }

    /// What the controllers of `engine`'s domain need.
    #[must_use]
    pub fn endpoint(&self, engine: &Engine) -> Endpoint {
        Endpoint::new(engine.clone(), self.clone())
    }

    pub(super) fn config(&self) -> &ApiConfig {
        &self.inner.config
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    pub(super) fn audit(&self) -> &Audit {
        &self.inner.audit
    }

    pub(super) fn metrics(&self) -> &HttpMetrics {
        &self.inner.metrics
    }

    /// The first checks of every request: whose is it, and are there too many. Nothing of the body is
    /// read before, and no database is asked.
    pub(super) fn admit(&self, parts: &Parts) -> Result<Caller, ApiError> {
        let now = self.inner.clock.now();
        let owner = self.authenticate(now, parts)?;
        let client = client(&owner, parts);
        let admitted = self.inner.per_client.admit(now, || client.clone());
        admitted.map_err(|wait| ApiError::too_many(wait).with_reason("too many requests"))?;
        Ok(Caller { owner, client })
    }

    /// The limit on requests that have no owner, by the address they come from.
    pub(super) fn admit_unnamed(&self, parts: &Parts) -> Result<(), ApiError> {
        let name = || address(peer(&parts.extensions));
        let admitted = self.inner.per_client.admit(self.inner.clock.now(), name);
        admitted.map_err(|wait| ApiError::too_many(wait).with_reason("too many requests"))
    }

    /// A refusal may have been a guess, so it is counted against the address. Where everybody is
    /// believed, there is nothing to guess.
    fn authenticate(&self, now: Timestamp, parts: &Parts) -> Result<OwnerId, ApiError> {
        let inner = &self.inner;
        if inner.authenticator.is_trusting() {
            return inner.authenticator.owner(parts);
        }
        let name = || address(peer(&parts.extensions));
        let blocked = |wait| ApiError::too_many(wait).with_reason("too many refused credentials");
        inner.refused.check(now, name).map_err(blocked)?;
        let owner = inner.authenticator.owner(parts);
        owner.map_err(|refusal| match inner.refused.admit(now, name) {
            Ok(()) => refusal,
            Err(wait) => blocked(wait),
        })
    }

    /// The limit on submissions under one key.
    pub(super) fn admit_key(&self, caller: &Caller, key: &IdemKey) -> Result<(), ApiError> {
        let name = || format!("{}\n{}\n{key}", caller.owner, caller.client);
        let admitted = self.inner.per_key.admit(self.inner.clock.now(), name);
        admitted.map_err(|wait| {
            ApiError::too_many(wait).with_reason("too many submissions under one key")
        })
    }
}
