//! Sagas as this process wrote them last, so that the next turn of one need not read it.
//!
//! **Invariant:** what is kept here is a guess. A turn that was taken from it is written only if the saga's
//! version is still the same, and one that finds nothing to do reads the saga and looks again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ids::SagaId;

use super::record::SagaRecord;

/// Sagas of one generation: when it is full, those of the one before are forgotten.
const GENERATION: usize = 2_048;

/// Longer inputs are read again.
const LONGEST_PAYLOAD: usize = 16_384;

/// What was written last.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<SagaId, SagaRecord>,
    old: HashMap<SagaId, SagaRecord>,
}

impl Known {
    /// Keeps a saga that goes on.
    pub(super) fn keep(&self, saga: SagaRecord) {
        if saga.payload.len() > LONGEST_PAYLOAD {
            return;
        }
        // Maps are whole whenever their lock is free.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.young.len() >= GENERATION {
            kept.old = std::mem::take(&mut kept.young);
        }
        kept.young.insert(saga.id.clone(), saga);
    }

    /// A saga that was kept, for one turn: whoever comes second reads it.
    pub(super) fn take(&self, id: &SagaId) -> Option<SagaRecord> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept.old.remove(id);
        kept.young.remove(id).or(old)
    }
}
