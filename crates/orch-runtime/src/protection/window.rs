//! Counts of the last while, in slices of time, so that counts of several processes add up.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, between};

/// The window moves on in so many steps.
const SLICES: u32 = 10;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) successes: u32,
    pub(super) failures: u32,
    pub(super) fresh: u32,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.successes = self.successes.saturating_add(other.successes);
        self.failures = self.failures.saturating_add(other.failures);
        self.fresh = self.fresh.saturating_add(other.fresh);
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Slice {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    start: Timestamp,
    counts: Counts,
}

/// The counts of the last while.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Window {
    slices: VecDeque<Slice>,
}

impl Window {
    /// Counts `counts` at `now`, and forgets what is older than `span`. `now` never runs backward.
    pub(super) fn add(&mut self, now: Timestamp, span: Duration, counts: Counts) {
        while let Some(oldest) = self.slices.front()
            && between(oldest.start, now) >= span
        {
            self.slices.pop_front();
        }
        if counts == Counts::default() {
            return;
        }
        match self.slices.back_mut() {
            Some(last) if between(last.start, now) < span / SLICES => last.counts.add(counts),
            Some(_) | None => self.slices.push_back(Slice { start: now, counts }),
        }
    }

    /// What was counted within the span before the last [`add`](Self::add).
    pub(super) fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for slice in &self.slices {
            totals.add(slice.counts);
        }
        totals
    }

    /// Forgets the answers and keeps the fresh calls.
    pub(super) fn forget_answers(&mut self) {
        for slice in &mut self.slices {
            slice.counts.successes = 0;
            slice.counts.failures = 0;
        }
    }

    /// Moves all counts by `back` into the past.
    pub(super) fn shift(&mut self, back: impl Fn(&mut Timestamp)) {
        for slice in &mut self.slices {
            back(&mut slice.start);
        }
    }
}
