//! What sagas say of the operations of their steps, in place of the policies of those who carry them out.
//!
//! An operation of a saga names its step in its key, so whoever leases it, after whichever crash, knows its limits from
//! the program, as it knows the policy. When it has to be over is decided once, and stays in its row.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::operation::limits::StepLimits;
use crate::operation::retry::RetryPolicy;
use crate::store::Lease;

use super::handler::Handler;
use super::{Engine, Inner};

/// Which operation of a step is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The one that does it.
    Does,
    /// The one that undoes it.
    Undoes,
}

/// The steps whose operations an engine carries out, by their names.
#[derive(Debug, Default)]
pub(super) struct Steps(RwLock<[HashMap<&'static str, StepLimits>; 2]>);

impl Steps {
    fn of(&self, step: &str, part: Part) -> Option<StepLimits> {
        // A map is whole whenever its lock is free.
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known[part as usize].get(step).copied()
    }
}

impl Engine {
    /// Has the operations of a step limited; says whether no other saga has other limits for a step of this name, of
    /// which this engine could not tell it.
    #[must_use]
    pub(crate) fn limit(&self, step: &'static str, part: Part, limits: StepLimits) -> bool {
        let mut known = { &self.inner.steps.0 }
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known[part as usize].entry(step).or_insert(limits) == limits
    }

    /// How long the shortest call may take that the engine makes.
    pub(crate) fn shortest_timeout(&self) -> Duration {
        let handlers = self.inner.handlers.values();
        let timeouts = handlers.map(|handler| handler.policy().attempt_timeout);
        timeouts.min().unwrap_or_default()
    }
}

impl Inner {
    /// The policy for the operation of `lease`: its step's, where it is one of a saga.
    pub(super) fn policy(&self, handler: &Arc<dyn Handler>, lease: &Lease) -> RetryPolicy {
        let policy = handler.policy();
        let Some(key) = &lease.saga_key else {
            return policy;
        };
        let mut parts = key.as_str().split('/').skip(1);
        let step = parts.next().unwrap_or_default();
        let part = match parts.next() {
            Some("undo") => Part::Undoes,
            _ => Part::Does,
        };
        let limits = self.steps.of(step, part);
        limits.map_or(policy, |limits| limits.over(policy))
    }
}
