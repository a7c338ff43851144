//! The file upload provider: what we need of it, and how it is called.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The one
//! thing to get right here is the difference between "it did not happen" and "we do not know".

use std::future::Future;
use std::time::Duration;

use orch_runtime::gateway::{HttpGateway, probe, receipt};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::{GatewayError, Idempotency, OpId, Probe, Receipt};

use super::generated::command::FileUploadCommand;

/// What we need of a file upload provider.
pub trait FileUploadGateway: Send + Sync + 'static {
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
    fn file_upload(
        &self,
        key: &OpId,
        command: &FileUploadCommand,
    ) -> impl Future<Output = Result<Receipt, GatewayError>> + Send;

    /// Asks it whether the call under `key` happened.
    fn probe_file_upload(
        &self,
        key: &OpId,
        command: &FileUploadCommand,
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
pub struct HttpFileUploadGateway {
    http: HttpGateway,
}

impl HttpFileUploadGateway {
    /// Calls through `http`.
    #[must_use]
    pub fn new(http: HttpGateway) -> Self {
        Self { http }
    }
}

impl FileUploadGateway for HttpFileUploadGateway {
    /// Change this to what your provider documents; `Idempotency::None` if it knows no keys.
    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(24 * 3_600),
        }
    }

    fn attempt_timeout(&self) -> Duration {
        self.http.attempt_timeout()
    }

    async fn file_upload(
        &self,
        key: &OpId,
        command: &FileUploadCommand,
    ) -> Result<Receipt, GatewayError> {
        receipt(self.http.post(key, command).await)
    }

    async fn probe_file_upload(&self, key: &OpId, _: &FileUploadCommand) -> Probe {
        probe(self.http.get(key).await)
    }
}
