//! How long the parts of a run took, by the caller's clock.

use std::time::Duration;

/// One part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// What was done; the code of a rule when it was that rule.
    pub part: &'static str,
    /// How long it took.
    pub took: Duration,
}

/// Measures one part after the other. Without a clock it measures nothing.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    clock: Option<fn() -> Duration>,
    last: Duration,
    /// The parts so far.
    pub(crate) timings: Vec<Timing>,
}

impl Stopwatch {
    /// Starts.
    pub(crate) fn start(clock: Option<fn() -> Duration>) -> Self {
        Stopwatch {
            clock,
            last: clock.map_or(Duration::ZERO, |now| now()),
            timings: Vec::new(),
        }
    }

    /// Whether there is a clock, so that parts have to come one after the other.
    pub(crate) fn is_running(&self) -> bool {
        self.clock.is_some()
    }

    /// Ends a part; the next one begins at once.
    pub(crate) fn lap(&mut self, part: &'static str) {
        if let Some(clock) = self.clock {
            let now = clock();
            let took = now.saturating_sub(self.last);
            self.timings.push(Timing { part, took });
            self.last = now;
        }
    }
}
