//! What a saga says of its steps, held against what really happened.

use crate::saga::StepState;

/// What really happened of one step of one saga, as whoever was asked for it counts: the provider, or the rows
/// that work in our own database wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SagaEffects {
    /// How often it was done.
    pub done: usize,
    /// How often it was undone.
    pub undone: usize,
}

impl SagaEffects {
    /// What is wrong with it whatever the saga says: nothing may happen twice, and what did not happen must not
    /// be undone.
    #[must_use]
    pub fn excess(self) -> Option<&'static str> {
        match self {
            Self { done: 2.., .. } => Some("it was done more than once"),
            Self { undone: 2.., .. } => Some("it was undone more than once"),
            Self { done: 0, undone: 1 } => Some("it was undone and had not happened"),
            Self { .. } => None,
        }
    }

    /// How a step's record contradicts it, at any moment. A record may lag behind its provider: a step that runs
    /// may have happened, and one that is being undone may be undone.
    #[must_use]
    pub fn contradiction(self, recorded: StepState) -> Option<&'static str> {
        use StepState::{
            Failed, InDoubt, Left, Running, Succeeded, UndoParked, Undoing, Undone, Waiting,
        };
        if let Some(excess) = self.excess() {
            return Some(excess);
        }
        match (recorded, self.done, self.undone) {
            (Waiting | Failed, 0, 0)
            | (Running | InDoubt, 0 | 1, 0)
            | (Succeeded, 1, 0)
            | (Undoing | UndoParked | Left, 1, 0 | 1)
            | (Undone, 1, 1) => None,
            (Waiting, ..) => Some("it happened before it began"),
            (Failed, ..) => Some("it failed and happened"),
            (Running | InDoubt | Succeeded, _, 1..) => {
                Some("it was undone and nobody asked for it")
            }
            (Running | InDoubt | Succeeded, ..) => Some("it succeeded and did not happen"),
            (Undoing | UndoParked | Left | Undone, 0, _) => Some("it is undone and did not happen"),
            (Undoing | UndoParked | Left | Undone, ..) => Some("it is undone and still there"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(state: StepState, done: usize, undone: usize) -> bool {
        SagaEffects { done, undone }.contradiction(state).is_none()
    }

    #[test]
    fn only_what_happened_once_may_be_undone_once() {
        for state in StepState::ALL {
            assert!(!said(state, 2, 0) && !said(state, 2, 2) && !said(state, 1, 2));
            assert!(!said(state, 0, 1), "{state}");
        }
    }

    #[test]
    fn an_end_says_what_happened() {
        use StepState::{Failed, Succeeded, Undone, Waiting};
        assert!(said(Succeeded, 1, 0) && !said(Succeeded, 0, 0) && !said(Succeeded, 1, 1));
        assert!(said(Undone, 1, 1) && !said(Undone, 1, 0) && !said(Undone, 0, 0));
        for state in [Failed, Waiting] {
            assert!(said(state, 0, 0) && !said(state, 1, 0) && !said(state, 1, 1));
        }
    }
}
