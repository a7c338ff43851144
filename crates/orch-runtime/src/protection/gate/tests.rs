//! The gate's promises, and those of a fleet of gates on one record.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::{between, from_millis, later};
use crate::protection::record::transition;
use crate::protection::{LaneState, ProbeReport, Rate, RetryBudget};

fn at(millis: i64) -> Timestamp {
    from_millis(1_700_000_000_000 + millis)
}

/// The row that the gates of a test share.
#[derive(Debug, Default)]
struct Lane(Option<String>);

impl Lane {
    fn ask(&mut self, policy: &ProtectionPolicy, report: &LaneReport, now: Timestamp) -> LaneGrant {
        let stored = self.0.as_deref().map(str::as_bytes);
        let (text, grant) = transition("test", stored, now, policy, report).unwrap();
        self.0 = Some(text);
        grant
    }

    fn sync(&mut self, gate: &Gate, policy: &ProtectionPolicy, now: i64) -> LaneGrant {
        let report = gate.report(at(now));
        let grant = self.ask(policy, &report, at(now));
        gate.apply(grant.clone());
        grant
    }
}

fn synced(policy: &ProtectionPolicy) -> (Lane, Gate) {
    let (mut lane, gate) = (Lane::default(), Gate::new("a", policy.clone()));
    lane.sync(&gate, policy, 0);
    (lane, gate)
}

fn fresh(gate: &Gate, now: i64) -> Result<Permit, Refused> {
    gate.try_enter(CallKind::Fresh, at(now))
}

fn reason(gate: &Gate, kind: CallKind, now: i64) -> Reason {
    gate.try_enter(kind, at(now)).unwrap_err().reason
}

fn fail(gate: &Gate, now: i64, times: u32) {
    for _ in 0..times {
        fresh(gate, now).unwrap().finish(CallResult::Failed);
    }
}

#[test]
fn a_gate_that_is_off_lets_everything_pass_and_says_nothing() {
    let gate = Gate::new("a", ProtectionPolicy::off());
    for _ in 0..1_000 {
        fresh(&gate, 0).unwrap().finish(CallResult::Failed);
    }
    assert_eq!(gate.room(at(0)), Room::UNLIMITED);
    assert_eq!(gate.next_sync(at(0)), Timestamp::MAX_UTC);
}

/// A process that starts during an outage would otherwise call a lane that is closed.
#[test]
fn nothing_enters_before_the_first_sync_nor_on_old_knowledge() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = (Lane::default(), Gate::new("a", policy.clone()));
    assert_eq!(gate.next_sync(at(0)), Timestamp::MAX_UTC);
    let refused = fresh(&gate, 0).unwrap_err();
    assert_eq!(
        (refused.reason, refused.retry_at),
        (Reason::Unsynced, at(0))
    );
    assert_eq!(gate.next_sync(at(0)), at(0));
    lane.sync(&gate, &policy, 0);
    fresh(&gate, 9_999).unwrap().finish(CallResult::Unsent);
    assert_eq!(reason(&gate, CallKind::Fresh, 10_000), Reason::Unsynced);
    assert!(gate.next_sync(at(10_000)) <= at(10_000));
}

/// Waiting for the next sync would let a thousand more calls fail.
#[test]
fn failures_of_this_process_alone_close_the_gate_at_once() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    fail(&gate, 500, 20);
    let refused = fresh(&gate, 500).unwrap_err();
    assert_eq!(
        (refused.reason, refused.retry_at),
        (Reason::Breaker, at(30_500))
    );
    assert!(gate.next_sync(at(500)) <= at(500));
    let grant = lane.sync(&gate, &policy, 510);
    assert_eq!(grant.state, LaneState::Open { until: at(30_510) });
}

/// An answer that was under way when the gate closed knows nothing of the failures yet.
#[test]
fn an_older_answer_does_not_open_a_gate_that_closed_meanwhile() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    let report = gate.report(at(1));
    let grant = lane.ask(&policy, &report, at(1));
    fail(&gate, 2, 20);
    gate.apply(grant);
    assert_eq!(reason(&gate, CallKind::Fresh, 3), Reason::Breaker);
}

#[test]
fn a_dropped_permit_counts_as_failed() {
    let policy = ProtectionPolicy::default();
    let (_, gate) = synced(&policy);
    drop(fresh(&gate, 0).unwrap());
    assert_eq!(gate.report(at(1)).failures, 1);
}

#[test]
fn one_probe_passes_and_its_answer_opens_the_gate() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    fail(&gate, 0, 20);
    lane.sync(&gate, &policy, 100);
    assert_eq!(reason(&gate, CallKind::Repeat, 30_100), Reason::Unsynced);
    lane.sync(&gate, &policy, 30_100);
    assert_eq!(
        gate.room(at(30_100)),
        Room {
            fresh: 1,
            repeat: 1
        }
    );
    let probe = gate.try_enter(CallKind::Repeat, at(30_100)).unwrap();
    assert!(probe.is_probe());
    assert_eq!(reason(&gate, CallKind::Fresh, 30_100), Reason::Breaker);
    lane.sync(&gate, &policy, 33_000);
    assert_eq!(reason(&gate, CallKind::Fresh, 33_000), Reason::Breaker);
    probe.finish(CallResult::Answered);
    assert!(gate.next_sync(at(34_000)) <= at(34_000));
    assert_eq!(lane.sync(&gate, &policy, 34_000).state, LaneState::Closed);
    fresh(&gate, 34_000).unwrap().finish(CallResult::Answered);
}

#[test]
fn a_failed_probe_is_told_until_it_is_heard() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    fail(&gate, 0, 20);
    lane.sync(&gate, &policy, 100);
    assert_eq!(reason(&gate, CallKind::Fresh, 30_100), Reason::Unsynced);
    lane.sync(&gate, &policy, 30_100);
    drop(fresh(&gate, 30_100).unwrap());
    let lost = gate.report(at(30_200));
    assert_eq!(lost.probe, Some(ProbeReport::Failed));
    let grant = lane.sync(&gate, &policy, 30_300);
    assert_eq!(grant.state, LaneState::Open { until: at(90_300) });
}

#[test]
fn a_wish_for_a_pause_closes_the_gate_at_once_and_the_lane_with_the_next_sync() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    let other = Gate::new("b", policy.clone());
    let until = at(60_000);
    fresh(&gate, 0)
        .unwrap()
        .finish(CallResult::Paused { until });
    let refused = fresh(&gate, 1).unwrap_err();
    assert_eq!((refused.reason, refused.retry_at), (Reason::Paused, until));
    assert_eq!(gate.room(at(1)).fresh, 0);
    lane.sync(&gate, &policy, 50);
    lane.sync(&other, &policy, 51);
    assert_eq!(reason(&other, CallKind::Fresh, 52), Reason::Paused);
    assert_eq!(gate.next_sync(at(52)), Timestamp::MAX_UTC);
    assert_eq!(reason(&gate, CallKind::Fresh, 52), Reason::Paused);
    assert_eq!(gate.next_sync(at(52)), at(60_000));
}

#[test]
fn what_the_database_did_not_hear_is_told_again_but_not_returned_twice() {
    let policy = ProtectionPolicy {
        rate: Some(Rate {
            per_second: 10.0,
            burst: 10,
        }),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    assert_eq!(reason(&gate, CallKind::Fresh, 100), Reason::Rate);
    let _refused = (0..9).map(|_| fresh(&gate, 100).is_err()).count();
    lane.sync(&gate, &policy, 100);
    fresh(&gate, 100).unwrap().finish(CallResult::Failed);
    let lost = gate.report(at(1_000));
    assert_eq!((lost.failures, lost.fresh, lost.tokens_returned), (1, 1, 7));
    let again = gate.report(at(2_000));
    assert_eq!(
        (again.failures, again.fresh, again.tokens_returned),
        (1, 0, 2)
    );
}

#[test]
fn repeats_wait_for_the_budget_and_fresh_calls_do_not() {
    let policy = ProtectionPolicy {
        retry_budget: Some(RetryBudget {
            ratio: 0.1,
            floor_per_second: 0,
        }),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    for _ in 0..20 {
        fresh(&gate, 100).unwrap().finish(CallResult::Answered);
    }
    assert_eq!(reason(&gate, CallKind::Repeat, 100), Reason::RetryBudget);
    assert_eq!(reason(&gate, CallKind::Repeat, 100), Reason::RetryBudget);
    assert_eq!(reason(&gate, CallKind::Repeat, 100), Reason::RetryBudget);
    lane.sync(&gate, &policy, 150);
    assert_eq!(
        gate.room(at(150)),
        Room {
            fresh: usize::MAX,
            repeat: 2
        }
    );
    for _ in 0..2 {
        let repeat = gate.try_enter(CallKind::Repeat, at(150)).unwrap();
        repeat.finish(CallResult::Answered);
    }
    assert_eq!(reason(&gate, CallKind::Repeat, 150), Reason::RetryBudget);
}

#[test]
fn a_permit_that_was_not_used_gives_everything_back() {
    let policy = ProtectionPolicy {
        bulkhead: Some(1),
        rate: Some(Rate {
            per_second: 0.1,
            burst: 1,
        }),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    assert_eq!(reason(&gate, CallKind::Fresh, 0), Reason::Bulkhead);
    lane.sync(&gate, &policy, 50);
    for _ in 0..10 {
        fresh(&gate, 100).unwrap().finish(CallResult::Unsent);
    }
    let report = gate.report(at(150));
    assert_eq!((report.successes, report.failures, report.fresh), (0, 0, 0));
}

/// The hot path must not write to the database at each call, and an idle fleet not at all.
#[test]
fn a_busy_gate_syncs_about_once_per_second_and_an_idle_one_never() {
    let policy = ProtectionPolicy {
        bulkhead: Some(64),
        rate: Some(Rate {
            per_second: 1_000.0,
            burst: 2_000,
        }),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    let (mut syncs, mut calls, mut refused) = (0, 0, 0);
    for now in 1..10_000_i64 {
        match fresh(&gate, now) {
            Ok(permit) => {
                calls += 1;
                permit.finish(CallResult::Answered);
            }
            Err(_) => refused += 1,
        }
        if gate.next_sync(at(now)) <= at(now) {
            lane.sync(&gate, &policy, now);
            syncs += 1;
        }
    }
    assert!(syncs <= 20 && calls > 9_000, "{syncs} {calls} {refused}");
    let mut now = 10_000;
    while gate.next_sync(at(now)) < Timestamp::MAX_UTC {
        now += 1_000;
        lane.sync(&gate, &policy, now);
        assert!(now < 14_000);
    }
    let idle = gate.report(at(now));
    assert_eq!(
        (idle.slots_held, idle.tokens_returned, idle.retries_returned),
        (0, 0, 0)
    );
}

#[derive(Debug, Clone)]
enum Step {
    Enter(usize, bool),
    Finish(usize, u8),
    Sync(usize),
    /// The transaction commits, and its answer is lost.
    Lost(usize),
    /// A call enters between a report and its answer.
    EnterWithin(usize),
    Die(usize),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let process = 0_usize..4;
    prop_oneof![
        8 => (process.clone(), any::<bool>()).prop_map(|(p, repeat)| Step::Enter(p, repeat)),
        6 => (process.clone(), 0_u8..12).prop_map(|(p, result)| Step::Finish(p, result)),
        3 => process.clone().prop_map(Step::Sync),
        1 => process.clone().prop_map(Step::Lost),
        1 => process.clone().prop_map(Step::EnterWithin),
        1 => process.prop_map(Step::Die),
        4 => (1_u16..2_500).prop_map(Step::Pass),
    ]
}

/// A process: its gate, its calls, and how far its clock is off.
struct Process {
    gate: Gate,
    skew: i64,
    calls: Vec<Permit>,
}

/// Four processes, killed and started again, on one lane.
struct Fleet {
    policy: ProtectionPolicy,
    lane: Lane,
    now: i64,
    born: usize,
    processes: Vec<Process>,
    calls: f64,
    fresh: f64,
    repeats: f64,
}

impl Fleet {
    fn new(policy: ProtectionPolicy) -> Self {
        let mut fleet = Self {
            policy,
            lane: Lane::default(),
            now: 0,
            born: 0,
            processes: Vec::new(),
            calls: 0.0,
            fresh: 0.0,
            repeats: 0.0,
        };
        for _ in 0..4 {
            let process = fleet.birth();
            fleet.processes.push(process);
        }
        fleet
    }

    fn birth(&mut self) -> Process {
        self.born += 1;
        Process {
            gate: Gate::new(self.born.to_string(), self.policy.clone()),
            skew: [0, 2_500, -2_300, 900][self.born % 4],
            calls: Vec::new(),
        }
    }

    fn clock(&self, process: usize) -> i64 {
        self.now + self.processes[process].skew
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Enter(process, repeat) => self.enter(process, repeat),
            Step::Finish(process, result) => self.finish(process, result),
            Step::Sync(process) => self.sync(process, true),
            Step::Lost(process) => self.sync(process, false),
            Step::EnterWithin(process) => {
                let clock = at(self.clock(process));
                let report = self.processes[process].gate.report(clock);
                let grant = self.lane.ask(&self.policy, &report, clock);
                self.enter(process, false);
                self.enter(process, true);
                self.processes[process].gate.apply(grant);
            }
            Step::Die(process) => {
                let next = self.birth();
                self.processes[process] = next;
            }
            Step::Pass(millis) => {
                self.now += i64::from(millis);
                for process in 0..self.processes.len() {
                    let clock = at(self.clock(process));
                    if self.processes[process].gate.next_sync(clock) <= clock {
                        self.sync(process, true);
                    }
                }
            }
        }
    }

    fn enter(&mut self, process: usize, repeat: bool) {
        let clock = at(self.clock(process));
        let kind = if repeat {
            CallKind::Repeat
        } else {
            CallKind::Fresh
        };
        let gate = &self.processes[process].gate;
        let room = gate.room(clock);
        let permit = gate.try_enter(kind, clock);
        let expected = if repeat { room.repeat } else { room.fresh };
        let probes = permit.as_ref().is_ok_and(Permit::is_probe);
        assert!(
            probes || permit.is_ok() == (expected > 0),
            "{room:?} {permit:?}"
        );
        if let Ok(permit) = permit {
            self.calls += 1.0;
            self.fresh += f64::from(u8::from(!repeat));
            self.repeats += f64::from(u8::from(repeat && !probes));
            self.processes[process].calls.push(permit);
        }
    }

    fn finish(&mut self, process: usize, result: u8) {
        let until = later(at(self.clock(process)), Duration::from_secs(3));
        if let Some(permit) = self.processes[process].calls.pop() {
            permit.finish(match result {
                0 => CallResult::Paused { until },
                1..=5 => CallResult::Failed,
                _ => CallResult::Answered,
            });
        }
    }

    fn sync(&mut self, process: usize, heard: bool) {
        let clock = at(self.clock(process));
        let report = self.processes[process].gate.report(clock);
        let grant = self.lane.ask(&self.policy, &report, clock);
        if heard {
            self.processes[process].gate.apply(grant);
        }
    }

    fn running(&self) -> impl Iterator<Item = &Permit> {
        self.processes.iter().flat_map(|process| &process.calls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_fleet_keeps_to_its_limits(
        steps in prop::collection::vec(step(), 1..250),
        bulkhead in 1_u32..8,
        per_second in 1_u32..20,
        min_calls in 1_u32..6,
    ) {
        let burst = 5;
        let budget = RetryBudget { ratio: 0.5, floor_per_second: 1 };
        let mut policy = ProtectionPolicy {
            bulkhead: Some(bulkhead),
            rate: Some(Rate { per_second: f64::from(per_second), burst }),
            retry_budget: Some(budget.clone()),
            ..ProtectionPolicy::default()
        };
        if let Some(breaker) = &mut policy.breaker {
            breaker.min_calls = min_calls;
            breaker.open_for = Duration::from_secs(2);
        }
        let mut fleet = Fleet::new(policy);
        for step in &steps {
            fleet.run(step);
            let running = fleet.running().count();
            prop_assert!(running <= usize::try_from(bulkhead).unwrap(), "{running} under way");
            prop_assert!(fleet.running().filter(|call| call.is_probe()).count() <= 1);
            // The record's time began up to five seconds ahead or behind.
            let seconds = between(at(0), at(fleet.now)).as_secs_f64() + 5.0;
            let calls = f64::from(burst) + f64::from(per_second) * seconds;
            prop_assert!(fleet.calls <= calls, "{} calls, {calls} allowed", fleet.calls);
            let repeats = budget.ratio * fleet.fresh + seconds;
            prop_assert!(fleet.repeats <= repeats, "{} repeats, {repeats} allowed", fleet.repeats);
        }
    }
}
