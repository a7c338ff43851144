//! Sagas as this process wrote them last, so that the next turn of one need not read it.
//!
//! **Invariant:** what is kept here is a guess. A turn that was taken from it is written only if the saga's
//! version is still the same, and one that finds nothing to do reads the saga and looks again.

use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use crate::ids::SagaId;

use super::record::SagaRecord;

/// Sagas of one generation: when it is full, those of the one before are forgotten.
const GENERATION: usize = 2_048;

/// Longer sagas are read again: so many bytes of their inputs, of what their steps gave, and of what was said of these.
const LONGEST: usize = 16_384;

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
        if !is_short(&saga) {
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

/// Whether the texts of a saga together are at most [`LONGEST`]. Its other fields have limits of their own.
fn is_short(saga: &SagaRecord) -> bool {
    let mut room = Room(LONGEST);
    let mut takes = |text: &str| room.write_all(text.as_bytes()).is_ok();
    let mut errors = saga.steps.iter().filter_map(|step| step.error.as_ref());
    if !takes(&saga.payload) || !errors.all(|error| takes(&error.message)) {
        return false;
    }
    let mut results = saga.steps.iter().filter_map(|step| step.result.as_ref());
    results.all(|result| serde_json::to_writer(&mut room, result).is_ok())
}

/// So many bytes can be written, and are forgotten.
struct Room(usize);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::OwnerId;
    use crate::saga::pattern::SagaPattern;
    use crate::saga::record::{StepError, StepRecord};
    use crate::saga::state::SagaState;

    /// A saga with as many letters as these in its input, in what its step gave, and in what was said of it.
    fn saga(input: usize, result: usize, error: usize) -> SagaRecord {
        let now = Timestamp::UNIX_EPOCH;
        let text = |letters: usize| "x".repeat(letters);
        SagaRecord {
            id: SagaId::new("TXN_a").unwrap(),
            owner_id: OwnerId::anonymous(),
            pattern: SagaPattern::Orchestration,
            payload: text(input),
            state: SagaState::InProgress,
            stop: None,
            deadline_at: now,
            created_at: now,
            updated_at: now,
            completed_at: None,
            steps: vec![StepRecord {
                result: Some(serde_json::json!({ "answer": [text(result)] })),
                error: Some(StepError {
                    code: "REFUSED".to_owned(),
                    message: text(error),
                }),
                ..StepRecord::waiting("pay")
            }],
            version: 1,
            look_at: None,
        }
    }

    /// Thousands of answers of a megabyte each would fill the memory of the process.
    #[test]
    fn a_long_saga_is_read_again_whatever_makes_it_long() {
        let is_kept = |saga: SagaRecord| {
            let (known, id) = (Known::default(), saga.id.clone());
            known.keep(saga);
            known.take(&id).is_some()
        };
        assert!(is_kept(saga(8_000, 4_000, 4_000)));
        assert!(!is_kept(saga(17_000, 0, 0)));
        assert!(!is_kept(saga(0, 1 << 20, 0)));
        assert!(!is_kept(saga(0, 0, 17_000)));
        assert!(!is_kept(saga(6_000, 6_000, 6_000)), "all of it counts");
    }
}
