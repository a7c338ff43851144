//! What somebody who advances a saga may begin.
//!
//! All of them note what ended, and decide alike what the saga does next. They differ in what of it they do
//! themselves: of an orchestrated saga everybody does everything; of a choreographed one each step has its
//! handler, and compensations have theirs.

use super::advance::Way;
use super::pattern::SagaPattern;

/// Who advances a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Begins whatever can begin.
    Coordinator,
    /// The handler of one step: begins that one.
    Step(usize),
    /// The handler of failures: begins compensations.
    Compensator,
    /// Begins nothing.
    Observer,
}

impl Role {
    /// What somebody is who learned that something happened and handles no event.
    pub(super) fn of(pattern: SagaPattern) -> Self {
        match pattern {
            SagaPattern::Orchestration => Self::Coordinator,
            SagaPattern::Choreography => Self::Observer,
        }
    }

    /// Whether it may begin this step, or its compensation.
    pub(super) fn may(self, step: usize, way: Way) -> bool {
        match (self, way) {
            (Self::Coordinator, _) | (Self::Compensator, Way::Undo) => true,
            (Self::Step(own), Way::Do) => own == step,
            (Self::Compensator, Way::Do) | (Self::Step(_), Way::Undo) | (Self::Observer, _) => {
                false
            }
        }
    }
}
