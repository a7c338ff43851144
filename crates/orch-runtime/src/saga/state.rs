//! Where a saga and its steps stand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaState {
    /// No step has begun.
    Pending,
    /// Steps run, or wait for others.
    InProgress,
    /// What happened is being undone. No step begins any more.
    Compensating,
    /// Every step is done. Final.
    Completed,
    /// Every effect was undone. Final.
    Compensated,
    /// It did not happen: there was nothing to undo, or a person decided to leave what is left. Final.
    Failed,
}

impl SagaState {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::Compensating,
        Self::Completed,
        Self::Compensated,
        Self::Failed,
    ];

    /// The name in tables and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Compensating => "COMPENSATING",
            Self::Completed => "COMPLETED",
            Self::Compensated => "COMPENSATED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether nothing changes any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Compensated | Self::Failed)
    }

    /// Whether a saga does not complete any more.
    pub(super) fn is_given_up(self) -> bool {
        matches!(self, Self::Compensating | Self::Compensated | Self::Failed)
    }

    /// Whether a saga may go from this state to that one, in one step.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use SagaState::{Compensated, Compensating, Completed, Failed, InProgress, Pending};
        matches!(
            (self, next),
            (
                Pending,
                InProgress | Completed | Compensating | Compensated | Failed
            ) | (InProgress, Completed | Compensating | Compensated | Failed)
                | (Compensating, Compensated | Failed)
        )
    }
}

/// Where one step of a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    /// It has not begun.
    Waiting,
    /// It may have an effect at any moment. Its compensation is registered.
    Running,
    /// It certainly happened.
    Succeeded,
    /// It certainly did not happen, and will not.
    Failed,
    /// Nobody but a person can say whether it happened.
    InDoubt,
    /// Its compensation runs.
    Undoing,
    /// Its compensation happened.
    Undone,
    /// Its compensation did not work, and waits for a person.
    UndoParked,
    /// A person decided to leave it as it is.
    Left,
}

impl StepState {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::InDoubt,
        Self::Undoing,
        Self::Undone,
        Self::UndoParked,
        Self::Left,
    ];

    /// The name in tables and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::InDoubt => "IN_DOUBT",
            Self::Undoing => "UNDOING",
            Self::Undone => "UNDONE",
            Self::UndoParked => "UNDO_PARKED",
            Self::Left => "LEFT",
        }
    }

    /// Whether a step may go from this state to that one. Each has its effect at most once, and is undone at
    /// most once.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use StepState::{
            Failed, InDoubt, Left, Running, Succeeded, UndoParked, Undoing, Undone, Waiting,
        };
        matches!(
            (self, next),
            (Waiting, Running | Succeeded | Failed)
                | (Running, Succeeded | Failed | InDoubt)
                | (InDoubt, Succeeded | Failed)
                | (Succeeded | UndoParked, Undoing | Undone)
                | (Succeeded, UndoParked)
                | (Undoing, Undone | UndoParked)
                | (UndoParked, Left)
        )
    }
}

/// The text names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown state \"{0}\"")]
pub struct UnknownState(String);

impl fmt::Display for SagaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SagaState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

impl FromStr for StepState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_are_left_by_nothing() {
        for state in SagaState::ALL {
            let next = SagaState::ALL
                .into_iter()
                .any(|next| state.may_become(next));
            assert_eq!(next, !state.is_final(), "{state}");
        }
    }

    #[test]
    fn names_round_trip() {
        for state in SagaState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for state in StepState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("DONE".parse::<SagaState>().is_err());
        assert!("DONE".parse::<StepState>().is_err());
    }
}
