//! The shared truth about one lane, and its one transition.
//!
//! Every process runs the same [`LaneRecord::sync`] on the same row, one after the other. The record
//! has a time of its own: the latest that any process told. What is lent lapses in the record five
//! seconds after it lapsed at the process, so that clocks may differ by that much.
//!
//! **Deliberately absent:** revoking. What was granted is a promise until it lapses.

mod breaker;
mod bucket;
mod report;
mod share;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, between, earlier, later};

use self::breaker::Breaker;
use self::bucket::Bucket;
pub use self::report::{LaneGrant, LaneReport, LaneState, ProbeReport};
use self::share::Shares;
use super::policy::{BreakerPolicy, ProtectionPolicy, Rate, RetryBudget};
use super::window::{Counts, Window};

/// How long a process may rely on what it was told.
const LEASE: Duration = Duration::from_secs(10);
/// How long the record keeps to it: longer, because clocks differ.
const KEPT: Duration = Duration::from_secs(15);
/// How long granted tokens may stay unused. Kept short, because they are calls that come later than
/// the rate limit thinks.
const TOKEN_LIFE: Duration = Duration::from_secs(2);
/// A process that lacks something is back this soon at the earliest.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// How often a process asks that waits for something another process does.
const POLL: Duration = Duration::from_secs(1);
/// What is further ahead than this comes from a clock that was wrong.
pub(super) const BELIEVED_LEAD: Duration = Duration::from_secs(60);

/// What is known about one lane: the content of its row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LaneRecord {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    seen_at: Timestamp,
    breaker: Breaker,
    #[serde(with = "chrono::serde::ts_milliseconds_option")]
    paused_until: Option<Timestamp>,
    rate: Option<Bucket>,
    retries: Option<Bucket>,
    shares: Shares,
    window: Window,
}

/// How many calls the breaker and the pause leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    None,
    One,
    Any,
}

impl LaneRecord {
    /// Takes the report of one process and says what that process may do.
    ///
    /// `now` is by the clock of the process, and so are all times in the report and in the grant.
    /// Never panics, whatever the times, the counts or the policy.
    pub fn sync(
        &mut self,
        now: Timestamp,
        policy: &ProtectionPolicy,
        report: &LaneReport,
    ) -> LaneGrant {
        let at = self.advance(now);
        // How far the record's time is ahead of the process's clock.
        let lead = between(now, at);
        self.shares.expire(at, later(at, KEPT));
        self.pause(at, lead, policy, report);
        let counts = Counts {
            successes: report.successes,
            failures: report.failures,
            fresh: report.fresh,
        };
        self.window.add(at, policy.window(), counts);
        if let Some(breaker) = &policy.breaker {
            self.step(at, breaker, report);
        }
        let state = self.state(policy, report, lead);
        let admission = match state {
            _ if self.paused_until.is_some() => Admission::None,
            LaneState::Closed => Admission::Any,
            LaneState::HalfOpen { probe: true } => Admission::One,
            LaneState::HalfOpen { probe: false } | LaneState::Open { .. } => Admission::None,
        };
        let lent = self.lend(at, policy, report, admission);
        let paused_until = self.paused_until.map(|until| earlier(until, lead));
        LaneGrant {
            state,
            paused_until,
            tokens: lent.tokens,
            slots: lent.slots,
            retries: lent.retries,
            tokens_until: later(now, TOKEN_LIFE),
            lease_until: later(now, LEASE),
            ask_again_at: match (paused_until, state) {
                (Some(until), _) | (None, LaneState::Open { until }) => until,
                (None, LaneState::HalfOpen { probe: false }) => later(now, POLL),
                (None, LaneState::Closed | LaneState::HalfOpen { probe: true }) => {
                    later(now, lent.wait)
                }
            },
        }
    }

    /// Moves the record's time to `now`, unless it is there already. Time runs backward only to
    /// correct a clock that was plainly wrong: it would otherwise hold up the lane until the others
    /// have caught up with it.
    fn advance(&mut self, now: Timestamp) -> Timestamp {
        let lead = between(now, self.seen_at);
        if lead > BELIEVED_LEAD {
            let back = |time: &mut Timestamp| *time = earlier(*time, lead);
            back(&mut self.seen_at);
            self.breaker.shift(back);
            self.paused_until.iter_mut().for_each(back);
            for bucket in [&mut self.rate, &mut self.retries].into_iter().flatten() {
                back(&mut bucket.refilled_at);
            }
            self.shares.shift(back);
            self.window.shift(back);
        }
        self.seen_at = self.seen_at.max(now);
        self.seen_at
    }

    fn pause(
        &mut self,
        at: Timestamp,
        lead: Duration,
        policy: &ProtectionPolicy,
        report: &LaneReport,
    ) {
        let wish = report.pause_until.map(|until| later(until, lead));
        self.paused_until = policy.longest_pause.and_then(|longest| {
            let until = self.paused_until.max(wish)?.min(later(at, longest));
            (until > at).then_some(until)
        });
    }

    fn step(&mut self, at: Timestamp, policy: &BreakerPolicy, report: &LaneReport) {
        self.breaker.bound(at, policy);
        let was_closed = self.breaker == Breaker::Closed;
        self.breaker.hear(at, policy, report);
        if self.breaker == Breaker::Closed {
            if !was_closed {
                self.window.forget_answers();
            }
            let counts = self.window.totals();
            if policy.trips(counts.successes, counts.failures) {
                self.breaker = Breaker::open(at, policy, 1);
                self.window.forget_answers();
            }
        }
        if self.paused_until.is_none() {
            self.breaker.offer(at, report);
        }
    }

    fn state(&self, policy: &ProtectionPolicy, report: &LaneReport, lead: Duration) -> LaneState {
        match &self.breaker {
            _ if policy.breaker.is_none() => LaneState::Closed,
            Breaker::Closed => LaneState::Closed,
            Breaker::Open { until, .. } => LaneState::Open {
                until: earlier(*until, lead),
            },
            Breaker::HalfOpen { probe_holder, .. } => LaneState::HalfOpen {
                probe: probe_holder.as_str() == report.process.as_ref(),
            },
        }
    }

    fn lend(
        &mut self,
        at: Timestamp,
        policy: &ProtectionPolicy,
        report: &LaneReport,
        admission: Admission,
    ) -> Lent {
        let report = &admission.limit(report);
        let mut lent = Lent::default();
        let mut tokens_short = false;
        if let Some(rate) = &policy.rate {
            let sharers = self.shares.sharers(&report.process);
            let bucket = self.rate_bucket(at, rate, report);
            lent.tokens = bucket.take(report.tokens_wanted, sharers);
            tokens_short = lent.tokens < report.tokens_wanted;
            lent.lacks(tokens_short, bucket.wait(rate.per_second));
        }
        if let Some(bulkhead) = policy.bulkhead {
            lent.slots = self.shares.slots(report, bulkhead);
            lent.lacks(lent.slots < report.slots_wanted, SHORTEST_WAIT);
        }
        self.shares
            .keep(report, lent.slots, tokens_short, later(at, KEPT));
        if let Some(budget) = &policy.retry_budget {
            let bucket = self.retry_bucket(at, budget, policy.window(), report);
            lent.retries = bucket.take(report.retries_wanted, 1);
            let wait = bucket.wait(f64::from(budget.floor_per_second));
            // Fresh calls of other processes may fill it sooner.
            lent.lacks(lent.retries < report.retries_wanted, wait.min(POLL));
        }
        lent
    }

    fn rate_bucket(&mut self, at: Timestamp, rate: &Rate, report: &LaneReport) -> &mut Bucket {
        let burst = f64::from(rate.burst);
        let bucket = self.rate.get_or_insert_with(|| Bucket::new(at, burst));
        let returned = f64::from(report.tokens_returned);
        bucket.refill(at, rate.per_second, returned, burst);
        bucket
    }

    /// The budget holds no more than one window's worth: a quiet day does not pay for a storm.
    fn retry_bucket(
        &mut self,
        at: Timestamp,
        budget: &RetryBudget,
        window: Duration,
        report: &LaneReport,
    ) -> &mut Bucket {
        let fresh = f64::from(self.window.totals().fresh);
        let floor = f64::from(budget.floor_per_second);
        let limit = budget.ratio * fresh + floor * window.as_secs_f64();
        let deposit = budget.ratio * f64::from(report.fresh) + f64::from(report.retries_returned);
        let bucket = self.retries.get_or_insert_with(|| Bucket::new(at, 0.0));
        bucket.refill(at, floor, deposit, limit);
        bucket
    }
}

impl Admission {
    /// The report with no more wishes than may be granted.
    fn limit(self, report: &LaneReport) -> LaneReport {
        let at_most = |wanted: u32| match self {
            Self::None => 0,
            Self::One => wanted.min(1),
            Self::Any => wanted,
        };
        LaneReport {
            tokens_wanted: at_most(report.tokens_wanted),
            slots_wanted: at_most(report.slots_wanted),
            retries_wanted: at_most(report.retries_wanted),
            ..report.clone()
        }
    }
}

/// What a process gets, and how long it waits for what it does not get.
#[derive(Debug, Default)]
struct Lent {
    tokens: u32,
    slots: u32,
    retries: u32,
    wait: Duration,
}

impl Lent {
    fn lacks(&mut self, lacks: bool, wait: Duration) {
        if lacks {
            let wait = wait.max(SHORTEST_WAIT);
            self.wait = if self.wait.is_zero() {
                wait
            } else {
                self.wait.min(wait)
            };
        }
    }
}
