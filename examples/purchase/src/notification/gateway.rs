//! The notification provider: what we need of it, and how it is called.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The one
//! thing to get right here is the difference between "it did not happen" and "we do not know".

use std::future::Future;
use std::time::Duration;

use orch_runtime::gateway::{HttpGateway, probe, receipt};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::{GatewayError, Idempotency, OpId, Probe, Receipt};

use super::cancellation::generated::command::CancellationCommand;
use super::generated::command::NotificationCommand;

/// What we need of a notification provider.
pub trait NotificationGateway: Send + Sync + 'static {
    /// What it promises about a key that is sent twice.
    fn idempotency(&self) -> Idempotency;

    /// How long one attempt may take; shorter than the lease of 15 s.
    fn attempt_timeout(&self) -> Duration;

    /// What spares it: all processes together stop calling while its calls fail or while it asks for a
    /// pause, and may be limited in calls at a time and per second.
    fn protection(&self) -> ProtectionPolicy {
        ProtectionPolicy::default()
    }

    /// Asks it to act, under `key`.
    fn notification(
        &self,
        key: &OpId,
        command: &NotificationCommand,
    ) -> impl Future<Output = Result<Receipt, GatewayError>> + Send;

    /// Asks it whether the call under `key` happened.
    fn probe_notification(
        &self,
        key: &OpId,
        command: &NotificationCommand,
    ) -> impl Future<Output = Probe> + Send;

    /// Asks it to act, under `key`.
    fn cancellation(
        &self,
        key: &OpId,
        command: &CancellationCommand,
    ) -> impl Future<Output = Result<Receipt, GatewayError>> + Send;

    /// Asks it whether the call under `key` happened.
    fn probe_cancellation(
        &self,
        key: &OpId,
        command: &CancellationCommand,
    ) -> impl Future<Output = Probe> + Send;
}

/// A provider that speaks plain JSON over HTTP.
///
/// | answer to `POST <url>` | means |
/// |---|---|
/// | 2xx | done; `id` of the body is the provider's reference |
/// | 425, 429, or nothing was sent | not now; `Retry-After` is honoured |
/// | 408, 5xx | not now, and it may have happened: asked about before it is called failed |
/// | 3xx, or sent and no full answer | unknown: it may have happened |
/// | any other | refused, with `code` and `message` of the body |
///
/// `GET <url>/<key>` answers a probe: 200 happened, 404 did not, anything else says nothing.
#[derive(Debug, Clone)]
pub struct HttpNotificationGateway {
    http: HttpGateway,
}

impl HttpNotificationGateway {
    /// Calls through `http`.
    #[must_use]
    pub fn new(http: HttpGateway) -> Self {
        Self { http }
    }
}

impl NotificationGateway for HttpNotificationGateway {
    /// Change this to what your provider documents; `Idempotency::None` if it knows no keys.
    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    fn attempt_timeout(&self) -> Duration {
        self.http.attempt_timeout()
    }

    async fn notification(
        &self,
        key: &OpId,
        command: &NotificationCommand,
    ) -> Result<Receipt, GatewayError> {
        receipt(self.http.post(key, command).await)
    }

    async fn probe_notification(&self, key: &OpId, _: &NotificationCommand) -> Probe {
        probe(self.http.get(key).await)
    }

    async fn cancellation(
        &self,
        key: &OpId,
        command: &CancellationCommand,
    ) -> Result<Receipt, GatewayError> {
        receipt(self.http.post_below("cancellations", key, command).await)
    }

    async fn probe_cancellation(&self, key: &OpId, _: &CancellationCommand) -> Probe {
        probe(self.http.get_below("cancellations", key).await)
    }
}

impl<G: NotificationGateway> NotificationGateway for std::sync::Arc<G> {
    fn idempotency(&self) -> Idempotency {
        (**self).idempotency()
    }

    fn attempt_timeout(&self) -> Duration {
        (**self).attempt_timeout()
    }

    async fn notification(
        &self,
        key: &OpId,
        command: &NotificationCommand,
    ) -> Result<Receipt, GatewayError> {
        (**self).notification(key, command).await
    }

    async fn probe_notification(&self, key: &OpId, command: &NotificationCommand) -> Probe {
        (**self).probe_notification(key, command).await
    }

    async fn cancellation(
        &self,
        key: &OpId,
        command: &CancellationCommand,
    ) -> Result<Receipt, GatewayError> {
        (**self).cancellation(key, command).await
    }

    async fn probe_cancellation(&self, key: &OpId, command: &CancellationCommand) -> Probe {
        (**self).probe_cancellation(key, command).await
    }
}
