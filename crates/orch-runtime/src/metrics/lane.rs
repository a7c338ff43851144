//! What is counted of the protection of a provider.

use std::sync::atomic::{AtomicU8, Ordering};

use prometheus::{IntCounterVec, IntGauge, Opts};

use crate::protection::{LaneState, Reason};

use super::Metrics;

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
