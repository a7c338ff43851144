//! What an answer of the provider means for the operation: the one place that decides whether to
//! finish, to try again, to ask, or to call a person.
//!
//! **Invariant:** an operation is failed only when the provider certainly did nothing. As long as one
//! earlier call is unaccounted for ([`Facts::is_ambiguous`]), neither a refusal nor an exhausted budget
//! fails it: the provider is asked first. A provider that finds nothing is believed only when the call
//! had time to arrive ([`RetryPolicy::settling`]).

#[cfg(test)]
mod tests;

use std::time::Duration;

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
    /// Since when a call is unaccounted for, if one is: it may have happened without our knowing.
    pub unaccounted_at: Option<Timestamp>,
    /// When the first call began, if any did.
    pub first_sent_at: Option<Timestamp>,
    /// When no further attempt may begin.
    pub deadline_at: Timestamp,
}

impl Facts {
    /// Whether a call may have happened without our knowing.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.unaccounted_at.is_some()
    }

    /// Notes that a call ended at `now` with `outcome`; `reported` when it said itself that its answer
    /// does not rule out that the provider acted.
    pub fn note(&mut self, outcome: &Outcome, reported: bool, now: Timestamp) {
        let unaccounted = match outcome {
            Outcome::Unknown { .. } => true,
            Outcome::Retry { .. } => reported,
            Outcome::Ok { .. } | Outcome::Fail { .. } => false,
        };
        if unaccounted {
            self.unaccounted_at = Some(now);
        }
    }
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
    policy: &RetryPolicy,
    idempotency: Idempotency,
    now: Timestamp,
) -> Option<Settlement> {
    if facts.is_ambiguous() && !is_covered(facts, policy, idempotency, now) {
        return Some(ask(
            now,
            "the provider may no longer remember the key of an earlier call",
        ));
    }
    (now >= facts.deadline_at).then(|| {
        if facts.is_ambiguous() {
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
    idempotency: Idempotency,
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
        } if facts.is_ambiguous() => ask(
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
        // Another call could be a second effect.
        Outcome::Retry { reason, .. }
            if facts.is_ambiguous() && idempotency == Idempotency::None =>
        {
            ask(now, reason)
        }
        Outcome::Retry { reason, after } => {
            let wait = after.unwrap_or_else(|| backoff(policy, facts));
            try_again(
                reason,
                later(now, wait),
                facts.is_ambiguous(),
                facts,
                policy,
            )
        }
        Outcome::Unknown { reason } => ask(now, reason),
    }
}

/// Decides what the provider's answer to a question means, which was put at `asked_at`. The answer says
/// how things stood then at the latest, however long it took to arrive.
#[must_use]
pub fn after_probe(
    probe: Probe,
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    asked_at: Timestamp,
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
        Probe::NotCommitted => not_committed(facts, policy, idempotency, asked_at, now),
        Probe::StillUnknown { reason } => still_unknown(reason, facts, policy, idempotency, now),
    }
}

fn not_committed(
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    asked_at: Timestamp,
    now: Timestamp,
) -> Settlement {
    let reason = "the provider knows nothing of the earlier call".to_owned();
    let wait = if facts.attempts == 0 {
        Duration::ZERO
    } else {
        backoff(policy, facts)
    };
    let at = later(now, wait);
    let arrived_by = arrived_by(facts, policy);
    if asked_at >= arrived_by {
        return try_again(reason, at, false, facts, policy);
    }
    if may_resend(facts, policy, idempotency, at) {
        return Settlement::Retry {
            at,
            reason,
            ambiguous: true,
        };
    }
    ask(arrived_by, format!("{reason} yet"))
}

/// By when a call that is unaccounted for has had its effect, if it ever has one.
fn arrived_by(facts: &Facts, policy: &RetryPolicy) -> Timestamp {
    let since = facts.unaccounted_at;
    since.map_or(Timestamp::MIN_UTC, |since| later(since, policy.settling))
}

/// Whether a call that begins at `at` has its effect, if ever, while the provider still knows the key.
fn is_covered(
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    at: Timestamp,
) -> bool {
    let arrived = later(later(at, policy.attempt_timeout), policy.settling);
    let first = facts.first_sent_at;
    first.is_some_and(|first| idempotency.covers(first, arrived))
}

/// Whether the same key may be sent again at `at` although it may already have had its effect.
fn may_resend(
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    at: Timestamp,
) -> bool {
    is_covered(facts, policy, idempotency, at)
        && facts.attempts < policy.max_attempts
        && facts.interruptions <= policy.max_interruptions
        && at < facts.deadline_at
}

fn still_unknown(
    reason: String,
    facts: &Facts,
    policy: &RetryPolicy,
    idempotency: Idempotency,
    now: Timestamp,
) -> Settlement {
    let at = later(now, backoff(policy, facts));
    if may_resend(facts, policy, idempotency, at) {
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

fn backoff(policy: &RetryPolicy, facts: &Facts) -> Duration {
    let attempt = facts.attempts.max(1);
    policy.backoff(attempt, spread(facts.op_id.as_str(), attempt))
}
