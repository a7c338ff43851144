//! Storing an object once, and asking whether it is there.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::engine::report_progress;
use crate::gateway::meaning as usual;
use crate::gateway::simulated::SimulatedProvider;
use crate::gateway::way::{Way, attempt_timeout};
use crate::ids::OpId;
use crate::operation::answer::{GatewayError, Receipt};
use crate::operation::idempotency::{Idempotency, Probe};
use crate::spool::{Content, ContentHash, Reading, Spool};

use super::bucket::{Bucket, Limit};
use super::config::{InvalidBucket, S3Config};
use super::meaning;
use super::object::{self, S3Object, refused};

/// A bucket and the spool that its objects' contents come from; clones share connections.
#[derive(Debug, Clone)]
pub struct S3Client {
    way: Way<Arc<Api>>,
    timeout: Duration,
}

struct Api {
    bucket: Bucket,
    spool: Spool,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("spool", &self.spool)
            .finish_non_exhaustive()
    }
}

impl S3Client {
    /// The bucket that `config` names, fed from `spool`.
    ///
    /// # Errors
    /// When the address names no bucket.
    pub fn new(
        config: S3Config,
        spool: Spool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidBucket> {
        let timeout = config.timeout;
        let api = Api {
            bucket: Bucket::new(config)?,
            spool,
            timeout,
            clock,
        };
        Ok(Self {
            way: Way::Network(Arc::new(api)),
            timeout,
        })
    }

    /// A bucket inside this process. It stores nothing, and does not look for contents.
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

    /// What a conditional write promises: the name of an object is taken for as long as the object is
    /// there.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::permanent()
    }

    /// How long an attempt that stores one object may take: a tenth longer than its requests together, so
    /// that they end first and say whether anything was sent.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        attempt_timeout(self.timeout)
    }

    /// Stores `object` under the operation `op_id`, unless there is an object of this name. Inside
    /// `execute`, progress is reported for each chunk.
    ///
    /// # Errors
    /// What was refused was not stored: `CONTENT_MISSING`, `CONTENT_SIZE` and `CONTENT_CORRUPT` of the
    /// spool, `OBJECT_EXISTS` when another object has the name, `INVALID_…` for what cannot be sent, and
    /// codes of the provider.
    pub async fn put(&self, op_id: &OpId, object: &S3Object<'_>) -> Result<Receipt, GatewayError> {
        match &self.way {
            Way::Network(api) => api.put(op_id, object).await,
            Way::Simulated(http) => usual::receipt(http.post(op_id, &()).await),
        }
    }

    /// Asks whether `op_id` has stored `object`. Another object of this name, which is never overwritten,
    /// proves that it has not.
    pub async fn probe(&self, op_id: &OpId, object: &S3Object<'_>) -> Probe {
        match &self.way {
            Way::Network(api) => api.probe(op_id, object).await,
            Way::Simulated(http) => usual::probe(http.get(op_id).await),
        }
    }
}

impl Api {
    async fn put(&self, op_id: &OpId, object: &S3Object<'_>) -> Result<Receipt, GatewayError> {
        let hash = &object.check()?;
        let content = self.content(object, hash).await?;
        let (body, reading) = content.read();
        let mut limit = self.limit();
        let put = self.bucket.put(op_id, (object, hash), body, &mut limit);
        let answer = with_progress(&reading, object.size, put).await;
        if reading.is_corrupt() {
            let message = "the content has changed on the disk; its last bytes were not sent: upload it \
                           again";
            return Err(refused("CONTENT_CORRUPT", message));
        }
        let answer = answer?;
        match answer.status().as_u16() {
            200..=299 => Ok(object::receipt(answer.headers())),
            412 => taken(&self.bucket, op_id, (object, hash), &mut limit).await,
            _ => Err(meaning::of_put(&answer, self.clock.now())),
        }
    }

    async fn probe(&self, op_id: &OpId, object: &S3Object<'_>) -> Probe {
        // What cannot be sent was never sent.
        let Ok(hash) = &object.check() else {
            return Probe::NotCommitted;
        };
        let answer = match self.bucket.head(object, &mut self.limit()).await {
            Ok(answer) => answer,
            Err(error) => return still_unknown(error.to_string()),
        };
        match answer.status().as_u16() {
            200..=299 if object::is_ours(answer.headers(), op_id, object, hash) => {
                let receipt = object::receipt(answer.headers());
                Probe::Committed {
                    message: "the object is there".to_owned(),
                    provider_ref: receipt.provider_ref,
                    result: receipt.result,
                }
            }
            200..=299 | 404 => Probe::NotCommitted,
            403 => still_unknown(
                "the provider answered 403: it tells whether an object is there only to those who may \
                 list the bucket",
            ),
            status => still_unknown(format!("the provider answered {status}")),
        }
    }

    async fn content(
        &self,
        object: &S3Object<'_>,
        hash: &ContentHash,
    ) -> Result<Content, GatewayError> {
        let content = self.spool.content(*hash, self.clock.now()).await;
        let content = content.map_err(|error| GatewayError::Unavailable {
            reason: format!("the spool cannot be read: {error}"),
            after: None,
        })?;
        let content = content.ok_or_else(|| {
            let message =
                format!("no content with the SHA-256 {hash} was uploaded, or it is no longer kept");
            refused("CONTENT_MISSING", message)
        })?;
        if content.size() == object.size {
            return Ok(content);
        }
        let (actual, said) = (content.size(), object.size);
        let message = format!("the content has {actual} bytes, and the command says {said}");
        Err(refused("CONTENT_SIZE", message))
    }

    fn limit(&self) -> Limit {
        Limit {
            now: self.clock.now(),
            sleep: self.clock.sleep(self.timeout),
            waited: format!("within {} ms", self.timeout.as_millis()),
        }
    }
}

/// There is an object already: perhaps the one that an earlier attempt stored.
async fn taken(
    bucket: &Bucket,
    op_id: &OpId,
    (object, hash): (&S3Object<'_>, &ContentHash),
    limit: &mut Limit,
) -> Result<Receipt, GatewayError> {
    let found = bucket.head(object, limit).await;
    let unasked = |reason: String| GatewayError::NoAnswer {
        reason: format!("there is an object, and it is not known whose: {reason}"),
    };
    let found = found.map_err(|error| unasked(error.to_string()))?;
    match found.status().as_u16() {
        200..=299 if object::is_ours(found.headers(), op_id, object, hash) => {
            Ok(object::receipt(found.headers()))
        }
        200..=299 => Err(refused(
            "OBJECT_EXISTS",
            "another object has this key, and it is not overwritten: choose another key",
        )),
        404 => Err(GatewayError::Unavailable {
            reason: "there was an object, and it is gone".to_owned(),
            after: None,
        }),
        status => Err(unasked(format!("the provider answered {status}"))),
    }
}

/// Runs `call`, and reports how much of the content it has taken: the connection does not run in the task
/// of `execute`, which alone can report.
async fn with_progress<T>(reading: &Reading, total: u64, call: impl Future<Output = T>) -> T {
    let mut passed = reading.passed.clone();
    let mut call = std::pin::pin!(call);
    loop {
        tokio::select! {
            biased;
            done = &mut call => {
                report_progress(*passed.borrow(), total);
                return done;
            }
            Ok(()) = passed.changed() => report_progress(*passed.borrow_and_update(), total),
        }
    }
}

fn still_unknown(reason: impl Into<String>) -> Probe {
    Probe::StillUnknown {
        reason: reason.into(),
    }
}
