//! The places at which a process can die, by name, so that tests can kill it at each of them.
//!
//! Programs run with [`NoFaults`], which costs one virtual call per commit. The `testing` feature has
//! plans that stop a world, or stall a real process so that a test can send it SIGKILL.

use std::fmt;
use std::str::FromStr;

/// What a commit was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Recording a new operation, with or without its first claim.
    Accept,
    /// Leasing due operations.
    Claim,
    /// Writing an outcome to the log before a hook runs.
    Record,
    /// Applying an outcome together with the hook's writes.
    Finalize,
    /// Writing and applying an outcome in one commit.
    Settle,
    /// Taking operations from lost workers.
    Reap,
    /// Keeping a callback.
    Receive,
    /// Saying what became of a callback.
    Mark,
    /// A transaction beside those: a turn of a saga, an event that is told, taken or handled, and your own.
    Transaction,
}

/// A place between two instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The statements ran; nothing is durable.
    BeforeCommit(Step),
    /// It is durable; nobody knows yet.
    AfterCommit(Step),
    /// The intent is durable; no byte has left.
    BeforeCall,
    /// The provider answered; nothing is recorded.
    AfterCall,
    /// The hook has written; nothing of it is durable.
    InFinalize,
}

impl Boundary {
    /// Every boundary.
    pub const ALL: [Self; 21] = [
        Self::BeforeCommit(Step::Accept),
        Self::AfterCommit(Step::Accept),
        Self::BeforeCommit(Step::Claim),
        Self::AfterCommit(Step::Claim),
        Self::BeforeCall,
        Self::AfterCall,
        Self::BeforeCommit(Step::Record),
        Self::AfterCommit(Step::Record),
        Self::InFinalize,
        Self::BeforeCommit(Step::Finalize),
        Self::AfterCommit(Step::Finalize),
        Self::BeforeCommit(Step::Settle),
        Self::AfterCommit(Step::Settle),
        Self::BeforeCommit(Step::Reap),
        Self::AfterCommit(Step::Reap),
        Self::BeforeCommit(Step::Receive),
        Self::AfterCommit(Step::Receive),
        Self::BeforeCommit(Step::Mark),
        Self::AfterCommit(Step::Mark),
        Self::BeforeCommit(Step::Transaction),
        Self::AfterCommit(Step::Transaction),
    ];
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::Claim => "claim",
            Self::Record => "record",
            Self::Finalize => "finalize",
            Self::Settle => "settle",
            Self::Reap => "reap",
            Self::Receive => "receive",
            Self::Mark => "mark",
            Self::Transaction => "transaction",
        })
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeCommit(step) => write!(f, "before-{step}-commit"),
            Self::AfterCommit(step) => write!(f, "after-{step}-commit"),
            Self::BeforeCall => f.write_str("before-call"),
            Self::AfterCall => f.write_str("after-call"),
            Self::InFinalize => f.write_str("in-finalize"),
        }
    }
}

/// The text names no boundary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no boundary is called \"{0}\"")]
pub struct UnknownBoundary(String);

impl FromStr for Boundary {
    type Err = UnknownBoundary;

    fn from_str(text: &str) -> Result<Self, UnknownBoundary> {
        Self::ALL
            .into_iter()
            .find(|boundary| boundary.to_string() == text)
            .ok_or_else(|| UnknownBoundary(text.to_owned()))
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Go on.
    Continue,
    /// Behave as if the process had ended here.
    Die,
}

/// Decides the fate of the process at each boundary it reaches.
pub trait FaultPlan: Send + Sync + 'static {
    /// Called at `boundary`. May block for ever.
    fn reach(&self, boundary: Boundary) -> Fate;
}

/// Nothing ever goes wrong on purpose.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoFaults;

impl FaultPlan for NoFaults {
    fn reach(&self, _boundary: Boundary) -> Fate {
        Fate::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for boundary in Boundary::ALL {
            assert_eq!(boundary.to_string().parse(), Ok(boundary));
        }
    }
}
