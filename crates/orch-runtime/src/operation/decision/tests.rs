//! Decisions, one promise each.

use super::*;
use crate::clock::from_millis;

const KEYED: Idempotency = Idempotency::Keyed {
    window: Duration::from_secs(86_400),
};

fn facts(attempts: u32) -> Facts {
    Facts {
        op_id: OpId::new("op-1").unwrap(),
        attempts,
        interruptions: 0,
        probes: 1,
        unaccounted_at: None,
        first_sent_at: Some(from_millis(0)),
        deadline_at: from_millis(3_600_000),
    }
}

fn now() -> Timestamp {
    from_millis(1_000)
}

fn state_after(outcome: Outcome, facts: &Facts) -> OperationState {
    after_execute(outcome, facts, &RetryPolicy::default(), KEYED, now()).state()
}

#[test]
fn a_definite_refusal_fails_and_an_ambiguous_one_asks() {
    let refusal = || Outcome::fail("DECLINED", "no funds");
    assert_eq!(state_after(refusal(), &facts(1)), OperationState::Failed);
    let ambiguous = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(2)
    };
    assert_eq!(state_after(refusal(), &ambiguous), OperationState::Unknown);
}

#[test]
fn budgets_end_in_failed_only_when_nothing_is_unaccounted_for() {
    let busy = || Outcome::retry("503");
    assert_eq!(state_after(busy(), &facts(2)), OperationState::Pending);
    assert_eq!(state_after(busy(), &facts(3)), OperationState::Failed);
    let ambiguous = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(3)
    };
    assert_eq!(state_after(busy(), &ambiguous), OperationState::Unknown);
    let late = Facts {
        deadline_at: from_millis(1_001),
        ..facts(1)
    };
    let settled = after_execute(busy(), &late, &RetryPolicy::default(), KEYED, now());
    assert!(matches!(settled, Settlement::Fail { code, .. } if code == TIMEOUT));
}

#[test]
fn retry_after_wins_over_the_backoff() {
    let outcome = Outcome::Retry {
        reason: "429".to_owned(),
        after: Some(Duration::from_secs(77)),
    };
    let settled = after_execute(outcome, &facts(1), &RetryPolicy::default(), KEYED, now());
    assert!(
        matches!(settled, Settlement::Retry { at, .. } if at == later(now(), Duration::from_secs(77)))
    );
}

#[test]
fn a_key_past_its_window_is_asked_about_and_not_sent() {
    let policy = RetryPolicy::default();
    let second = Facts {
        unaccounted_at: Some(from_millis(0)),
        deadline_at: from_millis(i64::from(u32::MAX)),
        ..facts(2)
    };
    let next_day = from_millis(86_400_000);
    let settled = before_execute(&second, &policy, KEYED, next_day);
    assert!(matches!(settled, Some(Settlement::Ask { .. })));
    assert_eq!(before_execute(&second, &policy, KEYED, now()), None);
    let lost = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(1)
    };
    let unkeyed = |facts| before_execute(facts, &policy, Idempotency::None, now());
    assert!(unkeyed(&lost).is_some());
    assert_eq!(unkeyed(&facts(2)), None);
}

/// The call may take its time, and settle late: by then the provider must still know the key.
#[test]
fn a_key_is_not_sent_when_the_call_could_arrive_past_its_window() {
    let policy = RetryPolicy::default();
    let second = Facts {
        unaccounted_at: Some(from_millis(0)),
        deadline_at: from_millis(i64::from(u32::MAX)),
        ..facts(2)
    };
    let end = from_millis(86_400_000) - Duration::from_secs(300);
    let call = policy.attempt_timeout + policy.settling;
    let in_time = end - call - Duration::from_millis(1);
    assert_eq!(before_execute(&second, &policy, KEYED, in_time), None);
    assert!(before_execute(&second, &policy, KEYED, end - call).is_some());
}

/// Where every call is accounted for, a new one is the first that can have an effect.
#[test]
fn past_the_window_an_operation_without_an_open_call_is_sent() {
    let open = Facts {
        deadline_at: from_millis(i64::from(u32::MAX)),
        ..facts(2)
    };
    let next_day = from_millis(86_400_000);
    let settled = before_execute(&open, &RetryPolicy::default(), KEYED, next_day);
    assert_eq!(settled, None);
}

#[test]
fn what_nobody_can_say_is_parked_and_never_failed() {
    let policy = RetryPolicy::default();
    let still = || Probe::StillUnknown {
        reason: "probe timed out".to_owned(),
    };
    let fresh = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(1)
    };
    let resend = after_probe(still(), &fresh, &policy, KEYED, now(), now());
    assert!(matches!(
        resend,
        Settlement::Retry {
            ambiguous: true,
            ..
        }
    ));
    let unkeyed = after_probe(still(), &fresh, &policy, Idempotency::None, now(), now());
    assert!(matches!(unkeyed, Settlement::Ask { .. }));
    let asked_often = Facts { probes: 5, ..fresh };
    let parked = after_probe(
        still(),
        &asked_often,
        &policy,
        Idempotency::None,
        now(),
        now(),
    );
    assert!(matches!(parked, Settlement::Park { code: UNKNOWN, .. }));
}

#[test]
fn every_settlement_is_a_legal_step_from_a_claimed_operation() {
    use crate::operation::state::next;
    let settlements = [
        after_execute(
            Outcome::ok("done", "r"),
            &facts(1),
            &RetryPolicy::default(),
            KEYED,
            now(),
        ),
        after_execute(
            Outcome::fail("X", "x"),
            &facts(1),
            &RetryPolicy::default(),
            KEYED,
            now(),
        ),
        after_execute(
            Outcome::retry("x"),
            &facts(1),
            &RetryPolicy::default(),
            KEYED,
            now(),
        ),
        after_execute(
            Outcome::unknown("x"),
            &facts(1),
            &RetryPolicy::default(),
            KEYED,
            now(),
        ),
        Settlement::Park {
            code: UNKNOWN,
            reason: String::new(),
        },
    ];
    for settlement in settlements {
        for from in [OperationState::InProgress, OperationState::Unknown] {
            assert_eq!(next(from, settlement.event()), Some(settlement.state()));
        }
    }
}

#[test]
fn a_provider_without_keys_is_not_called_again_while_a_call_is_unaccounted_for() {
    let lost = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(1)
    };
    let policy = RetryPolicy::default();
    let busy = || Outcome::retry("504");
    let unkeyed = after_execute(busy(), &lost, &policy, Idempotency::None, now());
    assert!(matches!(unkeyed, Settlement::Ask { at, .. } if at == now()));
    let keyed = after_execute(busy(), &lost, &policy, KEYED, now());
    assert!(matches!(
        keyed,
        Settlement::Retry {
            ambiguous: true,
            ..
        }
    ));
}

/// The call may still be on its way to where the provider looks.
#[test]
fn a_provider_that_finds_nothing_is_believed_only_after_the_settling_time() {
    let policy = RetryPolicy::default();
    let lost = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(1)
    };
    let arrived = from_millis(60_000);
    let nothing =
        |idempotency, now| after_probe(Probe::NotCommitted, &lost, &policy, idempotency, now, now);
    let early = nothing(Idempotency::None, now());
    assert!(matches!(early, Settlement::Ask { at, .. } if at == arrived));
    let resent = nothing(KEYED, now());
    assert!(matches!(
        resent,
        Settlement::Retry {
            ambiguous: true,
            ..
        }
    ));
    for idempotency in [KEYED, Idempotency::None] {
        let believed = nothing(idempotency, arrived);
        assert!(matches!(
            believed,
            Settlement::Retry {
                ambiguous: false,
                ..
            }
        ));
    }
    let out_of_attempts = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(3)
    };
    let last = |now| {
        after_probe(
            Probe::NotCommitted,
            &out_of_attempts,
            &policy,
            KEYED,
            now,
            now,
        )
    };
    assert!(matches!(last(now()), Settlement::Ask { at, .. } if at == arrived));
    assert!(matches!(last(arrived), Settlement::Fail { code, .. } if code == MAX_ATTEMPTS));
}

/// The question was put before the call could have arrived; its answer came after.
#[test]
fn a_denial_counts_from_the_question_and_not_from_its_answer() {
    let policy = RetryPolicy::default();
    let lost = Facts {
        unaccounted_at: Some(from_millis(0)),
        ..facts(1)
    };
    let arrived = from_millis(60_000);
    let answered_at = from_millis(65_000);
    let denied = |asked_at| {
        let denial = Probe::NotCommitted;
        after_probe(
            denial,
            &lost,
            &policy,
            Idempotency::None,
            asked_at,
            answered_at,
        )
    };
    let early = denied(from_millis(59_999));
    assert!(matches!(early, Settlement::Ask { at, .. } if at == arrived));
    assert!(matches!(denied(arrived), Settlement::Retry { .. }));
}
