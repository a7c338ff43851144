//! What was asked of a gate since its last report, and what that says about the time to come.

use std::time::Duration;

use super::CallKind;

/// What is asked for lasts a little longer than to the next report.
const SUPPLY_MILLIS: u64 = 1_250;
/// The demand of a shorter time than this says little about what comes.
const SHORTEST_MEASURE: Duration = Duration::from_millis(250);

/// Calls that entered, and calls that were refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) calls: u32,
    repeats: u32,
    pub(super) refused: u32,
    refused_repeats: u32,
}

impl Demand {
    pub(super) fn entered(&mut self, kind: CallKind) {
        self.calls = self.calls.saturating_add(1);
        self.repeats = self.repeats.saturating_add(repeat(kind));
    }

    pub(super) fn refused(&mut self, kind: CallKind) {
        self.refused = self.refused.saturating_add(1);
        self.refused_repeats = self.refused_repeats.saturating_add(repeat(kind));
    }

    pub(super) fn unsent(&mut self, kind: CallKind) {
        self.calls = self.calls.saturating_sub(1);
        self.repeats = self.repeats.saturating_sub(repeat(kind));
    }

    /// Calls to expect until some time after the next report, if this is what came in `measured`.
    pub(super) fn supply(&self, measured: Duration) -> u32 {
        expected(self.calls, measured).saturating_add(self.refused)
    }

    /// How many of them are repetitions.
    pub(super) fn repeat_supply(&self, measured: Duration) -> u32 {
        expected(self.repeats, measured).saturating_add(self.refused_repeats)
    }
}

fn repeat(kind: CallKind) -> u32 {
    u32::from(kind == CallKind::Repeat)
}

fn expected(calls: u32, measured: Duration) -> u32 {
    let millis = measured.max(SHORTEST_MEASURE).as_millis();
    let millis = u64::try_from(millis).unwrap_or(u64::MAX);
    let expected = u64::from(calls)
        .saturating_mul(SUPPLY_MILLIS)
        .div_ceil(millis);
    u32::try_from(expected).unwrap_or(u32::MAX)
}

/// Brings a stock to what is needed: how many to ask for, and how many to return.
pub(super) fn settle(stock: &mut u32, needed: u32, lapsed: bool) -> (u32, u32) {
    let keep = if lapsed { 0 } else { needed.min(*stock) };
    let returned = *stock - keep;
    *stock = keep;
    (needed - keep, returned)
}
