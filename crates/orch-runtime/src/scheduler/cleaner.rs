//! Cleaner: deletes applied log entries and settled callbacks that are old, and brings sealed texts under
//! the current key. Operations stay, so that a key never opens again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::store::StoreError;

use super::Scheduler;
use super::rotation::Rotation;

/// Pause after a full batch: others write meanwhile.
const BETWEEN_FULL_BATCHES: Duration = Duration::from_millis(50);

/// Limits of a [`Cleaner`].
#[derive(Debug, Clone, Copy)]
pub struct CleanerConfig {
    /// Pause between batches, unless there is known to be more.
    pub every: Duration,
    /// Entries per batch, and as many callbacks; about as many texts are written again under the current key.
    pub batch: u32,
    /// Entries younger than this stay, and callbacks that were settled since.
    pub retention: Duration,
}

impl Default for CleanerConfig {
    /// Every minute, 500 entries, 30 days.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            batch: 500,
            retention: Duration::from_secs(30 * 24 * 3_600),
        }
    }
}

/// What one batch came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CleanerReport {
    /// Entries deleted.
    pub purged: usize,
    /// Settled callbacks deleted; 0 where the domain takes none.
    pub callbacks_purged: usize,
    /// Texts written again under the current key; 0 when nothing is sealed.
    pub rewritten: usize,
}

/// Keeps log and inbox short.
#[derive(Debug, Clone)]
pub struct Cleaner {
    engine: Engine,
    config: CleanerConfig,
    rotation: Rotation,
    /// Whether the last batch was full.
    more: Arc<AtomicBool>,
}

impl Cleaner {
    /// A Cleaner for the log of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: CleanerConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
            rotation: Rotation::default(),
            more: Arc::default(),
        }
    }

    /// Does one batch, as of `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_once(&self, now: Timestamp) -> Result<CleanerReport, StoreError> {
        self.more.store(false, Ordering::Relaxed);
        let before = now - self.config.retention;
        let purged = self.engine.store().purge(before, self.config.batch).await?;
        self.engine
            .inner
            .metrics
            .cleaner_purged
            .inc_by(purged as u64);
        let batch = self.config.batch;
        let callbacks_purged = self.purge_callbacks(before).await?;
        let is_full = purged.max(callbacks_purged) >= batch as usize;
        self.more.store(is_full, Ordering::Relaxed);
        let rewritten = self.rotation.run_once(&self.engine, now, batch).await?;
        Ok(CleanerReport {
            purged,
            callbacks_purged,
            rewritten,
        })
    }

    async fn purge_callbacks(&self, before: Timestamp) -> Result<usize, StoreError> {
        let Some(metrics) = &self.engine.inner.callbacks else {
            return Ok(0);
        };
        let (store, batch) = (self.engine.store(), self.config.batch);
        let purged = store.purge_callbacks(before, batch).await?;
        metrics.purged.inc_by(purged as u64);
        Ok(purged)
    }
}

impl Scheduler for Cleaner {
    fn name(&self) -> &'static str {
        "cleaner"
    }

    fn every(&self) -> Duration {
        if self.more.load(Ordering::Relaxed) {
            BETWEEN_FULL_BATCHES.min(self.config.every)
        } else {
            self.config.every
        }
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let report = self.run_once(self.engine.inner.clock.now()).await?;
        Ok((report != CleanerReport::default()).then(|| format!("{report:?}")))
    }
}
