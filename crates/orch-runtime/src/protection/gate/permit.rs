//! The right to make one call.

use std::sync::Arc;

use crate::clock::Timestamp;

use super::Guarded;
use super::local::Ticket;

/// Whether an operation is called for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// It is.
    Fresh,
    /// It was called before, and this is one more try.
    Repeat,
}

/// What became of a call, as far as the health of the provider goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// The provider answered, be it with a refusal.
    Answered,
    /// No usable answer: a timeout, a broken connection, an error of the provider's own.
    Failed,
    /// The provider asked to be left alone until then. Counts neither as answer nor as failure.
    Paused {
        /// The end of the pause.
        until: Timestamp,
    },
    /// No byte was sent. The call gives back what it took.
    Unsent,
}

/// The right to make one call, from [`Gate::try_enter`](super::Gate::try_enter). Dropped without
/// [`finish`](Self::finish), as when the caller panics, it counts as failed.
#[must_use = "dropped at once, it counts as a failed call"]
#[derive(Debug)]
pub struct Permit {
    guarded: Option<Arc<Guarded>>,
    kind: CallKind,
    probe: Option<Ticket>,
}

impl Permit {
    /// A permit that nobody asks back.
    pub(super) fn free() -> Self {
        Self {
            guarded: None,
            kind: CallKind::Fresh,
            probe: None,
        }
    }

    pub(super) fn new(guarded: Arc<Guarded>, kind: CallKind, probe: Option<Ticket>) -> Self {
        Self {
            guarded: Some(guarded),
            kind,
            probe,
        }
    }

    /// Whether this call finds out for all processes whether the provider is back.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// Gives the permit back and says what became of the call.
    pub fn finish(mut self, result: CallResult) {
        self.end(result);
    }

    fn end(&mut self, result: CallResult) {
        if let Some(guarded) = self.guarded.take() {
            let mut local = guarded.lock();
            local.leave(self.kind, self.probe, result, &guarded.policy);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(CallResult::Failed);
    }
}
