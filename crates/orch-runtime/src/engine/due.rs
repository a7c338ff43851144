//! From when on due operations are looked for.
//!
//! What was claimed leaves traces in the index by which due work is found, and a look from the beginning
//! of time passes all of them until the database has swept up, which a long transaction of somebody else
//! may forbid for hours. Due work is claimed in its order, so a look may begin shortly before the last
//! one's find; once per second it begins at the beginning, for what came in late.
//!
//! Where nothing is left behind, room that becomes free is no reason to look.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

/// How far before the last find a look begins, and how often one begins at the beginning.
const SLACK: chrono::TimeDelta = chrono::TimeDelta::seconds(1);

/// Where the last looks began and what they found.
#[derive(Debug, Default)]
pub(super) struct Due {
    last: Mutex<Option<Last>>,
    /// Whether something is due that was not taken, as far as is known while a look is under way.
    is_left: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    from: Timestamp,
    complete_at: Timestamp,
}

impl Due {
    /// From when on to look now.
    pub(super) fn from(&self, now: Timestamp) -> Timestamp {
        self.is_left.store(true, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some(last) if (now - last.complete_at).abs() < SLACK => last.from,
            _ => {
                let from = Timestamp::UNIX_EPOCH;
                let complete_at = now;
                *last = Some(Last { from, complete_at });
                from
            }
        }
    }

    /// Whether room that becomes free is room for something due.
    pub(super) fn is_left(&self) -> bool {
        self.is_left.load(Ordering::SeqCst)
    }

    /// A look found that nothing is due before `next`.
    pub(super) fn found(&self, next: Option<Timestamp>, now: Timestamp) {
        let is_left = next.is_some_and(|next| next <= now);
        self.is_left.store(is_left, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &mut *last {
            last.from = next.map_or(now, |next| next.min(now)) - SLACK;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_look_begins_shortly_before_the_last_find_and_now_and_then_at_the_beginning() {
        let due = Due::default();
        assert_eq!(due.from(at(0)), Timestamp::UNIX_EPOCH);
        due.found(Some(at(-200)), at(0));
        assert_eq!(due.from(at(500)), at(-1_200));
        due.found(Some(at(60_000)), at(500));
        assert_eq!(due.from(at(900)), at(-500), "never ahead of the clock");
        due.found(None, at(900));
        assert_eq!(due.from(at(950)), at(-100));
        assert_eq!(due.from(at(1_000)), Timestamp::UNIX_EPOCH);
    }

    /// Room that becomes free during a look may be what it lacks.
    #[test]
    fn room_matters_while_looking_and_while_something_is_left() {
        let due = Due::default();
        assert!(!due.is_left());
        for (next, is_left) in [(None, false), (Some(at(0)), true), (Some(at(1)), false)] {
            due.from(at(0));
            assert!(due.is_left());
            due.found(next, at(0));
            assert_eq!(due.is_left(), is_left);
        }
    }

    /// A clock that is set back must not hide work for as long as it was ahead.
    #[test]
    fn a_clock_that_jumps_back_looks_at_everything() {
        let due = Due::default();
        due.from(at(3_600_000));
        due.found(None, at(3_600_000));
        assert_eq!(due.from(at(0)), Timestamp::UNIX_EPOCH);
    }
}
