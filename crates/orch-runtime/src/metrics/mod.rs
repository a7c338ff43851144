//! What is counted, under fixed names and with fixed labels, for Prometheus.

mod database;
mod events;
mod lane;
mod saga;
pub(crate) mod texts;

use prometheus::core::Collector;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::scheduler::MonitorReport;
use crate::store::callbacks::CallbackState;

pub(crate) use self::database::DatabaseMetrics;
pub(crate) use self::events::EventMetrics;
pub use self::lane::LaneMetrics;
pub(crate) use self::saga::SagaMetrics;

/// All counters of a process.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The counters as Prometheus text, format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        drop(TextEncoder::new().encode(&self.registry.gather(), &mut text));
        String::from_utf8(text).unwrap_or_default()
    }

    pub(crate) fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        drop(self.registry.register(Box::new(collector.clone())));
        collector
    }
}

/// The counters of one domain.
#[derive(Debug, Clone)]
pub(crate) struct DomainMetrics {
    pub(crate) accepted: IntCounter,
    pub(crate) replayed: IntCounter,
    pub(crate) mismatched: IntCounter,
    outcomes: IntCounterVec,
    settled: IntCounterVec,
    pub(crate) stale: IntCounter,
    pub(crate) in_flight: IntGauge,
    pub(crate) execute_seconds: Histogram,
    pub(crate) finalizer_recovered: IntCounter,
    pub(crate) finalizer_corrupt: IntCounter,
    pub(crate) reaper_reaped: IntCounter,
    pub(crate) reaper_probed: IntCounter,
    pub(crate) cleaner_purged: IntCounter,
    pub(crate) backlog: BacklogMetrics,
    /// There only where texts are sealed.
    pub(crate) encryption_texts: IntGaugeVec,
}

impl DomainMetrics {
    /// The counters of `domain`, in `metrics`. One engine per domain and process.
    pub(crate) fn new(metrics: &Metrics, domain: &str) -> Self {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("domain", domain);
        let vec = |name, help, labels: &[&str]| {
            IntCounterVec::new(opts(name, help), labels).map(|vec| metrics.register(vec))
        };
        let counter = |name, help| {
            IntCounter::with_opts(opts(name, help)).map(|counter| metrics.register(counter))
        };
        let build = || -> prometheus::Result<Self> {
            let accepted = vec(
                "orchestration_accept_total",
                "Requests by what became of them.",
                &["result"],
            )?;
            let gauge = IntGauge::with_opts(opts("orchestration_in_flight", "Calls under way."))?;
            let texts = texts::gauge(domain)?;
            let histogram = Histogram::with_opts(
                HistogramOpts::new("orchestration_execute_seconds", "How long calls take.")
                    .const_label("domain", domain),
            )?;
            Ok(Self {
                accepted: accepted.with_label_values(&["new"]),
                replayed: accepted.with_label_values(&["replayed"]),
                mismatched: accepted.with_label_values(&["mismatch"]),
                outcomes: vec(
                    "orchestration_outcome_total",
                    "Answers by kind.",
                    &["outcome"],
                )?,
                settled: vec(
                    "orchestration_settled_total",
                    "Answers and questions by the state they led to.",
                    &["state"],
                )?,
                stale: counter(
                    "orchestration_stale_total",
                    "Answers that came after their lease.",
                )?,
                in_flight: metrics.register(gauge),
                execute_seconds: metrics.register(histogram),
                finalizer_recovered: counter(
                    "orchestration_finalizer_recovered_total",
                    "Outcomes that the Finalizer applied.",
                )?,
                finalizer_corrupt: counter(
                    "orchestration_finalizer_corrupt_total",
                    "Log entries set aside because they could not be read.",
                )?,
                reaper_reaped: counter(
                    "orchestration_reaper_reaped_total",
                    "Operations taken from lost workers.",
                )?,
                reaper_probed: counter(
                    "orchestration_reaper_probed_total",
                    "Questions to the provider about lost answers.",
                )?,
                cleaner_purged: counter(
                    "orchestration_cleaner_purged_total",
                    "Applied log entries deleted.",
                )?,
                backlog: BacklogMetrics::new(metrics, domain)?,
                encryption_texts: metrics.register(texts),
            })
        };
        let built = build().expect("the names and labels above are valid for Prometheus");
        built.show_zeros();
        built
    }

    /// Shows what has not happened yet as 0: from a counter that begins at 1, nobody sees the first.
    fn show_zeros(&self) {
        let outcomes = [
            Outcome::ok("", ""),
            Outcome::retry(""),
            Outcome::fail("", ""),
            Outcome::unknown(""),
        ];
        for outcome in outcomes {
            self.outcomes.with_label_values(&[outcome.kind()]);
        }
        let led_to = |state: &OperationState| *state != OperationState::InProgress;
        for state in OperationState::ALL.into_iter().filter(led_to) {
            self.settled.with_label_values(&[state.as_str()]);
        }
    }

    pub(crate) fn settled(&self, state: OperationState) {
        self.settled.with_label_values(&[state.as_str()]).inc();
    }

    pub(crate) fn outcome(&self, outcome: &Outcome) {
        self.outcomes.with_label_values(&[outcome.kind()]).inc();
    }
}

/// The counters of one domain's callbacks.
#[derive(Debug, Clone)]
pub(crate) struct CallbackMetrics {
    pub(crate) new: IntCounter,
    pub(crate) duplicate: IntCounter,
    pub(crate) ignored: IntCounter,
    pub(crate) refused: IntCounter,
    /// Deleted by the Cleaner.
    pub(crate) purged: IntCounter,
    settled: IntCounterVec,
}

impl CallbackMetrics {
    pub(crate) fn new(metrics: &Metrics, domain: &str) -> Self {
        let vec = |name: &str, help: &str, label| {
            let opts = Opts::new(name, help).const_label("domain", domain);
            let vec = IntCounterVec::new(opts, &[label]);
            metrics.register(vec.expect("the names and labels are valid for Prometheus"))
        };
        let help = "Callbacks by what became of the request.";
        let received = vec("orchestration_callback_total", help, "result");
        let help = "Callbacks that were matched or given up, by their state.";
        let settled = vec("orchestration_callback_settled_total", help, "state");
        let name = "orchestration_callback_purged_total";
        let help = "Old settled callbacks deleted by the Cleaner.";
        let purged = IntCounter::with_opts(Opts::new(name, help).const_label("domain", domain));
        let purged = purged.expect("the name and the label are valid for Prometheus");
        // What has not happened yet is shown as 0.
        for state in CallbackState::ALL {
            if state != CallbackState::Received {
                settled.with_label_values(&[state.as_str()]);
            }
        }
        Self {
            new: received.with_label_values(&["new"]),
            duplicate: received.with_label_values(&["duplicate"]),
            ignored: received.with_label_values(&["ignored"]),
            refused: received.with_label_values(&["refused"]),
            purged: metrics.register(purged),
            settled,
        }
    }

    pub(crate) fn settled(&self, state: CallbackState) {
        self.settled.with_label_values(&[state.as_str()]).inc();
    }
}

/// The gauges of one domain's database. They are there only while a Monitor keeps them true.
#[derive(Debug, Clone)]
pub(crate) struct BacklogMetrics {
    operations: IntGaugeVec,
    wal_pending: IntGaugeVec,
    oldest_due: GaugeVec,
    oldest_unknown: GaugeVec,
    oldest_wal_pending: GaugeVec,
}

impl BacklogMetrics {
    fn new(metrics: &Metrics, domain: &str) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("domain", domain);
        let count = |name, help, labels: &[&str]| {
            IntGaugeVec::new(opts(name, help), labels).map(|gauge| metrics.register(gauge))
        };
        let age =
            |name, help| GaugeVec::new(opts(name, help), &[]).map(|gauge| metrics.register(gauge));
        Ok(Self {
            operations: count(
                "orchestration_operations",
                "Operations that have not ended, by state.",
                &["state"],
            )?,
            wal_pending: count(
                "orchestration_wal_pending",
                "Answers in the log that nobody applied yet.",
                &[],
            )?,
            oldest_due: age(
                "orchestration_oldest_due_seconds",
                "How long the oldest due operation waits for its attempt.",
            )?,
            oldest_unknown: age(
                "orchestration_oldest_unknown_seconds",
                "How long the oldest UNKNOWN operation is in doubt.",
            )?,
            oldest_wal_pending: age(
                "orchestration_oldest_wal_pending_seconds",
                "Age of the oldest log entry whose answer nobody applied.",
            )?,
        })
    }

    /// Shows what a look at the database found.
    pub(crate) fn show(&self, report: &MonitorReport) {
        let backlog = &report.backlog;
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (state, count) in [
            (OperationState::Pending, backlog.pending),
            (OperationState::InProgress, backlog.in_progress),
            (OperationState::Unknown, backlog.unknown),
            (OperationState::Parked, backlog.parked),
        ] {
            let gauge = self.operations.with_label_values(&[state.as_str()]);
            gauge.set(whole(count));
        }
        let no_labels: &[&str] = &[];
        let waiting = self.wal_pending.with_label_values(no_labels);
        waiting.set(whole(backlog.wal_pending));
        for (gauge, age) in [
            (&self.oldest_due, report.oldest_due),
            (&self.oldest_unknown, report.oldest_unknown),
            (&self.oldest_wal_pending, report.oldest_wal_pending),
        ] {
            gauge.with_label_values(no_labels).set(age.as_secs_f64());
        }
    }

    /// Shows nothing, because nothing is known.
    pub(crate) fn clear(&self) {
        self.operations.reset();
        self.wal_pending.reset();
        for gauge in [
            &self.oldest_due,
            &self.oldest_unknown,
            &self.oldest_wal_pending,
        ] {
            gauge.reset();
        }
    }
}
