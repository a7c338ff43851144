//! The promises of one gate, and of two on one record.

use super::*;
use crate::clock::from_millis;
use crate::protection::record::transition;
use crate::protection::{LaneState, ProbeReport, Rate, RetryBudget};

pub(super) fn at(millis: i64) -> Timestamp {
    from_millis(1_700_000_000_000 + millis)
}

/// The row that the gates of a test share.
#[derive(Debug, Default)]
pub(super) struct Lane(Option<String>);

impl Lane {
    pub(super) fn ask(
        &mut self,
        policy: &ProtectionPolicy,
        report: &LaneReport,
        now: Timestamp,
    ) -> LaneGrant {
        let stored = self.0.as_deref().map(str::as_bytes);
        let (text, grant) = transition("test", stored, now, policy, report).unwrap();
        self.0 = Some(text);
        grant
    }

    fn sync(&mut self, gate: &Gate, policy: &ProtectionPolicy, now: i64) -> LaneGrant {
        let report = gate.report(at(now));
        let grant = self.ask(policy, &report, at(now));
        gate.apply(grant);
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
    for _ in 0..10 {
        assert_eq!(reason(&gate, CallKind::Fresh, 100), Reason::Rate);
    }
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

/// Between its report and the answer, the record may give the same probe to another process.
#[test]
fn a_probe_that_was_given_back_is_not_begun() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    fail(&gate, 0, 20);
    lane.sync(&gate, &policy, 100);
    assert_eq!(reason(&gate, CallKind::Fresh, 30_100), Reason::Unsynced);
    lane.sync(&gate, &policy, 30_100);
    assert_eq!(gate.room(at(30_200)).fresh, 1);
    assert_eq!(gate.report(at(30_200)).probe, None);
    assert_eq!(reason(&gate, CallKind::Fresh, 30_200), Reason::Breaker);
}

/// Between its report and the answer, the record may lend the same slots to another process.
#[test]
fn slots_that_were_given_back_are_not_used() {
    let policy = ProtectionPolicy {
        bulkhead: Some(8),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    for _ in 0..8 {
        assert_eq!(reason(&gate, CallKind::Fresh, 0), Reason::Bulkhead);
    }
    lane.sync(&gate, &policy, 50);
    assert_eq!(gate.room(at(100)).fresh, 8);
    let call = fresh(&gate, 100).unwrap();
    let report = gate.report(at(150));
    assert_eq!((report.slots_wanted, report.slots_held), (1, 1));
    assert_eq!(reason(&gate, CallKind::Fresh, 150), Reason::Bulkhead);
    drop(call);
}

/// What may be used before the answer comes is not free for others.
#[test]
fn slots_that_are_kept_count_as_held() {
    let policy = ProtectionPolicy {
        bulkhead: Some(8),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = synced(&policy);
    for _ in 0..8 {
        assert_eq!(reason(&gate, CallKind::Fresh, 0), Reason::Bulkhead);
    }
    lane.sync(&gate, &policy, 50);
    let calls: Vec<Permit> = (0..3).map(|_| fresh(&gate, 100).unwrap()).collect();
    drop(calls);
    let report = gate.report(at(150));
    assert_eq!((report.slots_wanted, report.slots_held), (3, 3));
    assert_eq!(gate.room(at(150)).fresh, 3);
}

/// The clock of the machine was a year ahead for a moment: the gate would keep to what it was told
/// then for a year, whatever happens.
#[test]
fn a_gate_forgets_what_it_was_told_by_a_wrong_clock() {
    let policy = ProtectionPolicy::default();
    let (mut lane, gate) = synced(&policy);
    let year = 365 * 86_400_000;
    lane.sync(&gate, &policy, year);
    fail(&gate, year, 20);
    lane.sync(&gate, &policy, year + 1);
    assert_eq!(reason(&gate, CallKind::Fresh, year + 2), Reason::Breaker);
    let refused = fresh(&gate, 0).unwrap_err();
    assert_eq!(
        (refused.reason, refused.retry_at),
        (Reason::Unsynced, at(0))
    );
    let open = lane.sync(&gate, &policy, 0).state;
    assert!(matches!(open, LaneState::Open { until } if until <= at(30_001)));
}

#[test]
fn no_time_is_too_much_for_a_gate() {
    let policy = ProtectionPolicy {
        bulkhead: Some(1),
        ..ProtectionPolicy::default()
    };
    let (mut lane, gate) = (Lane::default(), Gate::new("a", policy.clone()));
    let times = [Timestamp::MIN_UTC, at(0), Timestamp::MAX_UTC, at(1)];
    for now in times.into_iter().cycle().take(12) {
        drop(gate.try_enter(CallKind::Repeat, now));
        let (_, _) = (gate.next_sync(now), gate.room(now));
        let report = gate.report(now);
        gate.apply(lane.ask(&policy, &report, now));
        if let Ok(permit) = gate.try_enter(CallKind::Fresh, now) {
            let until = Timestamp::MAX_UTC;
            permit.finish(CallResult::Paused { until });
        }
    }
}
