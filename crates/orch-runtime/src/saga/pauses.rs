//! How long sagas wait before somebody looks at them again, and before a person has to.

use std::time::Duration;

use crate::clock::{Timestamp, later};

use super::record::SagaRecord;

/// For so long a compensation that the database refuses is begun again at every look.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// The longest pause between two looks at a saga of which nobody hears.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// When somebody has to look at a saga the next time, whatever is missed meanwhile: the rarer, the longer
/// nothing has happened, and at its deadline.
pub(super) fn look_at(saga: &SagaRecord, now: Timestamp, every: Duration) -> Timestamp {
    let quiet = (now - saga.updated_at).to_std().unwrap_or_default();
    let next = later(now, (quiet / 2).clamp(every, LONGEST.max(every)));
    match saga.deadline_at > now {
        true => next.min(saga.deadline_at),
        false => next,
    }
}
