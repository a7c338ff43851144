//! The counters of the events of one kind of saga.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts};

use super::Metrics;
use super::saga::gauge;

/// What became of deliveries to handlers.
#[derive(Debug, Clone)]
pub(crate) struct EventMetrics {
    handled: IntCounterVec,
    seconds: HistogramVec,
    dead: IntCounterVec,
    waiting: IntGaugeVec,
}

impl EventMetrics {
    /// The counters of the sagas whose tables begin with `saga`, in `metrics`.
    pub(crate) fn new<'n>(
        metrics: &Metrics,
        saga: &str,
        handlers: impl Iterator<Item = &'n str>,
    ) -> Self {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("saga", saga);
        let counter = |name, help, labels: &[&str]| {
            let counter = IntCounterVec::new(opts(name, help), labels);
            metrics.register(counter.expect("the names and labels are valid for Prometheus"))
        };
        let help = "How long handlers take for an event.";
        let seconds = HistogramOpts::new("orchestration_event_handle_seconds", help);
        let seconds = HistogramVec::new(seconds.const_label("saga", saga), &["handler"]);
        let waiting = opts(
            "orchestration_event_dead_letters_waiting",
            "Events that a handler could not take and nobody had delivered again; as of the last look around.",
        );
        let built = Self {
            handled: counter(
                "orchestration_event_handled_total",
                "Deliveries of events to handlers, by what became of them.",
                &["handler", "result"],
            ),
            seconds: metrics
                .register(seconds.expect("the names and labels are valid for Prometheus")),
            dead: counter(
                "orchestration_event_dead_letters_total",
                "Events that a handler could not take, and that wait for a person.",
                &["handler"],
            ),
            waiting: metrics.register(
                IntGaugeVec::new(waiting, &[]).expect("the names are valid for Prometheus"),
            ),
        };
        // What has not happened yet is shown as 0.
        for handler in handlers {
            for result in ["done", "again", "failed"] {
                built.handled.with_label_values(&[handler, result]);
            }
            built.dead.with_label_values(&[handler]);
        }
        built
    }

    /// A handler has handled an event, in this time.
    pub(crate) fn done(&self, handler: &str, took: Duration) {
        self.handled.with_label_values(&[handler, "done"]).inc();
        let seconds = self.seconds.with_label_values(&[handler]);
        seconds.observe(took.as_secs_f64());
    }

    /// A handler got an event that it had handled.
    pub(crate) fn again(&self, handler: &str) {
        self.handled.with_label_values(&[handler, "again"]).inc();
    }

    /// A handler could not handle an event.
    pub(crate) fn failed(&self, handler: &str) {
        self.handled.with_label_values(&[handler, "failed"]).inc();
    }

    /// Shows how many dead letters wait for a person; nothing, when that is not known.
    pub(crate) fn waiting(&self, count: Option<i64>) {
        gauge(&self.waiting, count);
    }

    /// An event became a dead letter of a handler.
    pub(crate) fn dead(&self, handler: &str) {
        self.dead.with_label_values(&[handler]).inc();
    }
}
