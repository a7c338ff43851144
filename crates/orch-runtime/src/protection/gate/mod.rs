//! The part of a lane's protection that stands in one process, in front of every call.
//!
//! ```text
//!   let permit = gate.try_enter(CallKind::Fresh, now)?;   // before the operation is claimed
//!   permit.finish(CallResult::Answered);                  // or dropped: the answer is unknown
//! ```
//!
//! Beside it, one loop waits until [`Gate::next_sync`], hands [`Gate::report`] to
//! [`LaneStore::sync`](super::LaneStore::sync) and what comes back to [`Gate::apply`]; then it wakes
//! what was refused. When the store fails, it does nothing: the next report says it again.
//!
//! **Invariant:** nothing enters on knowledge older than ten seconds, nor beyond what was granted.

mod demand;
#[cfg(test)]
mod fleet;
mod local;
mod permit;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;

use self::local::Local;
pub use self::permit::{CallKind, CallResult, Permit};
use super::lane::{LaneGrant, LaneReport};
use super::policy::ProtectionPolicy;

/// One process's gate to one lane. Clones are the same gate. It locks for some tens of nanoseconds,
/// and not at all when the policy is off.
#[derive(Debug, Clone)]
pub struct Gate {
    process: Arc<str>,
    guarded: Option<Arc<Guarded>>,
}

/// What clones and permits share.
#[derive(Debug)]
struct Guarded {
    policy: ProtectionPolicy,
    local: Mutex<Local>,
}

impl Guarded {
    fn lock(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// A gate that knows nothing of the lane yet: the first call waits for the first sync. `process`
    /// is the name of this process, which no other running one has.
    #[must_use]
    pub fn new(process: impl Into<Arc<str>>, policy: ProtectionPolicy) -> Self {
        let guarded = (!policy.is_off()).then(|| {
            Arc::new(Guarded {
                policy,
                local: Mutex::new(Local::default()),
            })
        });
        Self {
            process: process.into(),
            guarded,
        }
    }

    /// Lets a call pass, or says when to try again. A refusal counts as a wish: the next report asks
    /// for what was lacking.
    ///
    /// # Errors
    /// When the call must not be made now.
    pub fn try_enter(&self, kind: CallKind, now: Timestamp) -> Result<Permit, Refused> {
        let Some(guarded) = &self.guarded else {
            return Ok(Permit::free());
        };
        let ticket = guarded.lock().enter(kind, now, &guarded.policy)?;
        Ok(Permit::new(Arc::clone(guarded), kind, ticket))
    }

    /// How many calls would pass now. Only a look: unlike a refused [`try_enter`](Self::try_enter), it
    /// asks for nothing.
    #[must_use]
    pub fn room(&self, now: Timestamp) -> Room {
        match &self.guarded {
            None => Room::UNLIMITED,
            Some(guarded) => guarded.lock().room(now, &guarded.policy),
        }
    }

    /// When to report next; the last representable time when there is nothing to say. May have
    /// passed, and changes with every call: look again after calls were refused or finished.
    #[must_use]
    pub fn next_sync(&self, now: Timestamp) -> Timestamp {
        match &self.guarded {
            None => Timestamp::MAX_UTC,
            Some(guarded) => guarded.lock().next_sync(now, &guarded.policy),
        }
    }

    /// What happened since the last report that was answered, and what is needed. What it gives back
    /// is gone from here at once.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> LaneReport {
        let report = LaneReport::idle(Arc::clone(&self.process));
        match &self.guarded {
            None => report,
            Some(guarded) => guarded.lock().report(report, now, &guarded.policy),
        }
    }

    /// Takes the answer to the last report.
    pub fn apply(&self, grant: LaneGrant) {
        if let Some(guarded) = &self.guarded {
            guarded.lock().apply(grant, &guarded.policy);
        }
    }
}

/// How many calls would pass now; `usize::MAX` where nothing limits them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// First calls of operations.
    pub fresh: usize,
    /// Repetitions: never more than `fresh`, and they take their room from it.
    pub repeat: usize,
}

impl Room {
    const UNLIMITED: Self = Self {
        fresh: usize::MAX,
        repeat: usize::MAX,
    };
}

/// The call must not be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider is protected from this call: {reason}")]
pub struct Refused {
    /// Trying before this is of no use, unless a report is answered sooner. When it has passed
    /// already, a report is due.
    pub retry_at: Timestamp,
    /// What stands against it.
    pub reason: Reason,
}

/// What stands against a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Too many calls failed.
    Breaker,
    /// The provider asked to be left alone.
    Paused,
    /// Too many calls are under way.
    Bulkhead,
    /// Too many calls were made lately.
    Rate,
    /// Too many of the calls are repetitions.
    RetryBudget,
    /// This process has not asked lately what the lane allows. Not a word about the lane: report, and
    /// try again.
    Unsynced,
}

impl Reason {
    /// Its name: `breaker`, `paused`, `bulkhead`, `rate`, `retry_budget` or `unsynced`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Paused => "paused",
            Self::Bulkhead => "bulkhead",
            Self::Rate => "rate",
            Self::RetryBudget => "retry_budget",
            Self::Unsynced => "unsynced",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
