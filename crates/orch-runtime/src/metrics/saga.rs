//! What is counted of one kind of saga.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts};

use crate::saga::{SagaState, StepState};

use super::{Metrics, texts};

/// Bounds of the durations of sagas, in seconds: from calls that answer at once to a person's decision.
const BOUNDS: [f64; 11] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0, 3_600.0, 86_400.0,
];

/// The states in which a step comes to rest.
const OUTCOMES: [StepState; 6] = [
    StepState::Succeeded,
    StepState::Failed,
    StepState::InDoubt,
    StepState::Undone,
    StepState::UndoParked,
    StepState::Left,
];

/// The counters of one kind of saga.
#[derive(Debug, Clone)]
pub(crate) struct SagaMetrics {
    pub(crate) started: IntCounter,
    ended: IntCounterVec,
    duration: Histogram,
    steps: IntCounterVec,
    parked: IntGaugeVec,
    overdue: IntGaugeVec,
    /// There only where texts are sealed.
    pub(crate) encryption_texts: IntGaugeVec,
}

impl SagaMetrics {
    /// The counters of sagas whose tables begin with `prefix`, in `metrics`.
    pub(crate) fn new<'s>(
        metrics: &Metrics,
        prefix: &str,
        steps: impl Iterator<Item = &'s str>,
    ) -> Self {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("saga", prefix);
        let vec = |name, help, labels: &[&str]| {
            IntCounterVec::new(opts(name, help), labels).map(|vec| metrics.register(vec))
        };
        let build = || -> prometheus::Result<Self> {
            let started = opts(
                "orchestration_saga_started_total",
                "Sagas that were accepted.",
            );
            let parked = opts(
                "orchestration_saga_parked_compensations",
                "Compensations that wait for a person; as of the last look around.",
            );
            let overdue = opts(
                "orchestration_saga_overdue",
                "Running sagas at which nobody looked for five minutes behind their time; as of the last look around.",
            );
            let help = "From the acceptance of a saga to its end.";
            let duration = HistogramOpts::new("orchestration_saga_duration_seconds", help)
                .const_label("saga", prefix)
                .buckets(BOUNDS.to_vec());
            Ok(Self {
                started: metrics.register(IntCounter::with_opts(started)?),
                ended: vec(
                    "orchestration_saga_ended_total",
                    "Sagas that this process saw end, by state.",
                    &["state"],
                )?,
                duration: metrics.register(Histogram::with_opts(duration)?),
                steps: vec(
                    "orchestration_saga_steps_total",
                    "Steps and compensations that came to rest, by outcome.",
                    &["step", "outcome"],
                )?,
                parked: metrics.register(IntGaugeVec::new(parked, &[])?),
                overdue: metrics.register(IntGaugeVec::new(overdue, &[])?),
                encryption_texts: metrics.register(texts::gauge(prefix)?),
            })
        };
        let built = build().expect("the names and labels above are valid for Prometheus");
        // What has not happened yet is shown as 0.
        for state in SagaState::ALL.into_iter().filter(|state| state.is_final()) {
            built.ended.with_label_values(&[state.as_str()]);
        }
        for step in steps {
            for outcome in OUTCOMES {
                built.steps.with_label_values(&[step, outcome.as_str()]);
            }
        }
        built
    }

    pub(crate) fn ended(&self, state: SagaState, after: Duration) {
        self.ended.with_label_values(&[state.as_str()]).inc();
        self.duration.observe(after.as_secs_f64());
    }

    /// Counts a step that has changed, if it came to rest.
    pub(crate) fn step(&self, name: &str, state: StepState) {
        if OUTCOMES.contains(&state) {
            self.steps.with_label_values(&[name, state.as_str()]).inc();
        }
    }

    /// Shows how many compensations wait for a person; nothing, when that is not known.
    pub(crate) fn parked(&self, count: Option<i64>) {
        gauge(&self.parked, count);
    }

    /// Shows how many sagas nobody looks after; nothing, when that is not known.
    pub(crate) fn overdue(&self, count: Option<i64>) {
        gauge(&self.overdue, count);
    }
}

/// Shows a number, or nothing.
pub(super) fn gauge(gauge: &IntGaugeVec, count: Option<i64>) {
    let no_labels: &[&str] = &[];
    match count {
        Some(count) => gauge.with_label_values(no_labels).set(count),
        None => gauge.reset(),
    }
}
