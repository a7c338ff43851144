//! The requests of one name in the last window, counted by slots.

use std::time::Duration;

/// Slots per window.
const SLOTS: i64 = 30;
/// A window that begins inside a slot touches one slot more.
const KEPT: usize = SLOTS as usize + 1;

/// The lengths of window and slot, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    slot: i64,
}

impl Scale {
    pub(super) fn new(window: Duration) -> Self {
        let millis = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        Self {
            slot: millis.saturating_add(SLOTS - 1) / SLOTS,
        }
    }
}

/// Counts of the last slots; the count of slot `n` stands at `n mod KEPT`.
#[derive(Debug, Clone)]
pub(super) struct Window {
    newest: i64,
    counts: [u32; KEPT],
}

impl Window {
    pub(super) fn new(now: i64, scale: Scale) -> Self {
        Self {
            newest: now.div_euclid(scale.slot),
            counts: [0; KEPT],
        }
    }

    /// Counts a request at `now`, or says how long until one may be counted. A clock that went back
    /// does not open the window again.
    pub(super) fn admit(&mut self, now: i64, scale: Scale, limit: u32) -> Result<(), Duration> {
        self.check(now, scale, limit)?;
        self.counts[at(self.newest)] += 1;
        Ok(())
    }

    /// Whether a request at `now` may be counted, or how long until one may.
    pub(super) fn check(&mut self, now: i64, scale: Scale, limit: u32) -> Result<(), Duration> {
        self.advance(now, scale);
        if self.total() < limit {
            return Ok(());
        }
        let wait = self.free_at(scale, limit).saturating_sub(now).max(1);
        Err(Duration::from_millis(wait.unsigned_abs()))
    }

    /// Requests in the window that ends now.
    pub(super) fn count(&mut self, now: i64, scale: Scale) -> u32 {
        self.advance(now, scale);
        self.total()
    }

    fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// Forgets the slots that have left the window.
    fn advance(&mut self, now: i64, scale: Scale) {
        let slot = now.div_euclid(scale.slot);
        let passed = slot.saturating_sub(self.newest);
        for slot in (self.newest..slot).take(KEPT) {
            self.counts[at(slot + 1)] = 0;
        }
        if passed > 0 {
            self.newest = slot;
        }
    }

    /// When enough requests have left the window for one more.
    fn free_at(&self, scale: Scale, limit: u32) -> i64 {
        let mut left = self.total();
        let oldest = self.newest - SLOTS;
        for slot in oldest..=self.newest {
            left -= self.counts[at(slot)];
            if left < limit {
                return (slot + SLOTS + 1) * scale.slot;
            }
        }
        (self.newest + SLOTS + 1) * scale.slot
    }
}

fn at(slot: i64) -> usize {
    usize::try_from(slot.rem_euclid(KEPT as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;

    fn minute() -> Scale {
        Scale::new(Duration::from_secs(60))
    }

    #[test]
    fn the_seam_of_two_windows_lets_no_burst_through() {
        let mut window = Window::new(0, minute());
        for at in [59_999; 5] {
            assert!(window.admit(at, minute(), 5).is_ok());
        }
        assert!(window.admit(60_001, minute(), 5).is_err());
        assert!(window.admit(110_000, minute(), 5).is_err());
        assert!(window.admit(122_000, minute(), 5).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_opens_nothing() {
        let mut window = Window::new(10 * MINUTE, minute());
        assert!(window.admit(10 * MINUTE, minute(), 1).is_ok());
        assert!(window.admit(0, minute(), 1).is_err());
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(
            steps in proptest::collection::vec(0_i64..30_000, 1..200), limit in 1_u32..8,
        ) {
            let (mut now, mut admitted) = (1_000_000_i64, Vec::new());
            let mut window = Window::new(now, minute());
            for step in steps {
                now += step;
                if window.admit(now, minute(), limit).is_ok() {
                    admitted.push(now);
                }
            }
            for (at, first) in admitted.iter().enumerate() {
                let within = admitted[at..].iter().filter(|time| *time - first < MINUTE).count();
                prop_assert!(within <= limit as usize);
            }
        }

        #[test]
        fn who_waits_as_told_gets_in_and_waits_at_most_one_slot_too_long(
            steps in proptest::collection::vec(0_i64..30_000, 1..100), limit in 1_u32..4,
        ) {
            let mut now = 1_000_000_i64;
            let mut window = Window::new(now, minute());
            for step in steps {
                now += step;
                if let Err(wait) = window.clone().admit(now, minute(), limit) {
                    prop_assert!(wait <= Duration::from_secs(62));
                    let then = now + i64::try_from(wait.as_millis()).unwrap();
                    prop_assert!(window.clone().admit(then, minute(), limit).is_ok());
                    prop_assert!(window.clone().admit(then - 1, minute(), limit).is_err());
                }
                let _ = window.admit(now, minute(), limit);
            }
        }
    }
}
