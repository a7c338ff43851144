//! What must hold in every run, by name.

use std::fmt;

/// A promise of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// The provider does the thing at most once per operation.
    OneEffect,
    /// COMPLETED means that the provider did it.
    CompletedMeansDone,
    /// FAILED means that the provider did nothing, and never will.
    FailedMeansNothing,
    /// What was acknowledged stays for ever, with the same content.
    AcceptedStays,
    /// A key never has two operations.
    OneOperationPerKey,
    /// Another body under a taken key is refused and changes nothing.
    OtherBodyRefused,
    /// A final state never changes, and a parked one only when a callback about it waits.
    FinalStays,
    /// Fences only grow.
    FenceGrows,
    /// An operation is not taken from a worker before its lease has ended.
    LeaseRespected,
    /// What is written under an older fence changes nothing.
    StaleWriteRefused,
    /// The intent of an attempt is durable, and its lease runs, when the provider is called.
    IntentBeforeCall,
    /// An answer in the log stays until it is applied, and a final state has its answer in the log.
    OutcomeKept,
    /// The finalize hook's writes are there exactly once, and exactly when the operation has ended.
    HookOnce,
    /// Attempts, interruptions and calls stay within their budgets.
    BudgetKept,
    /// Nobody is called to a parked operation without need.
    ParkedWithReason,
    /// A callback whose receipt was acknowledged is in the inbox as it arrived, until long after it was
    /// settled, and is settled once.
    CallbackKept,
    /// What became of a callback is what happened, and an honest provider is never contradicted.
    CallbackJudged,
    /// An operation about which a result was kept ends with it.
    ReportedMeansEnded,
    /// What a saga says of a step is what happened, and of nothing more than once.
    StepTellsTruth,
    /// A compensation is begun once, unless a person asks for it again.
    UndoneOnce,
    /// A saga that was stopped or given up stays so, and one that has ended never changes.
    SagaGoesOn,
    /// A saga that has ended is whole, or nothing of it is there.
    WholeOrUndone,
    /// Sagas lose nothing in our own database, and make nothing.
    Conserved,
    /// When faults stop, every operation and every saga comes to rest, and no callback about one goes on waiting.
    ComesToRest,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneEffect => "one-effect",
            Self::CompletedMeansDone => "completed-means-done",
            Self::FailedMeansNothing => "failed-means-nothing",
            Self::AcceptedStays => "accepted-stays",
            Self::OneOperationPerKey => "one-operation-per-key",
            Self::OtherBodyRefused => "other-body-refused",
            Self::FinalStays => "final-stays",
            Self::FenceGrows => "fence-grows",
            Self::LeaseRespected => "lease-respected",
            Self::StaleWriteRefused => "stale-write-refused",
            Self::IntentBeforeCall => "intent-before-call",
            Self::OutcomeKept => "outcome-kept",
            Self::HookOnce => "hook-once",
            Self::BudgetKept => "budget-kept",
            Self::ParkedWithReason => "parked-with-reason",
            Self::CallbackKept => "callback-kept",
            Self::CallbackJudged => "callback-judged",
            Self::ReportedMeansEnded => "reported-means-ended",
            Self::StepTellsTruth => "step-tells-truth",
            Self::UndoneOnce => "undone-once",
            Self::SagaGoesOn => "saga-goes-on",
            Self::WholeOrUndone => "whole-or-undone",
            Self::Conserved => "conserved",
            Self::ComesToRest => "comes-to-rest",
        })
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) invariant: Invariant,
    pub(super) what: String,
}
