//! What is counted, under fixed names and with fixed labels, for Prometheus.

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;

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
            })
        };
        build().expect("the names and labels above are valid for Prometheus")
    }

    pub(crate) fn settled(&self, state: OperationState) {
        self.settled.with_label_values(&[state.as_str()]).inc();
    }

    pub(crate) fn outcome(&self, outcome: &Outcome) {
        self.outcomes.with_label_values(&[outcome.kind()]).inc();
    }
}
