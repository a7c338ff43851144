//! Reaper: takes operations from workers that were lost during a call, and asks the provider about
//! every answer that is missing. It never calls again blindly.
//!
//! Operations that wait in backoff are PENDING and none of its business.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::protection::CallResult;
use crate::store::{Claim, StoreError};

use super::Scheduler;

/// Limits of a [`Reaper`].
#[derive(Debug, Clone, Copy)]
pub struct ReaperConfig {
    /// Pause between batches.
    pub every: Duration,
    /// Operations per batch.
    pub batch: u32,
}

impl Default for ReaperConfig {
    /// Every 10 s, 50 operations.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(10),
            batch: 50,
        }
    }
}

/// What one batch came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ReaperReport {
    /// Operations taken from lost workers.
    pub reaped: usize,
    /// Questions put to the provider.
    pub probed: usize,
}

/// Settles what is stuck past its lease.
#[derive(Debug, Clone)]
pub struct Reaper {
    engine: Engine,
    config: ReaperConfig,
}

impl Reaper {
    /// A Reaper for the operations of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: ReaperConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
        }
    }

    /// Does one batch, as of `now`: the questions are put at the same time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_once(&self, now: Timestamp) -> Result<ReaperReport, StoreError> {
        let inner = &self.engine.inner;
        let reaped = inner.store.reap(now, self.config.batch).await?.len();
        // A question is a call, too: the provider may want none.
        let mut permits = Vec::new();
        while permits.len() < self.config.batch as usize
            && let Ok(permit) = inner.lane.question(now)
        {
            permits.push(permit);
        }
        let claim = Claim {
            term: inner.term(now),
            event_types: Arc::clone(&inner.event_types),
            due_from: Timestamp::UNIX_EPOCH,
            limit: u32::try_from(permits.len()).unwrap_or(u32::MAX),
            repeats: None,
        };
        let leases = inner.store.claim_unknown(now, claim).await?;
        let probed = leases.len();
        for permit in permits.split_off(probed.min(permits.len())) {
            permit.finish(CallResult::Unsent);
        }
        let mut questions = tokio::task::JoinSet::new();
        for (lease, permit) in leases.into_iter().zip(permits) {
            let engine = self.engine.clone();
            questions.spawn(async move { engine.resolve(lease, permit).await });
        }
        while questions.join_next().await.is_some() {}
        inner.metrics.reaper_reaped.inc_by(reaped as u64);
        inner.metrics.reaper_probed.inc_by(probed as u64);
        Ok(ReaperReport { reaped, probed })
    }
}

impl Scheduler for Reaper {
    fn name(&self) -> &'static str {
        "reaper"
    }

    fn every(&self) -> Duration {
        self.config.every
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let report = self.run_once(self.engine.inner.clock.now()).await?;
        Ok((report != ReaperReport::default()).then(|| format!("{report:?}")))
    }
}
