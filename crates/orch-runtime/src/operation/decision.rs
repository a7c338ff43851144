//! What an answer of the provider means for the operation: the one place that decides whether to
//! finish, to try again, to ask, or to call a person.
//!
//! **Invariant:** an operation is failed only when the provider certainly did nothing. As long as one
//! earlier call is unaccounted for ([`Facts::ambiguous`]), neither a refusal nor an exhausted budget
//! fails it: the provider is asked first.

use crate::clock::{Timestamp, later};
use crate::ids::OpId;
use crate::operation::idempotency::{Idempotency, Probe};
use crate::operation::outcome::Outcome;
use crate::operation::retry::{RetryPolicy, spread};
use crate::operation::state::{Event, OperationState};

/// Code of an operation that used up its attempts.
pub const MAX_ATTEMPTS: &str = "MAX_ATTEMPTS";
/// Code of an operation that used up its time.
pub const TIMEOUT: &str = "TIMEOUT";
/// Code of an operation whose lost answer nobody could recover.
pub const UNKNOWN: &str = "UNKNOWN";
/// Code of an operation on which too many workers were lost.
pub const INTERRUPTED: &str = "INTERRUPTED";

/// What is known of an operation when its attempt, or the question about it, ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its name.
    pub op_id: OpId,
    /// Attempts begun, this one included, lost workers excluded.
    pub attempts: u32,
    /// Workers lost on it.
    pub interruptions: u32,
    /// Times the provider was asked since the last answer was lost, this one included.
    pub probes: u32,
    /// Whether an earlier call may have happened without our knowing.
    pub ambiguous: bool,
    /// When the first call began, if any did.
    pub first_sent_at: Option<Timestamp>,
    /// When no further attempt may begin.
    pub deadline_at: Timestamp,
}

/// What becomes of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// COMPLETED.
    Complete {
        /// For the client.
        message: String,
        /// The provider's reference.
        provider_ref: Option<String>,
        /// The provider's answer.
        result: Option<serde_json::Value>,
    },
    /// FAILED.
    Fail {
        /// Stable code.
        code: String,
        /// For the client.
        message: String,
        /// For operators.
        cause: Option<String>,
    },
    /// PENDING again.
    Retry {
        /// When the next attempt is due.
        at: Timestamp,
        /// Why.
        reason: String,
        /// Whether a call is still unaccounted for.
        ambiguous: bool,
    },
    /// UNKNOWN.
    Ask {
        /// When to ask the provider.
        at: Timestamp,
        /// Why the answer is missing.
        reason: String,
    },
    /// PARKED.
    Park {
        /// Stable code.
        code: &'static str,
        /// For the person who looks.
        reason: String,
    },
}

impl Settlement {
    /// The event of the state machine that this is.
    #[must_use]
    pub fn event(&self) -> Event {
        match self {
            Self::Complete { .. } => Event::Succeeded,
            Self::Fail { .. } => Event::Refused,
            Self::Retry { .. } => Event::RetryScheduled,
            Self::Ask { .. } => Event::AnswerLost,
            Self::Park { .. } => Event::GivenUp,
        }
    }

    /// The state it leads to.
    #[must_use]
    pub fn state(&self) -> OperationState {
        match self {
            Self::Complete { .. } => OperationState::Completed,
            Self::Fail { .. } => OperationState::Failed,
            Self::Retry { .. } => OperationState::Pending,
            Self::Ask { .. } => OperationState::Unknown,
            Self::Park { .. } => OperationState::Parked,
        }
    }
}

/// Decides whether a claimed operation may be sent at all. `None`: go ahead.
#[must_use]
pub fn before_execute(
    facts: &Facts,
    idempotency: Idempotency,
    now: Timestamp,
) -> Option<Settlement> {
    let sent_before = facts
        .first_sent_at
        .filter(|_| facts.attempts > 1 || facts.ambiguous);
    if let Some(first) = sent_before {
        let must_ask = match idempotency {
            Idempotency::Keyed { .. } => !idempotency.covers(first, now),
            Idempotency::None => facts.ambiguous,
        };
        if must_ask {
            return Some(ask(
                now,
                "the provider may no longer remember the key of an earlier call",
            ));
        }
    }
    (now >= facts.deadline_at).then(|| {
        if facts.ambiguous {
            ask(now, "the time budget ended with a call unaccounted for")
        } else {
            timed_out("its time budget ended before the provider could be called")
        }
    })
}

/// Decides what the answer of `execute` means.
#[must_use]
pub fn after_execute(
    outcome: Outcome,
    facts: &Facts,
    policy: &RetryPolicy,
    now: Timestamp,
) -> Settlement {
    match outcome {
        Outcome::Ok {
            message,
            provider_ref,
            result,
        } => Settlement::Complete {
            message,
            provider_ref,
            result,
        },
        Outcome::Fail {
            code,
            message,
            cause: _,
        } if facts.ambiguous => ask(
            now,
            format!("refused with {code} ({message}), but an earlier call is unaccounted for"),
        ),
        Outcome::Fail {
            code,
            message,
            cause,
        } => Settlement::Fail {
            code,
            message,
            cause,
        },
        Outcome::Retry { reason, after } => {
            let wait = after.unwrap_or_else(|| backoff(policy, facts));
            try_again(reason, later(now, wait), facts.ambiguous, facts, policy)
        }
        Outcome::Unknown { reason } => ask(now, reason),
    }
}

/// Decides what the provider's answer to a question means.
#[must_use]
pub fn after_probe(
    probe: Probe,
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    now: Timestamp,
) -> Settlement {
    match probe {
        Probe::Committed {
            message,
            provider_ref,
            result,
        } => Settlement::Complete {
            message,
            provider_ref,
            result,
        },
        Probe::NotCommitted if facts.interruptions > policy.max_interruptions => Settlement::Park {
            code: INTERRUPTED,
            reason: format!("{} workers were lost on it", facts.interruptions),
        },
        Probe::NotCommitted => {
            let reason = "the provider knows nothing of the earlier call".to_owned();
            let at = if facts.attempts == 0 {
                now
            } else {
                later(now, backoff(policy, facts))
            };
            try_again(reason, at, false, facts, policy)
        }
        Probe::StillUnknown { reason } => still_unknown(reason, facts, policy, idempotency, now),
    }
}

fn still_unknown(
    reason: String,
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    now: Timestamp,
) -> Settlement {
    let at = later(now, backoff(policy, facts));
    let covered = facts
        .first_sent_at
        .is_some_and(|first| idempotency.covers(first, at));
    let budget_left = facts.attempts < policy.max_attempts
        && facts.interruptions <= policy.max_interruptions
        && at < facts.deadline_at;
    if covered && budget_left {
        return Settlement::Retry {
            at,
            reason,
            ambiguous: true,
        };
    }
    if facts.probes < policy.max_probes {
        let at = later(
            now,
            policy.backoff(facts.probes, spread(facts.op_id.as_str(), facts.probes)),
        );
        return ask(at, reason);
    }
    Settlement::Park {
        code: UNKNOWN,
        reason,
    }
}

fn try_again(
    reason: String,
    at: Timestamp,
    ambiguous: bool,
    facts: &Facts,
    policy: &RetryPolicy,
) -> Settlement {
    let out_of_attempts = facts.attempts >= policy.max_attempts;
    let out_of_time = at >= facts.deadline_at;
    if !out_of_attempts && !out_of_time {
        return Settlement::Retry {
            at,
            reason,
            ambiguous,
        };
    }
    if ambiguous {
        return ask(
            at,
            format!("budget used up with a call unaccounted for: {reason}"),
        );
    }
    if out_of_attempts {
        let message = format!("gave up after {} attempts: {reason}", facts.attempts);
        return Settlement::Fail {
            code: MAX_ATTEMPTS.to_owned(),
            message,
            cause: None,
        };
    }
    timed_out(&reason)
}

fn timed_out(reason: &str) -> Settlement {
    let message = format!("gave up at the end of its time budget: {reason}");
    Settlement::Fail {
        code: TIMEOUT.to_owned(),
        message,
        cause: None,
    }
}

fn ask(at: Timestamp, reason: impl Into<String>) -> Settlement {
    Settlement::Ask {
        at,
        reason: reason.into(),
    }
}

fn backoff(policy: &RetryPolicy, facts: &Facts) -> std::time::Duration {
    let attempt = facts.attempts.max(1);
    policy.backoff(attempt, spread(facts.op_id.as_str(), attempt))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
            ambiguous: false,
            first_sent_at: Some(from_millis(0)),
            deadline_at: from_millis(3_600_000),
        }
    }

    fn now() -> Timestamp {
        from_millis(1_000)
    }

    fn state_after(outcome: Outcome, facts: &Facts) -> OperationState {
        after_execute(outcome, facts, &RetryPolicy::default(), now()).state()
    }

    #[test]
    fn a_definite_refusal_fails_and_an_ambiguous_one_asks() {
        let refusal = || Outcome::fail("DECLINED", "no funds");
        assert_eq!(state_after(refusal(), &facts(1)), OperationState::Failed);
        let ambiguous = Facts {
            ambiguous: true,
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
            ambiguous: true,
            ..facts(3)
        };
        assert_eq!(state_after(busy(), &ambiguous), OperationState::Unknown);
        let late = Facts {
            deadline_at: from_millis(1_001),
            ..facts(1)
        };
        let settled = after_execute(busy(), &late, &RetryPolicy::default(), now());
        assert!(matches!(settled, Settlement::Fail { code, .. } if code == TIMEOUT));
    }

    #[test]
    fn retry_after_wins_over_the_backoff() {
        let outcome = Outcome::Retry {
            reason: "429".to_owned(),
            after: Some(Duration::from_secs(77)),
        };
        let settled = after_execute(outcome, &facts(1), &RetryPolicy::default(), now());
        assert!(
            matches!(settled, Settlement::Retry { at, .. } if at == later(now(), Duration::from_secs(77)))
        );
    }

    #[test]
    fn a_key_past_its_window_is_asked_about_and_not_sent() {
        let second = Facts {
            deadline_at: from_millis(i64::from(u32::MAX)),
            ..facts(2)
        };
        let next_day = from_millis(86_400_000);
        let settled = before_execute(&second, KEYED, next_day);
        assert!(matches!(settled, Some(Settlement::Ask { .. })));
        assert_eq!(before_execute(&second, KEYED, now()), None);
        let lost = Facts {
            ambiguous: true,
            ..facts(1)
        };
        assert!(before_execute(&lost, Idempotency::None, now()).is_some());
        assert_eq!(before_execute(&facts(2), Idempotency::None, now()), None);
    }

    #[test]
    fn what_nobody_can_say_is_parked_and_never_failed() {
        let policy = RetryPolicy::default();
        let still = || Probe::StillUnknown {
            reason: "probe timed out".to_owned(),
        };
        let fresh = Facts {
            ambiguous: true,
            ..facts(1)
        };
        let resend = after_probe(still(), &fresh, &policy, KEYED, now());
        assert!(matches!(
            resend,
            Settlement::Retry {
                ambiguous: true,
                ..
            }
        ));
        let unkeyed = after_probe(still(), &fresh, &policy, Idempotency::None, now());
        assert!(matches!(unkeyed, Settlement::Ask { .. }));
        let asked_often = Facts { probes: 5, ..fresh };
        let parked = after_probe(still(), &asked_often, &policy, Idempotency::None, now());
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
                now(),
            ),
            after_execute(
                Outcome::fail("X", "x"),
                &facts(1),
                &RetryPolicy::default(),
                now(),
            ),
            after_execute(
                Outcome::retry("x"),
                &facts(1),
                &RetryPolicy::default(),
                now(),
            ),
            after_execute(
                Outcome::unknown("x"),
                &facts(1),
                &RetryPolicy::default(),
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
}
