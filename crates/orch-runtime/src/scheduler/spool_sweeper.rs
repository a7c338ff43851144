//! SpoolSweeper: deletes contents that nobody has used for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::spool::{Spool, Swept};
use crate::store::StoreError;

use super::Scheduler;

/// Pause after a full batch: others use the disk meanwhile.
const BETWEEN_FULL_BATCHES: Duration = Duration::from_secs(1);

/// Limits of a [`SpoolSweeper`].
#[derive(Debug, Clone, Copy)]
pub struct SpoolSweeperConfig {
    /// Pause between batches, unless there is known to be more.
    pub every: Duration,
    /// Files deleted at once, at most.
    pub batch: usize,
    /// Contents that were uploaded or sent within this time stay. It must be longer than operations wait
    /// and are tried again; one that a person runs again later fails with `CONTENT_MISSING` until its
    /// content is uploaded anew.
    pub retention: Duration,
}

impl Default for SpoolSweeperConfig {
    /// Every 15 minutes, 1,000 files, 7 days.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(15 * 60),
            batch: 1_000,
            retention: Duration::from_secs(7 * 24 * 3_600),
        }
    }
}

/// Keeps a spool small.
#[derive(Debug, Clone)]
pub struct SpoolSweeper {
    engine: Engine,
    spool: Spool,
    config: SpoolSweeperConfig,
    /// Whether the last batch was full.
    more: Arc<AtomicBool>,
}

impl SpoolSweeper {
    /// A sweeper of `spool`, whose contents the operations of `engine` send.
    #[must_use]
    pub fn new(engine: &Engine, spool: &Spool, config: SpoolSweeperConfig) -> Self {
        Self {
            engine: engine.clone(),
            spool: spool.clone(),
            config,
            more: Arc::default(),
        }
    }

    /// Does one batch, as of `now`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn run_once(&self, now: Timestamp) -> std::io::Result<Swept> {
        self.more.store(false, Ordering::Relaxed);
        let SpoolSweeperConfig {
            batch, retention, ..
        } = self.config;
        let swept = self.spool.sweep(now, retention, batch).await?;
        let is_full = swept.contents + swept.interrupted >= batch;
        self.more.store(is_full, Ordering::Relaxed);
        Ok(swept)
    }
}

impl Scheduler for SpoolSweeper {
    fn name(&self) -> &'static str {
        "spool_sweeper"
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

    /// A folder that cannot be read is told in words: nothing is lost by waiting.
    async fn tick(&self) -> Result<Option<String>, StoreError> {
        match self.run_once(self.engine.inner.clock.now()).await {
            Ok(swept) if swept == Swept::default() => Ok(None),
            Ok(swept) => Ok(Some(format!("{swept:?}"))),
            Err(error) => {
                tracing::error!(scheduler = self.name(), %error, "the spool cannot be swept");
                Ok(None)
            }
        }
    }
}
