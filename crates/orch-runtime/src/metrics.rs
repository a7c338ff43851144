//! What is counted, under fixed names and with fixed labels, for Prometheus.

use std::sync::atomic::{AtomicU8, Ordering};

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::protection::{LaneState, Reason};

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

/// The counters of one lane, as this process sees it.
#[derive(Debug)]
pub struct LaneMetrics {
    open: IntGauge,
    refused: IntCounterVec,
    transitions: IntCounterVec,
    last: AtomicU8,
}

impl LaneMetrics {
    /// The counters of `lane`, in `metrics`. One per lane and process.
    ///
    /// # Panics
    /// Never: names and labels are fixed and valid.
    #[must_use]
    pub fn new(metrics: &Metrics, lane: &str) -> Self {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("lane", lane);
        let vec = |name, help, label, values: &[&str]| {
            IntCounterVec::new(opts(name, help), &[label]).map(|vec| {
                for value in values {
                    vec.with_label_values(&[value]).inc_by(0);
                }
                metrics.register(vec)
            })
        };
        let build = || -> prometheus::Result<Self> {
            let open = IntGauge::with_opts(opts(
                "orchestration_lane_open",
                "1 while the breaker stops calls to the provider, half-open included.",
            ))?;
            Ok(Self {
                open: metrics.register(open),
                refused: vec(
                    "orchestration_lane_refused_total",
                    "Calls that were not made to spare the provider.",
                    "reason",
                    &["breaker", "paused", "bulkhead", "rate", "retry_budget"],
                )?,
                transitions: vec(
                    "orchestration_lane_transitions_total",
                    "Changes of the breaker that this process saw.",
                    "to",
                    &["closed", "open", "half_open"],
                )?,
                last: AtomicU8::new(ordinal(LaneState::Closed)),
            })
        };
        build().expect("the names and labels above are valid for Prometheus")
    }

    /// Counts a call that was refused. One that only waits for a report is not counted: it is refused
    /// or let through right afterwards.
    pub fn refused(&self, reason: Reason) {
        if reason != Reason::Unsynced {
            self.refused.with_label_values(&[reason.as_str()]).inc();
        }
    }

    /// Takes note of the breaker's state: of each grant.
    pub fn observe(&self, state: LaneState) {
        let now = ordinal(state);
        if self.last.swap(now, Ordering::Relaxed) != now {
            self.transitions.with_label_values(&[state.as_str()]).inc();
            self.open.set(i64::from(state != LaneState::Closed));
        }
    }
}

fn ordinal(state: LaneState) -> u8 {
    match state {
        LaneState::Closed => 0,
        LaneState::Open { .. } => 1,
        LaneState::HalfOpen { .. } => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    /// A label set that grows with what happens, or a second lane that replaces the first, would
    /// break dashboards and memory.
    #[test]
    fn lanes_are_counted_side_by_side_under_fixed_labels() {
        let metrics = Metrics::new();
        let (payment, sms) = (
            LaneMetrics::new(&metrics, "payment"),
            LaneMetrics::new(&metrics, "sms"),
        );
        let lines = metrics.render().lines().count();
        let open = |seconds| LaneState::Open {
            until: Timestamp::from_timestamp(seconds, 0).unwrap(),
        };
        payment.observe(LaneState::Closed);
        payment.observe(open(1));
        payment.observe(open(2));
        sms.refused(Reason::Rate);
        sms.refused(Reason::Unsynced);
        let text = metrics.render();
        assert_eq!(text.lines().count(), lines);
        for line in [
            "orchestration_lane_open{lane=\"payment\"} 1",
            "orchestration_lane_open{lane=\"sms\"} 0",
            "orchestration_lane_transitions_total{lane=\"payment\",to=\"open\"} 1",
            "orchestration_lane_transitions_total{lane=\"payment\",to=\"closed\"} 0",
            "orchestration_lane_refused_total{lane=\"sms\",reason=\"rate\"} 1",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
