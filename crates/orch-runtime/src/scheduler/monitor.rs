//! Monitor: shows how much work waits and for how long, as gauges. It changes nothing.
//!
//! **Deliberately absent:** COMPLETED and FAILED operations. Counting them would read the whole table
//! at every look; how many end is counted where they end.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::store::{Backlog, StoreError};

use super::Scheduler;

/// Limits of a [`Monitor`].
#[derive(Debug, Clone, Copy)]
pub struct MonitorConfig {
    /// Pause between looks. What changes faster is not seen.
    pub every: Duration,
}

impl Default for MonitorConfig {
    /// Every 15 s, as often as Prometheus usually asks.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(15),
        }
    }
}

/// What one look found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct MonitorReport {
    /// The numbers of the database.
    pub backlog: Backlog,
    /// How long the PENDING operation that waits longest is due; zero when none is.
    pub oldest_due: Duration,
    /// How long the UNKNOWN operation that is longest in doubt is in doubt; zero when none is.
    pub oldest_unknown: Duration,
    /// The age of the oldest log entry whose answer nobody applied; zero when there is none.
    pub oldest_wal_pending: Duration,
}

impl MonitorReport {
    fn new(backlog: Backlog, now: Timestamp) -> Self {
        // A time in the future is the work of another machine's clock and means: just now.
        let age = |since: Option<Timestamp>| {
            let age = since.and_then(|since| (now - since).to_std().ok());
            age.unwrap_or_default()
        };
        Self {
            backlog,
            oldest_due: age(backlog.due_since),
            oldest_unknown: age(backlog.unknown_since),
            oldest_wal_pending: age(backlog.wal_pending_since),
        }
    }
}

/// Keeps the gauges of a domain true.
#[derive(Debug, Clone)]
pub struct Monitor {
    engine: Engine,
    config: MonitorConfig,
}

impl Monitor {
    /// A Monitor of the operations of `engine`.
    #[must_use]
    pub fn new(engine: &Engine, config: MonitorConfig) -> Self {
        Self {
            engine: engine.clone(),
            config,
        }
    }

    /// Looks once, as of `now`.
    ///
    /// # Errors
    /// When the database fails. The gauges are gone then, because old numbers would be taken for new.
    pub async fn run_once(&self, now: Timestamp) -> Result<MonitorReport, StoreError> {
        let gauges = &self.engine.inner.metrics.backlog;
        match self.engine.store().backlog(now).await {
            Ok(backlog) => {
                let report = MonitorReport::new(backlog, now);
                gauges.show(&report);
                Ok(report)
            }
            Err(error) => {
                gauges.clear();
                Err(error)
            }
        }
    }
}

impl Scheduler for Monitor {
    fn name(&self) -> &'static str {
        "monitor"
    }

    fn every(&self) -> Duration {
        self.config.every
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn tick(&self) -> Result<Option<String>, StoreError> {
        self.run_once(self.engine.inner.clock.now()).await?;
        Ok(None)
    }
}
