//! A token bucket: filled by time or by deposits, up to a limit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, between};

/// Tokens, and when time last added to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Bucket {
    tokens: f64,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub(super) refilled_at: Timestamp,
}

impl Bucket {
    pub(super) fn new(now: Timestamp, tokens: f64) -> Self {
        Self {
            tokens,
            refilled_at: now,
        }
    }

    /// Adds what the time since the last refill brings, and `deposit`.
    pub(super) fn refill(&mut self, now: Timestamp, per_second: f64, deposit: f64, limit: f64) {
        let seconds = between(self.refilled_at, now).as_secs_f64();
        // `min` takes the other side when one is no number; `clamp` keeps the sum storable.
        self.tokens = (self.tokens + seconds * per_second + deposit)
            .min(limit)
            .clamp(0.0, f64::from(u32::MAX));
        self.refilled_at = now;
    }

    /// Takes up to `wanted` tokens, and leaves their shares to `sharers` - 1 others.
    pub(super) fn take(&mut self, wanted: u32, sharers: u32) -> u32 {
        let granted = wanted.min(whole(self.tokens).div_ceil(sharers.max(1)));
        self.tokens -= f64::from(granted);
        granted
    }

    /// How long until there is a whole token.
    pub(super) fn wait(&self, per_second: f64) -> Duration {
        let seconds = (1.0 - self.tokens).max(0.0) / per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
fn whole(tokens: f64) -> u32 {
    tokens as u32
}
