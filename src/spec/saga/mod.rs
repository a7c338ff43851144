//! Sagas: several operations, and work in our own database, as one.
//!
//! | part | what it says |
//! |---|---|
//! | [`Saga`] | its input, and for how long it may begin steps |
//! | [`Step`] | what it does, what it comes after, and whether the saga can do without it |
//! | [`Compensation`] | what undoes a step |
//!
//! **Invariant:** a saga that was read has from 1 to [`MAX_STEPS`] steps without a cycle, and each operation that
//! one of them names is in the same file.

mod budget;
mod check;
mod compensation;
mod limits;
mod mapping;
mod order;
mod read;
mod tells;
#[cfg(test)]
pub(crate) mod tests;
mod typed;
mod write;

pub use budget::TimeBudget;
pub use limits::{Limits, StepLimits};
pub(crate) use mapping::{Origin, Way, called, names, origin};
pub(super) use read::read;
pub(crate) use typed::fields;
pub(super) use write::table;

use super::Field;
use crate::naming::{self, Name};
use std::fmt;

/// A saga has at most so many steps; the runtime has the same limit.
const MAX_STEPS: usize = 64;

/// Steps that all happen, or whose effects are reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saga {
    /// Its name.
    pub name: Name,
    /// The fields of its input.
    pub fields: Vec<Field>,
    /// For how long it may begin steps; `None` is the runtime's own limit.
    pub time_budget: Option<TimeBudget>,
    /// Whether it can also be choreographed: handlers that hear of events move it on.
    pub choreography: bool,
    /// The fields of its input that its first event carries, and its last one.
    pub tells: Vec<String>,
    /// Its steps in the order of the file.
    pub steps: Vec<Step>,
}

/// One step of a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in `snake_case`, unique in the saga.
    pub name: String,
    /// The steps that have to be done before it begins. Where the file says nothing: the one before it.
    pub after: Vec<String>,
    /// The operation that it is; `None` for work in our own database.
    pub call: Option<Callee>,
    /// What undoes it.
    pub compensation: Compensation,
    /// Whether the saga goes on when it fails.
    pub optional: bool,
    /// How often and for how long its operations are tried, where it says so itself.
    pub limits: StepLimits,
    /// What its events are called, where it says so, and what they carry.
    pub told: Told,
}

/// What the events of a step are called, and what they carry; where the file says nothing, they are called after
/// the step, and carry nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The event that tells that it happened: `UserValidated`.
    pub event: Option<String>,
    /// The event that tells that it did not: `UserValidationFailed`.
    pub failure: Option<String>,
    /// The fields of its result, or of its refusal, that these events carry.
    pub tells: Vec<String>,
}

/// What undoes a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compensation {
    /// Code of the user's: the step works in our own database.
    Code,
    /// An operation.
    Operation(Callee),
    /// Nothing can, or has to; says why.
    None(String),
}

/// An operation as a step names it: `Domain.Event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// Its domain.
    pub domain: Name,
    /// The event that starts it.
    pub event: Name,
}

impl fmt::Display for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain.type_name(), self.event.type_name())
    }
}

impl Step {
    /// `ReserveInventory`.
    fn type_name(&self) -> String {
        naming::pascal_of(&self.name)
    }

    /// The event that tells that it happened.
    #[must_use]
    pub fn event(&self) -> String {
        let named = self.told.event.clone();
        named.unwrap_or_else(|| format!("{}Succeeded", self.type_name()))
    }

    /// The event that tells that it certainly did not happen.
    #[must_use]
    pub fn failure(&self) -> String {
        let named = self.told.failure.clone();
        named.unwrap_or_else(|| format!("{}Failed", self.type_name()))
    }

    /// The event that tells that nobody but a person can say whether it happened.
    #[must_use]
    pub fn in_doubt(&self) -> String {
        format!("{}InDoubt", self.type_name())
    }

    /// The operations that it asks for.
    pub(crate) fn callees(&self) -> impl Iterator<Item = &Callee> {
        let undo = match &self.compensation {
            Compensation::Operation(undo) => Some(undo),
            Compensation::Code | Compensation::None(_) => None,
        };
        self.call.iter().chain(undo)
    }
}

impl Saga {
    /// The steps by their index, in levels: each is in the first one that is below all that it comes after.
    /// Steps of one level do not wait for each other.
    #[must_use]
    pub fn levels(&self) -> Vec<Vec<usize>> {
        order::levels(&self.steps).0
    }
}
