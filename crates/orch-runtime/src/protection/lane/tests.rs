//! The record's promises, one by one and over random interleavings.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clock::from_millis;

const START: i64 = 1_700_000_000_000;

fn at(millis: i64) -> Timestamp {
    from_millis(START + millis)
}

fn by(process: &str) -> LaneReport {
    LaneReport::idle(Arc::from(process))
}

fn waiting(process: &str) -> LaneReport {
    LaneReport {
        waiting: true,
        ..by(process)
    }
}

fn failures(process: &str, successes: u32, failures: u32) -> LaneReport {
    LaneReport {
        successes,
        failures,
        ..by(process)
    }
}

fn probe(process: &str, probe: ProbeReport) -> LaneReport {
    LaneReport {
        probe: Some(probe),
        ..by(process)
    }
}

fn slots(process: &str, wanted: u32, held: u32) -> LaneReport {
    LaneReport {
        slots_wanted: wanted,
        slots_held: held,
        ..by(process)
    }
}

fn tokens(process: &str, wanted: u32) -> LaneReport {
    LaneReport {
        tokens_wanted: wanted,
        ..by(process)
    }
}

fn bulkhead(bulkhead: u32) -> ProtectionPolicy {
    ProtectionPolicy {
        bulkhead: Some(bulkhead),
        ..ProtectionPolicy::default()
    }
}

fn rate(per_second: f64, burst: u32) -> ProtectionPolicy {
    ProtectionPolicy {
        rate: Some(Rate { per_second, burst }),
        ..ProtectionPolicy::default()
    }
}

/// A record whose breaker opened at 0.
fn opened() -> LaneRecord {
    let mut record = LaneRecord::default();
    let grant = record.sync(at(0), &ProtectionPolicy::default(), &failures("a", 0, 20));
    assert_eq!(grant.state, LaneState::Open { until: at(30_000) });
    record
}

/// Each of ten processes sees too few failures to judge alone.
#[test]
fn failures_of_several_processes_add_up_and_open_the_lane_at_once() {
    let (mut record, policy) = (LaneRecord::default(), ProtectionPolicy::default());
    for process in 0..9 {
        let report = failures(&process.to_string(), 1, 1);
        let grant = record.sync(at(process * 100), &policy, &report);
        assert_eq!(grant.state, LaneState::Closed);
    }
    let grant = record.sync(at(900), &policy, &failures("9", 1, 1));
    assert_eq!(grant.state, LaneState::Open { until: at(30_900) });
    assert_eq!(grant.ask_again_at, at(30_900));
    let other = record.sync(at(1_000), &policy, &by("0"));
    assert_eq!(other.state, LaneState::Open { until: at(30_900) });
}

#[test]
fn failures_older_than_the_window_do_not_count() {
    let (mut record, policy) = (LaneRecord::default(), ProtectionPolicy::default());
    record.sync(at(0), &policy, &failures("a", 0, 19));
    let grant = record.sync(at(10_000), &policy, &failures("a", 0, 1));
    assert_eq!(grant.state, LaneState::Closed);
}

/// An open breaker that admits two would be a stampede in the making.
#[test]
fn one_process_probes_and_its_answer_closes_the_lane_for_all() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    let early = record.sync(at(29_999), &policy, &waiting("b"));
    assert_eq!(early.state, LaneState::Open { until: at(30_000) });
    let quiet = record.sync(at(30_000), &policy, &by("c"));
    assert!(matches!(quiet.state, LaneState::Open { .. }));
    let first = record.sync(at(30_000), &policy, &waiting("b"));
    assert_eq!(first.state, LaneState::HalfOpen { probe: true });
    let second = record.sync(at(30_001), &policy, &waiting("c"));
    assert_eq!(second.state, LaneState::HalfOpen { probe: false });
    assert_eq!(second.ask_again_at, at(31_001));
    let answer = record.sync(at(31_000), &policy, &probe("b", ProbeReport::Succeeded));
    assert_eq!(answer.state, LaneState::Closed);
    let after = record.sync(at(31_001), &policy, &waiting("c"));
    assert_eq!(after.state, LaneState::Closed);
}

#[test]
fn each_failed_probe_doubles_the_wait() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    let mut now = 0;
    for wait in [30_000, 60_000, 120_000, 240_000, 300_000, 300_000] {
        now += wait;
        let early = record.sync(at(now - 1), &policy, &waiting("b"));
        assert_eq!(early.state, LaneState::Open { until: at(now) });
        let grant = record.sync(at(now), &policy, &waiting("b"));
        assert_eq!(grant.state, LaneState::HalfOpen { probe: true });
        record.sync(at(now), &policy, &probe("b", ProbeReport::Failed));
    }
}

/// The process that holds the probe dies: the lane would stay half open for ever.
#[test]
fn a_probe_that_nobody_renews_goes_to_another_process() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    record.sync(at(30_000), &policy, &waiting("b"));
    record.sync(at(38_000), &policy, &probe("b", ProbeReport::Running));
    let early = record.sync(at(52_999), &policy, &waiting("c"));
    assert_eq!(early.state, LaneState::HalfOpen { probe: false });
    let taken = record.sync(at(53_000), &policy, &waiting("c"));
    assert_eq!(taken.state, LaneState::HalfOpen { probe: true });
    let late = record.sync(at(53_001), &policy, &probe("b", ProbeReport::Succeeded));
    assert_eq!(late.state, LaneState::HalfOpen { probe: false });
}

#[test]
fn a_right_to_probe_that_is_not_used_is_free_for_the_next() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    record.sync(at(30_000), &policy, &waiting("b"));
    record.sync(at(30_500), &policy, &by("b"));
    let grant = record.sync(at(30_600), &policy, &waiting("c"));
    assert_eq!(grant.state, LaneState::HalfOpen { probe: true });
}

/// A probe is one call: the slots and tokens of a healthy lane would make it many.
#[test]
fn an_open_lane_lends_nothing_and_a_half_open_one_a_single_call() {
    let policy = ProtectionPolicy {
        bulkhead: Some(9),
        ..rate(100.0, 100)
    };
    let mut record = opened();
    let greedy = LaneReport {
        tokens_wanted: 50,
        slots_wanted: 50,
        retries_wanted: 50,
        ..waiting("b")
    };
    let open = record.sync(at(20_000), &policy, &greedy);
    assert_eq!((open.tokens, open.slots, open.retries), (0, 0, 0));
    let half = record.sync(at(30_000), &policy, &greedy);
    assert_eq!((half.tokens, half.slots), (1, 1));
}

#[test]
fn a_pause_holds_for_every_process_until_its_end() {
    let (mut record, policy) = (LaneRecord::default(), rate(10.0, 10));
    let pause = LaneReport {
        pause_until: Some(at(60_000)),
        ..by("a")
    };
    record.sync(at(0), &policy, &pause);
    for now in [1, 1_000, 59_999] {
        let grant = record.sync(at(now), &policy, &tokens("b", 5));
        assert_eq!(grant.tokens, 0);
        assert_eq!(grant.paused_until, Some(at(60_000)));
        assert_eq!(grant.ask_again_at, at(60_000));
    }
    let grant = record.sync(at(60_000), &policy, &tokens("b", 5));
    assert_eq!((grant.tokens, grant.paused_until), (5, None));
}

/// A provider, or a clock, that names the year 9999 would close the lane for good.
#[test]
fn no_pause_is_longer_than_the_policy_lets_it() {
    let (mut record, policy) = (LaneRecord::default(), ProtectionPolicy::default());
    let pause = LaneReport {
        pause_until: Some(Timestamp::MAX_UTC),
        ..by("a")
    };
    let grant = record.sync(at(0), &policy, &pause);
    assert_eq!(grant.paused_until, Some(at(3_600_000)));
    let later = record.sync(at(3_600_000), &policy, &by("a"));
    assert_eq!(later.paused_until, None);
}

#[test]
fn the_probe_waits_for_the_end_of_a_pause() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    let pause = LaneReport {
        pause_until: Some(at(40_000)),
        ..by("a")
    };
    record.sync(at(1), &policy, &pause);
    let paused = record.sync(at(30_000), &policy, &waiting("b"));
    assert_eq!(paused.state, LaneState::Open { until: at(30_000) });
    assert_eq!(paused.ask_again_at, at(40_000));
    let after = record.sync(at(40_000), &policy, &waiting("b"));
    assert_eq!(after.state, LaneState::HalfOpen { probe: true });
}

#[test]
fn the_bucket_refills_with_time_up_to_its_burst() {
    let (mut record, policy) = (LaneRecord::default(), rate(10.0, 5));
    assert_eq!(record.sync(at(0), &policy, &tokens("a", 9)).tokens, 5);
    let empty = record.sync(at(50), &policy, &tokens("a", 9));
    assert_eq!((empty.tokens, empty.ask_again_at), (0, at(100)));
    assert_eq!(record.sync(at(100), &policy, &tokens("a", 9)).tokens, 1);
    assert_eq!(record.sync(at(90_000), &policy, &tokens("a", 9)).tokens, 5);
}

#[test]
fn returned_tokens_can_be_granted_again_but_not_beyond_the_burst() {
    let (mut record, policy) = (LaneRecord::default(), rate(0.001, 5));
    record.sync(at(0), &policy, &tokens("a", 4));
    let back = LaneReport {
        tokens_returned: 100,
        ..by("a")
    };
    record.sync(at(1), &policy, &back);
    assert_eq!(record.sync(at(2), &policy, &tokens("b", 9)).tokens, 5);
}

/// The process that asks first must not take everything, each time.
#[test]
fn tokens_are_shared_with_processes_that_were_short_of_them() {
    let (mut record, policy) = (LaneRecord::default(), rate(10.0, 10));
    record.sync(at(0), &policy, &tokens("a", 100));
    record.sync(at(1), &policy, &tokens("b", 100));
    assert_eq!(record.sync(at(1_000), &policy, &tokens("a", 100)).tokens, 5);
    assert_eq!(record.sync(at(1_000), &policy, &tokens("b", 100)).tokens, 3);
}

#[test]
fn slots_of_a_dead_process_come_back_when_its_lease_lapses() {
    let (mut record, policy) = (LaneRecord::default(), bulkhead(4));
    assert_eq!(record.sync(at(0), &policy, &slots("a", 4, 0)).slots, 4);
    assert_eq!(record.sync(at(14_999), &policy, &slots("b", 4, 0)).slots, 0);
    assert_eq!(record.sync(at(15_000), &policy, &slots("b", 4, 0)).slots, 4);
}

/// A call under way cannot be taken back, so its slot must not be lent a second time.
#[test]
fn slots_are_shared_out_evenly_and_only_once_they_are_given_back() {
    let (mut record, policy) = (LaneRecord::default(), bulkhead(4));
    record.sync(at(0), &policy, &slots("a", 9, 0));
    assert_eq!(record.sync(at(1), &policy, &slots("b", 9, 0)).slots, 0);
    let told = record.sync(at(2), &policy, &slots("a", 9, 4));
    assert_eq!((told.slots, record.shares.slots_of("a")), (2, 4));
    assert_eq!(record.sync(at(3), &policy, &slots("b", 9, 0)).slots, 0);
    record.sync(at(4), &policy, &slots("a", 9, 2));
    assert_eq!(record.sync(at(5), &policy, &slots("b", 9, 0)).slots, 2);
}

#[test]
fn more_processes_than_slots_take_turns() {
    let (mut record, policy) = (LaneRecord::default(), bulkhead(1));
    let mut turns = [0; 3];
    let mut held = [0; 3];
    for round in 0..30_i64 {
        for process in 0..3_usize {
            let report = slots(&process.to_string(), 1, held[process]);
            held[process] = record.sync(at(round * 100), &policy, &report).slots;
            turns[process] += held[process];
        }
    }
    assert!(turns.iter().all(|turns| *turns >= 4), "{turns:?}");
}

/// Repeats of an outage multiply the load on a provider that has just come back.
#[test]
fn repeats_are_a_share_of_the_fresh_calls_and_a_floor() {
    let (mut record, policy) = (LaneRecord::default(), ProtectionPolicy::default());
    let report = |fresh, retries_wanted| LaneReport {
        fresh,
        retries_wanted,
        ..by("a")
    };
    assert_eq!(record.sync(at(0), &policy, &report(0, 9)).retries, 0);
    assert_eq!(record.sync(at(0), &policy, &report(100, 99)).retries, 20);
    assert_eq!(record.sync(at(1_000), &policy, &report(0, 99)).retries, 10);
    // A quiet day saves up one window's worth and no more.
    let next_day = record.sync(at(86_400_000), &policy, &report(0, 999));
    assert_eq!(next_day.retries, 100);
}

/// Process b is four seconds behind: it must neither turn back time nor hold what a was told is over.
#[test]
fn a_slow_clock_is_told_times_it_can_read_and_turns_nothing_back() {
    let (mut record, policy) = (opened(), ProtectionPolicy::default());
    record.sync(at(10_000), &policy, &by("a"));
    let slow = record.sync(at(6_000), &policy, &by("b"));
    assert_eq!(slow.state, LaneState::Open { until: at(26_000) });
    assert_eq!(record.seen_at, at(10_000));
    assert_eq!(slow.lease_until, at(16_000));
}

/// One process had the wrong year for a moment: all others would wait for it.
#[test]
fn a_record_from_a_far_future_is_brought_back() {
    let policy = rate(1.0, 2);
    let year = 365 * 86_400_000;
    let mut record = LaneRecord::default();
    let sick = failures("a", 0, 20);
    record.sync(at(year), &policy, &sick);
    let told = record.sync(at(0), &policy, &by("b"));
    assert_eq!(told.state, LaneState::Open { until: at(30_000) });
    let probe = record.sync(at(30_000), &policy, &waiting("b"));
    assert_eq!(probe.state, LaneState::HalfOpen { probe: true });
}

/// A record of an earlier version lacks fields, one of a later version has more.
#[test]
fn a_record_is_read_across_versions() {
    let record: LaneRecord = serde_json::from_str("{}").unwrap();
    assert_eq!(record, LaneRecord::default());
    let mut text = serde_json::to_value(opened()).unwrap();
    text["added_later"] = 7.into();
    let read: LaneRecord = serde_json::from_value(text).unwrap();
    assert_eq!(read, opened());
}

#[derive(Debug, Clone)]
struct Said {
    process: u8,
    pass: i64,
    skew: i64,
    wanted: u32,
    returned: u32,
    fresh: u32,
    repeats: u32,
    pause: Option<i64>,
}

fn said() -> impl Strategy<Value = Said> {
    let pause = proptest::option::weighted(0.1, 0_i64..5_000);
    (
        0_u8..4,
        0_i64..2_000,
        -2_500_i64..2_500,
        0_u32..60,
        0_u32..5,
        0_u32..50,
        0_u32..50,
        pause,
    )
        .prop_map(
            |(process, pass, skew, wanted, returned, fresh, repeats, pause)| Said {
                process,
                pass,
                skew,
                wanted,
                returned,
                fresh,
                repeats,
                pause,
            },
        )
}

/// What one sync granted and took back, at the record's time.
struct Lease {
    at: Timestamp,
    granted: f64,
    returned: f64,
    /// The end of the pause that stood before it, by the record's time.
    paused_until: Option<Timestamp>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn grants_stay_within_rate_and_budget_and_no_pause_is_broken(
        steps in prop::collection::vec(said(), 1..80),
        per_second in 0.1_f64..200.0,
        burst in 10_u32..40,
    ) {
        let policy = rate(per_second, burst);
        let budget = RetryBudget::default();
        let mut record = LaneRecord::default();
        let (mut now, mut leases) = (0, Vec::<Lease>::new());
        let (mut fresh, mut repeats) = (0.0, 0.0);
        for step in steps {
            now += step.pass;
            let clock = at(now + step.skew);
            let report = LaneReport {
                fresh: step.fresh,
                pause_until: step.pause.map(|pause| later(clock, Duration::from_millis(pause.unsigned_abs()))),
                tokens_wanted: step.wanted,
                tokens_returned: step.returned,
                retries_wanted: step.repeats,
                ..waiting(&step.process.to_string())
            };
            let paused_until = record.paused_until;
            let grant = record.sync(clock, &policy, &report);
            fresh += f64::from(step.fresh);
            repeats += f64::from(grant.retries);
            leases.push(Lease {
                at: record.seen_at,
                granted: f64::from(grant.tokens),
                returned: f64::from(step.returned),
                paused_until,
            });
        }
        for (first, begin) in leases.iter().enumerate() {
            let (mut granted, mut allowed) = (0.0, f64::from(burst));
            for (last, lease) in leases.iter().enumerate().skip(first) {
                granted += lease.granted;
                allowed += if last > first { lease.returned } else { 0.0 };
                let refilled = per_second * between(begin.at, lease.at).as_secs_f64();
                prop_assert!(granted <= allowed + refilled + 1e-6, "{granted} > {allowed} + {refilled}");
            }
            if begin.paused_until.is_some_and(|until| begin.at < until) {
                prop_assert_eq!(begin.granted, 0.0);
            }
        }
        let seconds = between(leases[0].at, record.seen_at).as_secs_f64();
        let bound = budget.ratio * fresh + f64::from(budget.floor_per_second) * seconds;
        prop_assert!(repeats <= bound + 1e-6, "{repeats} > {bound}");
    }

    #[test]
    fn no_time_count_or_policy_is_too_much(
        times in prop::collection::vec((any::<i64>(), any::<i64>(), any::<u32>(), any::<u32>(), 0_u8..3), 1..20),
        number: f64,
        count: u32,
        millis: u64,
    ) {
        let policy = ProtectionPolicy {
            breaker: Some(BreakerPolicy {
                window: Duration::from_millis(millis),
                min_calls: count,
                failure_rate: number,
                open_for: Duration::from_millis(millis),
                open_for_at_most: Duration::MAX,
            }),
            bulkhead: Some(count),
            rate: Some(Rate { per_second: number, burst: count }),
            retry_budget: Some(RetryBudget { ratio: number, floor_per_second: count }),
            longest_pause: Some(Duration::MAX),
        };
        let time = |raw: i64| match raw % 3 {
            0 => Timestamp::MAX_UTC,
            1 => Timestamp::MIN_UTC,
            _ => from_millis(raw),
        };
        let mut record = LaneRecord::default();
        for (now, pause, one, two, kind) in times {
            let report = LaneReport {
                process: Arc::from("a"),
                successes: one,
                failures: two,
                fresh: one,
                pause_until: Some(time(pause)),
                waiting: true,
                tokens_wanted: two,
                tokens_returned: one,
                slots_wanted: one,
                slots_held: two,
                retries_wanted: one,
                retries_returned: two,
                probe: [None, Some(ProbeReport::Failed), Some(ProbeReport::Running)][usize::from(kind)],
            };
            record.sync(time(now), &policy, &report);
            let text = serde_json::to_string(&record).unwrap();
            prop_assert!(text.len() < 4_000);
            prop_assert!(serde_json::from_str::<LaneRecord>(&text).is_ok(), "{text}");
        }
    }
}
