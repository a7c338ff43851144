//! What a term writes when it has its answer, the same for every store.

use crate::clock::Timestamp;
use crate::ids::{Fence, OpId};
use crate::operation::decision::{Settlement, UNKNOWN};
use crate::operation::outcome::{self, Outcome};
use crate::operation::state::OperationState;

use super::Lease;

/// An answer on its way into the log.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) op_id: OpId,
    pub(super) fence: Fence,
    pub(super) attempt: u32,
    pub(super) kind: &'static str,
    pub(super) outcome: String,
}

impl Entry {
    pub(super) fn new(lease: &Lease, outcome: &Outcome) -> Self {
        Self {
            op_id: lease.op_id().clone(),
            fence: lease.fence,
            attempt: lease.facts.attempts,
            kind: outcome.kind(),
            outcome: outcome::encode(outcome),
        }
    }
}

/// The columns of an operation whose term came to an end.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) state: OperationState,
    pub(super) next_attempt_at: Option<Timestamp>,
    pub(super) unaccounted_at: Option<Timestamp>,
    pub(super) message: String,
    pub(super) provider_ref: Option<String>,
    pub(super) result: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) error_cause: Option<String>,
    /// Takes the payload's place when the operation has ended.
    pub(super) redacted: Option<String>,
}

impl End {
    pub(super) fn new(lease: &Lease, settlement: Settlement) -> Self {
        let end = Self {
            state: settlement.state(),
            next_attempt_at: None,
            unaccounted_at: None,
            message: String::new(),
            provider_ref: None,
            result: None,
            error_code: None,
            error_cause: None,
            redacted: lease.redacted.clone(),
        };
        let unaccounted_at = lease.facts.unaccounted_at;
        match settlement {
            Settlement::Complete {
                message,
                provider_ref,
                result,
            } => Self {
                message,
                provider_ref,
                result: result.as_ref().map(ToString::to_string),
                ..end
            },
            Settlement::Fail {
                code,
                message,
                cause,
            } => Self {
                message,
                error_code: Some(code),
                error_cause: cause,
                ..end
            },
            Settlement::Retry {
                at,
                reason,
                ambiguous,
            } => Self {
                next_attempt_at: Some(at),
                unaccounted_at: unaccounted_at.filter(|_| ambiguous),
                message: reason,
                ..end
            },
            Settlement::Ask { at, reason } => Self {
                next_attempt_at: Some(at),
                unaccounted_at,
                message: reason,
                error_code: Some(UNKNOWN.to_owned()),
                ..end
            },
            Settlement::Park { code, reason } => Self {
                unaccounted_at,
                message: reason,
                error_code: Some(code.to_owned()),
                ..end
            },
        }
    }
}

/// The stored text of an outcome that no call gave.
pub(super) fn lost_text() -> String {
    outcome::encode(&Outcome::unknown("its worker was lost during the call"))
}
