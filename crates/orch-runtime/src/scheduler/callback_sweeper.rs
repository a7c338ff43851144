//! CallbackSweeper: matches callbacks that could not be applied when they arrived, because their
//! operation was not there yet, its call was under way, or the process died.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::store::StoreError;
use crate::store::callbacks::{CallbackState, InboxPosition, Waiting, WaitingCallback};

use super::Scheduler;

/// Limits of a [`CallbackSweeper`].
#[derive(Debug, Clone, Copy)]
pub struct CallbackSweeperConfig {
    /// Pause between batches.
    pub every: Duration,
    /// Callbacks per batch.
    pub batch: u32,
    /// Callbacks for which no operation came in this time are given up. They stay in the table.
    pub patience: Duration,
}

impl Default for CallbackSweeperConfig {
    /// Every 5 s, 100 callbacks, given up after 7 days.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5),
            batch: 100,
            patience: Duration::from_secs(7 * 24 * 3_600),
        }
    }
}

/// What one batch came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CallbackSweeperReport {
    /// Callbacks that ended their operation.
    pub applied: usize,
    /// Callbacks whose operation had ended in the same way.
    pub confirmed: usize,
    /// Callbacks that contradict how their operation ended.
    pub conflicting: usize,
    /// Callbacks for which no operation came.
    pub unmatched: usize,
    /// Callbacks set aside because they could not be read.
    pub corrupt: usize,
    /// Callbacks that go on waiting.
    pub waiting: usize,
}

/// Matches what waits in the inbox.
#[derive(Debug, Clone)]
pub struct CallbackSweeper {
    engine: Engine,
    config: CallbackSweeperConfig,
    behind: Arc<Mutex<Option<InboxPosition>>>,
}

impl CallbackSweeper {
    /// A CallbackSweeper for the inbox of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: CallbackSweeperConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
            behind: Arc::default(),
        }
    }

    /// Does one batch, as of `now`.
    ///
    /// # Errors
    /// When the inbox cannot be read. Trouble with one callback is logged, and it goes on waiting.
    pub async fn run_once(&self, now: Timestamp) -> Result<CallbackSweeperReport, StoreError> {
        let mut report = CallbackSweeperReport::default();
        for waiting in self.next_batch().await? {
            let event_id = &waiting.position.event_id;
            let became = self.take(now, &waiting).await.unwrap_or_else(|error| {
                tracing::error!(event_id, %error, "callback goes on waiting");
                CallbackState::Received
            });
            *match became {
                CallbackState::Received => &mut report.waiting,
                CallbackState::Applied => &mut report.applied,
                CallbackState::Confirmed => &mut report.confirmed,
                CallbackState::Conflict => &mut report.conflicting,
                CallbackState::Unmatched => &mut report.unmatched,
                CallbackState::Corrupt => &mut report.corrupt,
            } += 1;
        }
        Ok(report)
    }

    /// The callbacks behind those of the last batch; from the beginning again after the last of them,
    /// so that those which go on waiting hold up no other.
    async fn next_batch(&self) -> Result<Vec<WaitingCallback>, StoreError> {
        let (store, size) = (self.engine.store(), self.config.batch);
        let mut behind = self.behind.lock().await;
        let which = Waiting::Behind(behind.take());
        let batch = store.waiting_callbacks(which, size).await?;
        if batch.len() >= size as usize {
            *behind = batch.last().map(|waiting| waiting.position.clone());
        }
        Ok(batch)
    }

    async fn take(
        &self,
        now: Timestamp,
        waiting: &WaitingCallback,
    ) -> Result<CallbackState, StoreError> {
        let became = self.engine.take_callback(waiting).await?;
        let position = &waiting.position;
        let is_old = position.received_at < now - self.config.patience;
        if became != CallbackState::Received || waiting.target.is_some() || !is_old {
            return Ok(became);
        }
        let event_id = &position.event_id;
        tracing::warn!(event_id, "no operation came for this callback; given up");
        self.engine.give_up_callback(event_id).await?;
        Ok(CallbackState::Unmatched)
    }
}

impl Scheduler for CallbackSweeper {
    fn name(&self) -> &'static str {
        "callback-sweeper"
    }

    fn every(&self) -> Duration {
        self.config.every
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        let report = self.run_once(self.engine.inner.clock.now()).await?;
        let idle = CallbackSweeperReport {
            waiting: report.waiting,
            ..CallbackSweeperReport::default()
        };
        Ok((report != idle).then(|| format!("{report:?}")))
    }
}
