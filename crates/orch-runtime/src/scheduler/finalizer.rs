//! Finalizer: applies outcomes that are in the write-ahead log and were not applied, because the
//! process died in between or the finalize hook refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::store::{Finalized, LogPosition, PendingOutcome, StoreError};

use super::Scheduler;

/// Limits of a [`Finalizer`].
#[derive(Debug, Clone, Copy)]
pub struct FinalizerConfig {
    /// Pause between batches, unless there is known to be more.
    pub every: Duration,
    /// Entries per batch.
    pub batch: u32,
    /// Younger entries are left to the attempt that wrote them.
    pub min_age: Duration,
}

impl Default for FinalizerConfig {
    /// Every 5 s, 100 entries, at least 5 s old.
    fn default() -> Self {
        let five = Duration::from_secs(5);
        Self {
            every: five,
            batch: 100,
            min_age: five,
        }
    }
}

/// What one batch came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct FinalizerReport {
    /// Outcomes applied.
    pub recovered: usize,
    /// Outcomes whose hook refused; they stay in the log.
    pub refused: usize,
    /// Outcomes of a replaced term, kept as evidence.
    pub stale: usize,
    /// Entries set aside because they could not be read.
    pub corrupt: usize,
}

/// Completes what the log knows.
#[derive(Debug, Clone)]
pub struct Finalizer {
    engine: Engine,
    config: FinalizerConfig,
    behind: Arc<Mutex<Option<LogPosition>>>,
    /// Whether the last batch was full.
    more: Arc<AtomicBool>,
}

impl Finalizer {
    /// A Finalizer for the operations of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: FinalizerConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
            behind: Arc::default(),
            more: Arc::default(),
        }
    }

    /// Does one batch, as of `now`.
    ///
    /// # Errors
    /// When the log cannot be read. Trouble with one entry is in the report.
    pub async fn run_once(&self, now: Timestamp) -> Result<FinalizerReport, StoreError> {
        let mut report = FinalizerReport::default();
        for pending in self.next_batch(now).await? {
            self.finalize(pending, &mut report).await;
        }
        let metrics = &self.engine.inner.metrics;
        metrics.finalizer_recovered.inc_by(report.recovered as u64);
        metrics.finalizer_corrupt.inc_by(report.corrupt as u64);
        Ok(report)
    }

    /// The entries behind those of the last batch; from the beginning again after the last of them, so
    /// that hooks that go on refusing hold up no other.
    async fn next_batch(&self, now: Timestamp) -> Result<Vec<PendingOutcome>, StoreError> {
        let before = now - self.config.min_age;
        let (store, size) = (self.engine.store(), self.config.batch);
        let mut behind = self.behind.lock().await;
        self.more.store(false, Ordering::Relaxed);
        let batch = store.pending_outcomes(before, behind.take(), size).await?;
        if batch.len() >= size as usize {
            self.more.store(true, Ordering::Relaxed);
            *behind = batch.last().map(|pending| pending.position.clone());
        }
        Ok(batch)
    }

    async fn finalize(&self, pending: PendingOutcome, report: &mut FinalizerReport) {
        let op_id = pending.position.op_id;
        let (lease, outcome) = match pending.content {
            Ok(content) => content,
            Err(why) => {
                tracing::error!(op_id, why, "log entry set aside");
                report.corrupt += 1;
                let store = self.engine.store();
                if let Err(error) = store.set_aside(&op_id, pending.fence).await {
                    tracing::error!(op_id, %error, "log entry could not be set aside");
                }
                return;
            }
        };
        match self.engine.apply_recorded(lease, outcome).await {
            Ok(Finalized::Applied) => report.recovered += 1,
            Ok(Finalized::Stale) => report.stale += 1,
            Ok(Finalized::HookFailed(why)) => {
                tracing::warn!(op_id, why, "finalize refused");
                report.refused += 1;
            }
            Err(error) => {
                tracing::error!(op_id, %error, "finalize failed");
                report.refused += 1;
            }
        }
    }
}

impl Scheduler for Finalizer {
    fn name(&self) -> &'static str {
        "finalizer"
    }

    fn every(&self) -> Duration {
        if self.more.load(Ordering::Relaxed) {
            Duration::ZERO
        } else {
            self.config.every
        }
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let report = self.run_once(self.engine.inner.clock.now()).await?;
        Ok((report != FinalizerReport::default()).then(|| format!("{report:?}")))
    }
}
