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

use crate::clock::{Timestamp, between, later};
use crate::engine::Engine;
use crate::protection::{CallResult, Permit};
use crate::store::{Claim, StoreError};

use super::Scheduler;

/// Pause at least before questions that were refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

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
    ahead: Arc<Mutex<Ahead>>,
}

/// What a batch left to do.
#[derive(Debug, Default)]
struct Ahead {
    /// When to look again, if that is known.
    at: Option<Timestamp>,
    /// Whether there is known to be more than a batch, or than the provider's protection let pass.
    more: bool,
    /// Whether the provider's protection was asked before.
    is_told: bool,
}

impl Reaper {
    /// A Reaper for the operations of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: ReaperConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
            ahead: Arc::default(),
        }
    }

    /// Does one batch, as of `now`: the questions are put at the same time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_once(&self, now: Timestamp) -> Result<ReaperReport, StoreError> {
        let inner = &self.engine.inner;
        // After an error there is no hurry.
        let before = std::mem::take(&mut *self.ahead());
        let reaped = inner.store.reap(now, self.config.batch).await?.len();
        inner.metrics.reaper_reaped.inc_by(reaped as u64);
        let earliest = inner.store.next_expiry(Timestamp::UNIX_EPOCH).await?;
        // The first round asks in any case: this process has not heard yet what the provider allows.
        if before.is_told && earliest.is_none_or(|earliest| earliest > now) {
            *self.ahead() = Ahead {
                at: earliest,
                more: false,
                is_told: true,
            };
            return Ok(ReaperReport { reaped, probed: 0 });
        }
        let wishes = if before.more || reaped > 0 {
            self.config.batch
        } else {
            1
        };
        let (permits, refused_until) = self.permits(wishes, now).await;
        let allowed = permits.len();
        let probed = self.ask(permits, now).await?;
        inner.metrics.reaper_probed.inc_by(probed as u64);
        let report = ReaperReport { reaped, probed };
        let refused_until =
            refused_until.filter(|_| probed == allowed && (probed > 0 || reaped > 0));
        let ahead = self.look_ahead(now, report, refused_until).await?;
        *self.ahead() = ahead;
        Ok(report)
    }

    /// Asks about as many operations as there are permits; says how many there were.
    async fn ask(&self, mut permits: Vec<Permit>, now: Timestamp) -> Result<usize, StoreError> {
        let inner = &self.engine.inner;
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
        Ok(probed)
    }

    /// Permits for a batch of questions: they are calls, too, and the provider may want none. What is
    /// lacking is asked for at once, up to `wishes`: it is not kept until this loop comes by again. Says
    /// until when the rest is refused.
    async fn permits(&self, wishes: u32, now: Timestamp) -> (Vec<Permit>, Option<Timestamp>) {
        let mut permits = Vec::new();
        let mut refused_until = self.enter(&mut permits, wishes, now);
        if refused_until.is_some_and(|until| until <= now) {
            if let Err(error) = self.engine.protect_once().await {
                tracing::warn!(%error, "the provider's protection is not shared at the moment");
            }
            refused_until = self.enter(&mut permits, 1, now);
        }
        (permits, refused_until)
    }

    /// Adds permits, up to a batch. Each refusal is a wish for one more.
    fn enter(&self, permits: &mut Vec<Permit>, wishes: u32, now: Timestamp) -> Option<Timestamp> {
        let mut refused_until = None;
        let mut refusals = 0;
        while permits.len() < self.config.batch as usize && refusals < wishes {
            match self.engine.inner.lane.question(now) {
                Ok(permit) => permits.push(permit),
                Err(refused) => {
                    refused_until = Some(refused.retry_at);
                    refusals += 1;
                }
            }
        }
        refused_until
    }

    /// When there is something to do again after a batch of `now`, as far as can be known.
    async fn look_ahead(
        &self,
        now: Timestamp,
        report: ReaperReport,
        refused_until: Option<Timestamp>,
    ) -> Result<Ahead, StoreError> {
        let most = report.reaped.max(report.probed);
        let is_full = most > 0 && most >= self.config.batch as usize;
        let more = is_full || refused_until.is_some();
        let refused_until = refused_until.map(|until| until.max(later(now, AFTER_REFUSAL)));
        let at = match refused_until {
            None if is_full => Some(now),
            None => self.engine.inner.store.next_expiry(now).await?,
            Some(until) => {
                let expiry = self.engine.inner.store.next_expiry(now).await?;
                Some(expiry.map_or(until, |expiry| expiry.min(until)))
            }
        };
        Ok(Ahead {
            at,
            more,
            is_told: true,
        })
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scheduler for Reaper {
    fn name(&self) -> &'static str {
        "reaper"
    }

    fn every(&self) -> Duration {
        let (next, now) = (self.ahead().at, self.engine.inner.clock.now());
        let until = next.map_or(self.config.every, |next| between(now, next));
        until.min(self.config.every)
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let report = self.run_once(self.engine.inner.clock.now()).await?;
        Ok((report != ReaperReport::default()).then(|| format!("{report:?}")))
    }
}
