//! The gauges of a database server.

use prometheus::{GaugeVec, IntGaugeVec, Opts};

use crate::clock::Timestamp;
use crate::store::DatabaseStatistics;

use super::Metrics;

const NO_LABELS: &[&str] = &[];

/// The gauges of the database of a process. They are there only while a
/// [`DatabaseMonitor`](crate::scheduler::DatabaseMonitor) keeps them true.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseMetrics {
    active_connections: IntGaugeVec,
    slow_queries: IntGaugeVec,
    table_bytes: IntGaugeVec,
    table_dead_rows: IntGaugeVec,
    clock_ahead: GaugeVec,
}

impl DatabaseMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels);
            metrics.register(gauge.expect("the names and labels are valid for Prometheus"))
        };
        let clock_ahead = Opts::new(
            "orchestration_db_clock_ahead_seconds",
            "How far the clock of this process is ahead of the database's.",
        );
        let clock_ahead = GaugeVec::new(clock_ahead, NO_LABELS);
        let clock_ahead = clock_ahead.expect("the name is valid for Prometheus");
        Self {
            clock_ahead: metrics.register(clock_ahead),
            active_connections: gauge(
                "orchestration_db_active_connections",
                "Connections to the database that carry out a statement.",
                NO_LABELS,
            ),
            slow_queries: gauge(
                "orchestration_db_slow_queries",
                "Statements of this service that take longer than a second on average.",
                NO_LABELS,
            ),
            table_bytes: gauge(
                "orchestration_db_table_bytes",
                "Size of a table with its indexes.",
                &["table"],
            ),
            table_dead_rows: gauge(
                "orchestration_db_table_dead_rows",
                "Row versions of a table that nobody sees and that were not swept up.",
                &["table"],
            ),
        }
    }

    /// Shows what a look at the server found, and nothing that it did not find.
    /// The server's clock was asked for last, right before `now`.
    pub(crate) fn show(&self, seen: &DatabaseStatistics, now: Timestamp) {
        let ahead = (now - seen.server_time).as_seconds_f64();
        self.clock_ahead.with_label_values(NO_LABELS).set(ahead);
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let active = self.active_connections.with_label_values(NO_LABELS);
        active.set(whole(seen.active_connections));
        match &seen.slow_queries {
            Some(slow) => {
                let gauge = self.slow_queries.with_label_values(NO_LABELS);
                gauge.set(whole(slow.count));
            }
            None => self.slow_queries.reset(),
        }
        self.table_bytes.reset();
        self.table_dead_rows.reset();
        for table in &seen.tables {
            let name = [table.name.as_str()];
            let bytes = self.table_bytes.with_label_values(&name);
            bytes.set(whole(table.bytes));
            let dead = self.table_dead_rows.with_label_values(&name);
            dead.set(whole(table.dead_rows));
        }
    }

    /// Shows nothing, because nothing is known.
    pub(crate) fn clear(&self) {
        self.clock_ahead.reset();
        for gauge in [
            &self.active_connections,
            &self.slow_queries,
            &self.table_bytes,
            &self.table_dead_rows,
        ] {
            gauge.reset();
        }
    }
}
