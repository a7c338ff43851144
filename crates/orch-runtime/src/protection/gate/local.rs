//! What one process knows of a lane, holds of it, and did since it last reported.

use std::time::Duration;

use crate::clock::{Timestamp, between, later};
use crate::protection::lane::{
    BELIEVED_LEAD, LaneGrant, LaneReport, LaneState, ProbeReport, SHORTEST_WAIT,
};
use crate::protection::policy::ProtectionPolicy;
use crate::protection::window::{Counts, Window};

use super::demand::{Demand, settle};
use super::{CallKind, CallResult, Reason, Refused, Room};

/// Between reports while calls are made.
const INTERVAL: Duration = Duration::from_secs(1);
/// Between reports while calls are only under way: leases must not lapse.
const RENEWAL: Duration = Duration::from_secs(3);

/// The number of a probe, so that a late one is not taken for its successor.
pub(super) type Ticket = u32;

/// Where the right to probe stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Probe {
    #[default]
    NotOurs,
    Free,
    Running(Ticket),
    Done(ProbeReport),
}

/// What was counted and not heard yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    counts: Counts,
    pause_until: Option<Timestamp>,
}

/// The state behind a gate's lock.
#[derive(Debug, Default)]
pub(super) struct Local {
    /// The latest time that anybody told.
    seen_at: Timestamp,
    asked_at: Option<Timestamp>,
    /// Nothing is known before the first answer.
    lease_until: Option<Timestamp>,
    ask_again_at: Timestamp,
    state: Option<LaneState>,
    /// The state was changed here, and the record does not know yet.
    tripped: bool,
    paused_until: Option<Timestamp>,
    probe: Probe,
    tickets: Ticket,
    tokens: u32,
    retries: u32,
    tokens_until: Timestamp,
    /// The tokens after the last answer.
    block: u32,
    slots: u32,
    in_use: u32,
    peak: u32,
    window: Window,
    demand: Demand,
    tally: Tally,
    /// The content of the last report, until it is answered.
    told: Option<Tally>,
    told_probe: bool,
    urgent: bool,
}

impl Local {
    pub(super) fn enter(
        &mut self,
        kind: CallKind,
        now: Timestamp,
        policy: &ProtectionPolicy,
    ) -> Result<Option<Ticket>, Refused> {
        self.see(now);
        let probe = self.state_admits(now).and_then(|probe| {
            self.limits_admit(kind, probe, now, policy)?;
            Ok(probe)
        });
        let probe = probe.map_err(|reason| {
            self.demand.refused(kind);
            Refused {
                retry_at: self.retry_at(reason, now, policy),
                reason,
            }
        })?;
        self.demand.entered(kind);
        self.in_use = self.in_use.saturating_add(1);
        self.peak = self.peak.max(self.in_use);
        if policy.rate.is_some() {
            self.tokens = self.tokens.saturating_sub(1);
        }
        let fresh = &mut self.tally.counts.fresh;
        match kind {
            CallKind::Fresh => *fresh = fresh.saturating_add(1),
            CallKind::Repeat if policy.retry_budget.is_some() && !probe => {
                self.retries = self.retries.saturating_sub(1);
            }
            CallKind::Repeat => {}
        }
        Ok(probe.then(|| self.begin_probe()))
    }

    /// Takes note of the time. A clock that falls far behind what it said before was wrong then, and
    /// so is all that was told for that time: as before the first sync, nothing is known.
    fn see(&mut self, now: Timestamp) {
        if between(now, self.seen_at) > BELIEVED_LEAD {
            self.seen_at = now;
            self.asked_at = None;
            self.lease_until = None;
            self.state = None;
            self.paused_until = None;
            self.tokens_until = now;
            self.ask_again_at = now;
            self.window = Window::default();
        }
        self.seen_at = self.seen_at.max(now);
    }

    fn begin_probe(&mut self) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        self.probe = Probe::Running(self.tickets);
        self.tickets
    }

    /// Whether knowledge, pause and breaker let a call pass, and whether it is the probe.
    fn state_admits(&self, now: Timestamp) -> Result<bool, Reason> {
        if self.paused_until.is_some_and(|until| now < until) {
            return Err(Reason::Paused);
        }
        match self.state {
            Some(LaneState::Open { until }) if now < until => Err(Reason::Breaker),
            _ if self.lease_until.is_none_or(|until| now >= until) => Err(Reason::Unsynced),
            None => Err(Reason::Unsynced),
            Some(LaneState::Closed) => Ok(false),
            Some(LaneState::HalfOpen { .. }) if self.probe == Probe::Free => Ok(true),
            Some(LaneState::Open { .. } | LaneState::HalfOpen { .. }) => Err(Reason::Breaker),
        }
    }

    fn limits_admit(
        &self,
        kind: CallKind,
        probe: bool,
        now: Timestamp,
        policy: &ProtectionPolicy,
    ) -> Result<(), Reason> {
        let room = self.limits(now, policy);
        if room.slots == 0 {
            return Err(Reason::Bulkhead);
        }
        if room.tokens == 0 {
            return Err(Reason::Rate);
        }
        // The probe is one call in half a minute; and after an outage, all that waits are repeats.
        if room.retries == 0 && kind == CallKind::Repeat && !probe {
            return Err(Reason::RetryBudget);
        }
        Ok(())
    }

    fn limits(&self, now: Timestamp, policy: &ProtectionPolicy) -> Limits {
        let fresh_enough = now < self.tokens_until;
        let granted = |limited: bool, tokens: u32| match (limited, fresh_enough) {
            (false, _) => u32::MAX,
            (true, true) => tokens,
            (true, false) => 0,
        };
        Limits {
            slots: match policy.bulkhead {
                None => u32::MAX,
                Some(_) => self.slots.saturating_sub(self.in_use),
            },
            tokens: granted(policy.rate.is_some(), self.tokens),
            retries: granted(policy.retry_budget.is_some(), self.retries),
        }
    }

    fn retry_at(&mut self, reason: Reason, now: Timestamp, policy: &ProtectionPolicy) -> Timestamp {
        match (reason, self.state, self.paused_until) {
            (Reason::Paused, _, Some(until)) => until,
            (Reason::Breaker, Some(LaneState::Open { until }), _) if now < until => until,
            _ => self.next_sync(now, policy),
        }
    }

    pub(super) fn room(&self, now: Timestamp, policy: &ProtectionPolicy) -> Room {
        let limits = self.limits(now, policy);
        let calls = limits.slots.min(limits.tokens);
        let (fresh, repeat) = match self.state_admits(now) {
            Err(_) => (0, 0),
            Ok(true) => (calls.min(1), calls.min(1)),
            Ok(false) => (calls, calls.min(limits.retries)),
        };
        let count = |calls: u32| match calls {
            u32::MAX => usize::MAX,
            calls => usize::try_from(calls).unwrap_or(usize::MAX),
        };
        Room {
            fresh: count(fresh),
            repeat: count(repeat),
        }
    }

    pub(super) fn leave(
        &mut self,
        kind: CallKind,
        probe: Option<Ticket>,
        result: CallResult,
        policy: &ProtectionPolicy,
    ) {
        self.in_use = self.in_use.saturating_sub(1);
        match result {
            CallResult::Answered => self.count(1, 0, policy),
            CallResult::Failed => self.count(0, 1, policy),
            CallResult::Paused { until } => self.pause(until, policy),
            CallResult::Unsent => self.give_back(kind, probe.is_some(), policy),
        }
        if let Some(ticket) = probe
            && self.probe == Probe::Running(ticket)
        {
            self.urgent = true;
            self.probe = match result {
                CallResult::Answered => Probe::Done(ProbeReport::Succeeded),
                CallResult::Failed | CallResult::Paused { .. } => Probe::Done(ProbeReport::Failed),
                CallResult::Unsent => Probe::Free,
            };
        }
    }

    fn count(&mut self, successes: u32, failures: u32, policy: &ProtectionPolicy) {
        let counts = &mut self.tally.counts;
        counts.successes = counts.successes.saturating_add(successes);
        counts.failures = counts.failures.saturating_add(failures);
        let Some(breaker) = &policy.breaker else {
            return;
        };
        let one = Counts {
            successes,
            failures,
            fresh: 0,
        };
        self.window.add(self.seen_at, breaker.window, one);
        if failures == 0 || self.state != Some(LaneState::Closed) {
            return;
        }
        let totals = self.window.totals();
        if breaker.trips(totals.successes, totals.failures) {
            let until = later(self.seen_at, breaker.open_for(1));
            self.state = Some(LaneState::Open { until });
            self.window.forget_answers();
            self.tripped = true;
            self.urgent = true;
        }
    }

    fn pause(&mut self, until: Timestamp, policy: &ProtectionPolicy) {
        if let Some(longest) = policy.longest_pause {
            let until = until.min(later(self.seen_at, longest));
            self.paused_until = self.paused_until.max(Some(until));
            self.tally.pause_until = self.tally.pause_until.max(Some(until));
            self.urgent = true;
        }
    }

    fn give_back(&mut self, kind: CallKind, probe: bool, policy: &ProtectionPolicy) {
        self.demand.unsent(kind);
        if policy.rate.is_some() {
            self.tokens = self.tokens.saturating_add(1);
        }
        let fresh = &mut self.tally.counts.fresh;
        match kind {
            CallKind::Fresh => *fresh = fresh.saturating_sub(1),
            CallKind::Repeat if policy.retry_budget.is_some() && !probe => {
                self.retries = self.retries.saturating_add(1);
            }
            CallKind::Repeat => {}
        }
    }

    pub(super) fn next_sync(&mut self, now: Timestamp, policy: &ProtectionPolicy) -> Timestamp {
        self.see(now);
        let waiting = self.demand.refused > 0;
        let Some(asked_at) = self.asked_at else {
            return if waiting { now } else { Timestamp::MAX_UTC };
        };
        let soon = later(asked_at, SHORTEST_WAIT);
        let stale = self.lease_until.is_none_or(|until| now >= until);
        if self.urgent || (waiting && stale) {
            return soon;
        }
        let low =
            policy.rate.is_some() && self.demand.calls > 0 && self.tokens < self.block.div_ceil(4);
        if waiting || low {
            return soon
                .max(self.ask_again_at)
                .min(self.regular(asked_at, policy));
        }
        self.regular(asked_at, policy)
    }

    fn regular(&self, asked_at: Timestamp, policy: &ProtectionPolicy) -> Timestamp {
        let limited = policy.bulkhead.is_some();
        let unused = self.tokens > 0
            || self.retries > 0
            || (limited && self.slots > self.in_use)
            || self.probe == Probe::Free;
        let unheard = self.tally != Tally::default() || self.told.is_some();
        if unused || unheard || self.demand.calls > 0 {
            later(asked_at, INTERVAL)
        } else if (limited && self.in_use > 0) || matches!(self.probe, Probe::Running(_)) {
            later(asked_at, RENEWAL)
        } else {
            Timestamp::MAX_UTC
        }
    }

    pub(super) fn report(
        &mut self,
        mut report: LaneReport,
        now: Timestamp,
        policy: &ProtectionPolicy,
    ) -> LaneReport {
        self.see(now);
        let demand = std::mem::take(&mut self.demand);
        let measured = self
            .asked_at
            .map_or(Duration::ZERO, |asked_at| between(asked_at, now));
        let lapsed = now >= self.tokens_until;
        report.waiting = demand.refused > 0;
        if policy.rate.is_some() {
            (report.tokens_wanted, report.tokens_returned) =
                settle(&mut self.tokens, demand.supply(measured), lapsed);
        }
        if policy.retry_budget.is_some() {
            let wanted = demand.repeat_supply(measured);
            (report.retries_wanted, report.retries_returned) =
                settle(&mut self.retries, wanted, lapsed);
        }
        if policy.bulkhead.is_some() {
            report.slots_wanted = self.peak.max(self.in_use).saturating_add(demand.refused);
            let leased = self.lease_until.is_some_and(|until| now < until);
            let keep = if leased { report.slots_wanted } else { 0 };
            self.slots = self.slots.min(keep);
            report.slots_held = self.slots.max(self.in_use);
        }
        self.peak = self.in_use;
        self.tell(&mut report);
        self.asked_at = Some(now);
        self.urgent = false;
        self.tripped = false;
        report
    }

    /// Tells what was counted, and again what a report told that was not answered. Fresh calls are
    /// told once: twice would fill the retry budget twice.
    fn tell(&mut self, report: &mut LaneReport) {
        let mut tally = std::mem::take(&mut self.tally);
        let fresh = tally.counts.fresh;
        if let Some(unheard) = self.told.take() {
            tally.counts.add(unheard.counts);
            tally.pause_until = tally.pause_until.max(unheard.pause_until);
        }
        report.successes = tally.counts.successes;
        report.failures = tally.counts.failures;
        report.fresh = fresh;
        report.pause_until = tally.pause_until;
        self.told = Some(tally);
        report.probe = match self.probe {
            Probe::Running(_) => Some(ProbeReport::Running),
            Probe::Done(result) => Some(result),
            Probe::NotOurs | Probe::Free => None,
        };
        self.told_probe = matches!(self.probe, Probe::Done(_));
        if self.probe == Probe::Free {
            // The record takes it back, and may give it to another process before it answers.
            self.probe = Probe::NotOurs;
        }
    }

    pub(super) fn apply(&mut self, grant: LaneGrant, policy: &ProtectionPolicy) {
        self.told = None;
        if std::mem::take(&mut self.told_probe) {
            self.probe = Probe::NotOurs;
        }
        self.probe = match (grant.state, self.probe) {
            (_, done @ Probe::Done(_)) => done,
            (LaneState::HalfOpen { probe: true }, running @ Probe::Running(_)) => running,
            (LaneState::HalfOpen { probe: true }, _) => Probe::Free,
            _ => Probe::NotOurs,
        };
        if grant.state == LaneState::Closed
            && self.state != Some(LaneState::Closed)
            && !self.tripped
        {
            self.window.forget_answers();
        }
        // A trip since the report is news to the record; it is not undone by an older answer.
        if !(self.tripped && grant.state == LaneState::Closed) {
            self.state = Some(grant.state);
        }
        let news = self.tally.pause_until;
        self.paused_until = grant.paused_until.max(news);
        self.tokens = self.tokens.saturating_add(grant.tokens);
        self.retries = self.retries.saturating_add(grant.retries);
        self.tokens_until = grant.tokens_until;
        self.block = self.tokens;
        if policy.bulkhead.is_some() {
            self.slots = grant.slots;
        }
        self.lease_until = Some(grant.lease_until);
        self.ask_again_at = grant.ask_again_at;
    }
}

/// What the limits leave.
struct Limits {
    slots: u32,
    tokens: u32,
    retries: u32,
}
