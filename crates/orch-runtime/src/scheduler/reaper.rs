//! Reaper: takes operations from workers that were lost during a call, and asks the provider about
//! every answer that is missing. It never calls again blindly.
//!
//! It looks every few seconds, at once again after a full batch, and at the moment at which a lease ends
//! that it saw: a worker that lives has extended it by then, and one that does not is lost no longer than
//! its lease lasts.
//!
//! Operations that wait in backoff are PENDING and none of its business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Timestamp, between};
use crate::engine::Engine;
use crate::protection::CallResult;
use crate::store::{Claim, StoreError};

use super::Scheduler;

/// Limits of a [`Reaper`].
#[derive(Debug, Clone, Copy)]
pub struct ReaperConfig {
    /// Pause between batches at most.
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
    /// When to look again, if that is known.
    next: Arc<Mutex<Option<Timestamp>>>,
}

impl Reaper {
    /// A Reaper for the operations of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: ReaperConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
            next: Arc::default(),
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

    /// When there is something to do again after a batch of `now`, as far as can be known.
    async fn look_ahead(
        &self,
        now: Timestamp,
        report: ReaperReport,
    ) -> Result<Option<Timestamp>, StoreError> {
        let most = report.reaped.max(report.probed);
        if most > 0 && most >= self.config.batch as usize {
            return Ok(Some(now));
        }
        self.engine.inner.store.next_expiry(now).await
    }

    fn next(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scheduler for Reaper {
    fn name(&self) -> &'static str {
        "reaper"
    }

    fn every(&self) -> Duration {
        let (next, now) = (*self.next(), self.engine.inner.clock.now());
        let until = next.map_or(self.config.every, |next| between(now, next));
        until.min(self.config.every)
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let now = self.engine.inner.clock.now();
        // After an error there is no hurry.
        *self.next() = None;
        let report = self.run_once(now).await?;
        let next = self.look_ahead(now, report).await?;
        *self.next() = next;
        Ok((report != ReaperReport::default()).then(|| format!("{report:?}")))
    }
}
