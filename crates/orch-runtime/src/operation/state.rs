//! The states of an operation and the only steps between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationState {
    /// Waits for its (next) attempt.
    Pending,
    /// A worker holds a lease and may be calling the provider.
    InProgress,
    /// The call may have happened; the provider will be asked.
    Unknown,
    /// The provider did it. Final.
    Completed,
    /// The provider certainly did not do it, and will not. Final.
    Failed,
    /// Nobody but a person can say whether it happened.
    Parked,
}

impl OperationState {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::Unknown,
        Self::Completed,
        Self::Failed,
        Self::Parked,
    ];

    /// The name in tables and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Unknown => "UNKNOWN",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Parked => "PARKED",
        }
    }

    /// Whether nothing changes any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown operation state \"{0}\"")]
pub struct UnknownState(String);

impl FromStr for OperationState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// What can happen to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A worker took it for an attempt.
    Claimed,
    /// The provider did it, said by its answer or by a probe.
    Succeeded,
    /// The provider refused, or the budget ended after a definite answer.
    Refused,
    /// It will be tried again.
    RetryScheduled,
    /// No answer, or a lost worker: it may have happened.
    AnswerLost,
    /// Asking the provider did not help.
    GivenUp,
    /// The provider reported the result by itself, or a person decided, and it is about to be applied.
    Told,
}

/// The state after `event`, or `None` where the step is not legal.
#[must_use]
pub fn next(state: OperationState, event: Event) -> Option<OperationState> {
    use OperationState::{Completed, Failed, InProgress, Parked, Pending, Unknown};
    match (state, event) {
        (Pending, Event::Claimed) => Some(InProgress),
        (InProgress | Unknown, Event::Succeeded) => Some(Completed),
        (InProgress | Unknown, Event::Refused) => Some(Failed),
        (InProgress | Unknown, Event::RetryScheduled) => Some(Pending),
        (InProgress | Unknown, Event::AnswerLost) => Some(Unknown),
        (InProgress | Unknown, Event::GivenUp) => Some(Parked),
        (Pending | Unknown | Parked, Event::Told) => Some(Unknown),
        (Completed | Failed | Parked | Pending, _)
        | (InProgress | Unknown, Event::Claimed)
        | (InProgress, Event::Told) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_are_left_by_nothing() {
        let events = [
            Event::Claimed,
            Event::Succeeded,
            Event::Refused,
            Event::RetryScheduled,
            Event::AnswerLost,
            Event::GivenUp,
            Event::Told,
        ];
        for state in OperationState::ALL
            .into_iter()
            .filter(|state| state.is_final())
        {
            assert!(
                events.into_iter().all(|event| next(state, event).is_none()),
                "{state}"
            );
        }
    }

    #[test]
    fn names_round_trip() {
        for state in OperationState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("DONE".parse::<OperationState>().is_err());
    }
}
