//! When to try again, and when to stop.

use std::time::Duration;

/// The limits of one kind of operation.
///
/// Backoff before attempt *n* + 1 is `base · 2^(n−1)`, at most `cap`, spread by `jitter_percent` both
/// ways; a `Retry-After` of the provider wins over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts with an answer, or with a timeout, before giving up.
    pub max_attempts: u32,
    /// First backoff.
    pub base: Duration,
    /// Longest backoff, before jitter.
    pub cap: Duration,
    /// How far the backoff is spread, in percent of itself.
    pub jitter_percent: u32,
    /// From acceptance to the last moment at which an attempt may start.
    pub time_budget: Duration,
    /// How long one call may take. Always shorter than the lease.
    pub attempt_timeout: Duration,
    /// How long after the end of an attempt its effect may still appear at the provider. A probe that
    /// finds nothing is believed only afterwards.
    pub settling: Duration,
    /// Workers that may be lost on one operation before a person must look.
    pub max_interruptions: u32,
    /// Times the provider is asked about a lost answer before the operation is parked.
    pub max_probes: u32,
}

impl Default for RetryPolicy {
    /// Three attempts in one hour, 5 s · 2^(n−1) up to 300 s ± 10 %, 10 s per call and 60 s for it to
    /// settle.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_secs(5),
            cap: Duration::from_secs(300),
            jitter_percent: 10,
            time_budget: Duration::from_secs(3_600),
            attempt_timeout: Duration::from_secs(10),
            settling: Duration::from_secs(60),
            max_interruptions: 5,
            max_probes: 5,
        }
    }
}

impl RetryPolicy {
    /// The wait after attempt `attempt` (counted from 1). `spread` picks the place within the jitter:
    /// 0 is its lower end, `u32::MAX` its upper end. Never overflows.
    #[must_use]
    pub fn backoff(&self, attempt: u32, spread: u32) -> Duration {
        let factor = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let plain = self.base.saturating_mul(factor).min(self.cap);
        let jitter = f64::from(self.jitter_percent) / 100.0;
        let place = f64::from(spread) / f64::from(u32::MAX) * 2.0 - 1.0;
        plain.mul_f64((1.0 + jitter * place).max(0.0))
    }
}

/// A place within the jitter that depends only on the operation and the attempt: operations that
/// failed together do not come back together, and a test sees the same wait twice. (FNV-1a.)
pub(crate) fn spread(op_id: &str, attempt: u32) -> u32 {
    let seed = 0x811c_9dc5_u32 ^ attempt.wrapping_mul(0x9e37_79b9);
    let hash = op_id.bytes().fold(seed, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn doubles_from_five_seconds_to_the_cap() {
        let policy = RetryPolicy {
            jitter_percent: 0,
            ..RetryPolicy::default()
        };
        let waits: Vec<u64> = (1..=8).map(|n| policy.backoff(n, 0).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    }

    proptest! {
        #[test]
        fn stays_within_the_cap_and_its_jitter(attempt in 1_u32.., spread: u32) {
            let policy = RetryPolicy::default();
            let wait = policy.backoff(attempt, spread);
            prop_assert!(wait >= policy.base.mul_f64(0.89) && wait <= policy.cap.mul_f64(1.11));
        }

        #[test]
        fn never_shrinks_from_one_attempt_to_the_next(attempt in 1_u32..u32::MAX, spread: u32) {
            let policy = RetryPolicy { jitter_percent: 0, ..RetryPolicy::default() };
            prop_assert!(policy.backoff(attempt + 1, spread) >= policy.backoff(attempt, spread));
        }
    }
}
