//! The inbox of callbacks, as far as promises are about it.

use std::collections::BTreeMap;

use crate::clock::{Timestamp, to_millis};
use crate::operation::state::OperationState;
use crate::store::callbacks::CallbackState;
use crate::value::{DecodeError, Row};

use super::checks::Operation;
use super::process::RETENTION;

/// Operations by name.
pub(super) type Operations = BTreeMap<String, Operation>;

/// A kept callback.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    op_id: Option<String>,
    provider_ref: Option<String>,
    kind: String,
    outcome: String,
    received_at: i64,
    pub(super) state: CallbackState,
    pub(super) matched: Option<String>,
    settled_at: Option<i64>,
}

/// The statement that reads the inbox of `domain`.
pub(super) fn inbox_of(domain: &str) -> String {
    format!(
        "select event_id, op_id, provider_ref, kind, outcome, state, matched_op_id, received_at,
             settled_at
         from {domain}_callbacks"
    )
}

pub(super) fn kept(row: &Row) -> Result<(String, Kept), DecodeError> {
    let state: String = row.get("state")?;
    let kept = Kept {
        op_id: row.get("op_id")?,
        provider_ref: row.get("provider_ref")?,
        kind: row.get("kind")?,
        outcome: row.get("outcome")?,
        received_at: row.get("received_at")?,
        state: state.parse().unwrap_or(CallbackState::Corrupt),
        matched: row.get("matched_op_id")?,
        settled_at: row.get("settled_at")?,
    };
    Ok((row.get("event_id")?, kept))
}

impl Kept {
    pub(super) fn waits(&self) -> bool {
        self.state == CallbackState::Received
    }

    /// Whether it is about `op_id`.
    pub(super) fn is_about(&self, op_id: &str, operation: &Operation) -> bool {
        let by_ref = self.provider_ref.is_some() && self.provider_ref == operation.provider_ref;
        self.op_id.as_deref() == Some(op_id) || by_ref
    }

    /// Whether it waits although there is the one operation it is about.
    pub(super) fn is_open(&self, operations: &Operations) -> bool {
        let about = |(op_id, row): &(&String, &Operation)| self.is_about(op_id, row);
        self.waits() && operations.iter().filter(about).count() == 1
    }

    /// Whether this may have become `after`; `None` when it is gone.
    pub(super) fn may_become(&self, after: Option<&Self>, now: Timestamp) -> bool {
        match after {
            Some(after) if self.waits() => self.with_fate_of(after) == *after,
            Some(after) => self == after,
            None => {
                let old = to_millis(now - RETENTION);
                self.state != CallbackState::Corrupt && self.settled_at.is_some_and(|at| at < old)
            }
        }
    }

    fn with_fate_of(&self, other: &Self) -> Self {
        Self {
            state: other.state,
            matched: other.matched.clone(),
            settled_at: other.settled_at,
            ..self.clone()
        }
    }

    /// Whether its state says what is true. The provider is honest and what it says can be read.
    pub(super) fn is_judged_well(&self, operations: &Operations) -> bool {
        let target = self
            .matched
            .as_ref()
            .and_then(|op_id| operations.get(op_id));
        let reported = match self.kind.as_str() {
            "OK" => OperationState::Completed,
            _ => OperationState::Failed,
        };
        match self.state {
            CallbackState::Received => true,
            CallbackState::Applied | CallbackState::Confirmed => {
                target.is_some_and(|row| row.state == reported)
            }
            CallbackState::Unmatched => {
                let named = self.op_id.as_ref();
                !named.is_some_and(|op_id| operations.contains_key(op_id))
            }
            CallbackState::Conflict | CallbackState::Corrupt => false,
        }
    }
}
