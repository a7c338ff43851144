//! DatabaseMonitor: shows how the server is doing that keeps the operations, as gauges, and names slow
//! statements in the log. It changes nothing. One per process, whatever the number of domains.
//!
//! **Deliberately absent:** SQLite. It has no other connections to see, and to measure a table it reads
//! the whole file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::engine::Shutdown;
use crate::metrics::{DatabaseMetrics, Metrics};
use crate::store::{Database, DatabaseStatistics, SlowQueries, StoreError};

/// Limits of a [`DatabaseMonitor`].
#[derive(Debug, Clone, Copy)]
pub struct DatabaseMonitorConfig {
    /// Pause between looks. What changes faster is not seen.
    pub every: Duration,
}

impl Default for DatabaseMonitorConfig {
    /// Every 5 minutes: a look asks the disk for the size of each table.
    fn default() -> Self {
        Self {
            every: Duration::from_secs(300),
        }
    }
}

/// Keeps the gauges of a database server true.
pub struct DatabaseMonitor {
    database: Database,
    tables: Vec<String>,
    config: DatabaseMonitorConfig,
    clock: Arc<dyn Clock>,
    gauges: DatabaseMetrics,
    /// How often each slow statement had been carried out when it was last seen.
    known: Mutex<HashMap<i64, u64>>,
}

impl std::fmt::Debug for DatabaseMonitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseMonitor")
            .field("tables", &self.tables)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl DatabaseMonitor {
    /// A monitor of the server behind `database`, of the tables of `domains` and of the runtime's own.
    /// `None` for a database that is no server.
    #[must_use]
    pub fn new(
        database: &Database,
        domains: &[&str],
        clock: &Arc<dyn Clock>,
        metrics: &Metrics,
        config: DatabaseMonitorConfig,
    ) -> Option<Self> {
        let parts = ["operations", "write_ahead_logs", "callbacks"];
        let of_domain = |domain: &&str| parts.map(|part| format!("{domain}_{part}"));
        let mut tables: Vec<String> = domains.iter().flat_map(of_domain).collect();
        tables.push("orch_lanes".to_owned());
        database.is_server().then(|| Self {
            database: database.clone(),
            tables,
            config,
            clock: Arc::clone(clock),
            gauges: DatabaseMetrics::new(metrics),
            known: Mutex::default(),
        })
    }

    /// Looks once.
    ///
    /// # Errors
    /// When the server cannot be asked. The gauges are gone then, because old numbers would be taken for
    /// new.
    pub async fn run_once(&self) -> Result<DatabaseStatistics, StoreError> {
        match self.database.statistics(&self.tables).await {
            Ok(seen) => {
                self.gauges.show(&seen, self.clock.now());
                if let Some(slow) = &seen.slow_queries {
                    self.name(slow);
                }
                Ok(seen)
            }
            Err(error) => {
                self.gauges.clear();
                Err(error)
            }
        }
    }

    /// Looks at once and then again and again, until `shutdown`.
    pub async fn run(self, mut shutdown: Shutdown) {
        while !shutdown.is_requested() {
            if let Err(error) = self.run_once().await {
                tracing::error!(scheduler = "database-monitor", %error);
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.clock.sleep(self.config.every) => {}
            }
        }
    }

    /// Names the slow statements that ran since the last look: one that ran slowly last year, as a
    /// migration does, is no news.
    fn name(&self, slow: &SlowQueries) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for query in &slow.slowest {
            if known.insert(query.id, query.calls) == Some(query.calls) {
                continue;
            }
            let (query_id, calls, text) = (query.id, query.calls, &query.text);
            let mean_ms = query.mean_millis.round();
            tracing::warn!(query_id, calls, mean_ms, text, "a query is slow");
        }
        let is_slow = |id: &i64| slow.slowest.iter().any(|query| query.id == *id);
        known.retain(|id, _| is_slow(id));
    }
}
