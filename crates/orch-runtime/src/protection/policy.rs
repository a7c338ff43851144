//! What a lane is protected by, and where the limits are.

use std::time::Duration;

/// The span over which a lane counts when it has no breaker that names one.
pub(super) const DEFAULT_WINDOW: Duration = Duration::from_secs(10);

/// The limits of one lane. All processes of a lane should have the same; while they differ, as during
/// a deployment, each is held to its own.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtectionPolicy {
    /// Stops calls while too many of them fail.
    pub breaker: Option<BreakerPolicy>,
    /// Calls that may be under way at the same time, in all processes together.
    pub bulkhead: Option<u32>,
    /// Calls per time, in all processes together.
    pub rate: Option<Rate>,
    /// How many of the calls may be repetitions.
    pub retry_budget: Option<RetryBudget>,
    /// How long a provider may close the lane with `Retry-After`; a longer wish is cut to this.
    /// Without it, a wish for a pause holds for the operation that got it and not for the lane.
    pub longest_pause: Option<Duration>,
}

impl Default for ProtectionPolicy {
    /// Breaker, retry budget, and pauses of up to an hour; neither bulkhead nor rate limit.
    fn default() -> Self {
        Self {
            breaker: Some(BreakerPolicy::default()),
            bulkhead: None,
            rate: None,
            retry_budget: Some(RetryBudget::default()),
            longest_pause: Some(Duration::from_secs(3_600)),
        }
    }
}

impl ProtectionPolicy {
    /// No protection: every call goes.
    #[must_use]
    pub fn off() -> Self {
        Self {
            breaker: None,
            bulkhead: None,
            rate: None,
            retry_budget: None,
            longest_pause: None,
        }
    }

    /// Whether anything can ever be refused.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::off()
    }

    /// Whether the limits make sense.
    ///
    /// # Errors
    /// Names the first that does not.
    pub fn check(&self) -> Result<(), PolicyError> {
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        if self.bulkhead == Some(0) {
            return Err(PolicyError("bulkhead: must be at least 1"));
        }
        if let Some(rate) = &self.rate {
            rate.check()?;
        }
        if let Some(budget) = &self.retry_budget {
            budget.check()?;
        }
        if self.longest_pause == Some(Duration::ZERO) {
            return Err(PolicyError("longest_pause: must be longer than nothing"));
        }
        Ok(())
    }

    /// The span over which the lane counts answers.
    pub(super) fn window(&self) -> Duration {
        let window = self.breaker.as_ref().map(|breaker| breaker.window);
        window.unwrap_or(DEFAULT_WINDOW)
    }
}

/// When a lane is closed because its calls fail, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerPolicy {
    /// The span over which calls are counted; 100 ms to an hour.
    pub window: Duration,
    /// With fewer answers than this in the window, the lane stays open.
    pub min_calls: u32,
    /// The share of failures at which the lane is closed; above 0, at most 1.
    pub failure_rate: f64,
    /// How long nothing is sent before one call may find out whether the provider is back. Doubles
    /// with each such call that fails.
    pub open_for: Duration,
    /// The longest of these times.
    pub open_for_at_most: Duration,
}

impl Default for BreakerPolicy {
    /// Half of at least 20 calls in 10 s; 30 s, up to 5 min.
    fn default() -> Self {
        Self {
            window: DEFAULT_WINDOW,
            min_calls: 20,
            failure_rate: 0.5,
            open_for: Duration::from_secs(30),
            open_for_at_most: Duration::from_secs(300),
        }
    }
}

impl BreakerPolicy {
    /// Whether so many failures among so many answers close the lane.
    pub(super) fn trips(&self, successes: u32, failures: u32) -> bool {
        let answers = successes.saturating_add(failures);
        failures > 0
            && answers >= self.min_calls
            && f64::from(failures) >= self.failure_rate * f64::from(answers)
    }

    /// How long nothing is sent after the `streak`-th failure in a row, counted from 1.
    pub(super) fn open_for(&self, streak: u32) -> Duration {
        let factor = 1_u32
            .checked_shl(streak.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let plain = self.open_for.saturating_mul(factor);
        plain.min(self.open_for_at_most)
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.window < Duration::from_millis(100) || self.window > Duration::from_secs(3_600) {
            return Err(PolicyError("breaker.window: must be 100 ms to 1 h"));
        }
        if self.min_calls == 0 {
            return Err(PolicyError("breaker.min_calls: must be at least 1"));
        }
        if !(self.failure_rate > 0.0 && self.failure_rate <= 1.0) {
            return Err(PolicyError(
                "breaker.failure_rate: must be above 0 and at most 1",
            ));
        }
        if self.open_for.is_zero() {
            return Err(PolicyError("breaker.open_for: must be longer than nothing"));
        }
        if self.open_for_at_most < self.open_for {
            return Err(PolicyError(
                "breaker.open_for_at_most: must not be shorter than breaker.open_for",
            ));
        }
        Ok(())
    }
}

/// Calls per time: a token bucket. It limits when calls are granted; processes make them within the
/// next two seconds, or give them back.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// Calls per second in the long run; above 0, may be a fraction.
    pub per_second: f64,
    /// Calls that may come at once after a quiet time; at least one, and at least a twentieth of
    /// `per_second`, because processes share out the bucket up to twenty times per second.
    pub burst: u32,
}

impl Rate {
    fn check(&self) -> Result<(), PolicyError> {
        if !(self.per_second.is_finite() && self.per_second > 0.0) {
            return Err(PolicyError("rate.per_second: must be a number above 0"));
        }
        if self.burst == 0 || f64::from(self.burst) < self.per_second / 20.0 {
            return Err(PolicyError(
                "rate.burst: must be at least 1 and at least a twentieth of rate.per_second",
            ));
        }
        Ok(())
    }
}

/// How many repetitions there may be: a share of the fresh calls, and a few per second on top.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryBudget {
    /// Repetitions per fresh call; 0 to 10.
    pub ratio: f64,
    /// Repetitions per second that are allowed without any fresh call.
    pub floor_per_second: u32,
}

impl Default for RetryBudget {
    /// A fifth of the fresh calls, and ten per second.
    fn default() -> Self {
        Self {
            ratio: 0.2,
            floor_per_second: 10,
        }
    }
}

impl RetryBudget {
    fn check(&self) -> Result<(), PolicyError> {
        if !(0.0..=10.0).contains(&self.ratio) {
            return Err(PolicyError("retry_budget.ratio: must be 0 to 10"));
        }
        if self.ratio == 0.0 && self.floor_per_second == 0 {
            return Err(PolicyError(
                "retry_budget: a ratio and a floor of 0 would stop all repetitions",
            ));
        }
        Ok(())
    }
}

/// A limit that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(&'static str);

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut ProtectionPolicy, &mut BreakerPolicy)) -> String {
        let mut policy = ProtectionPolicy::default();
        let mut breaker = BreakerPolicy::default();
        change(&mut policy, &mut breaker);
        policy.breaker = Some(breaker);
        policy.check().unwrap_err().to_string()
    }

    #[test]
    fn the_ready_made_policies_make_sense() {
        assert_eq!(ProtectionPolicy::default().check(), Ok(()));
        assert_eq!(ProtectionPolicy::off().check(), Ok(()));
        assert!(ProtectionPolicy::off().is_off() && !ProtectionPolicy::default().is_off());
    }

    /// A limit that is no number would make every comparison with it false, and protect nothing.
    #[test]
    fn a_limit_without_sense_is_refused_by_name() {
        for number in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            let rate = Rate {
                per_second: number,
                burst: 5,
            };
            let problem = refusal(|policy, _| policy.rate = Some(rate));
            assert!(problem.starts_with("rate.per_second"), "{number}");
            let problem = refusal(|_, breaker| breaker.failure_rate = number);
            assert!(problem.starts_with("breaker.failure_rate"), "{number}");
        }
        for ratio in [f64::NAN, f64::INFINITY, -0.1] {
            let budget = RetryBudget {
                ratio,
                floor_per_second: 1,
            };
            let problem = refusal(|policy, _| policy.retry_budget = Some(budget));
            assert!(problem.starts_with("retry_budget.ratio"), "{ratio}");
        }
        let slow = Rate {
            per_second: 100.0,
            burst: 4,
        };
        assert!(refusal(|policy, _| policy.rate = Some(slow)).starts_with("rate.burst"));
        assert!(refusal(|policy, _| policy.bulkhead = Some(0)).starts_with("bulkhead"));
        assert!(refusal(|_, breaker| breaker.min_calls = 0).starts_with("breaker.min_calls"));
        assert!(refusal(|_, b| b.window = Duration::ZERO).starts_with("breaker.window"));
        assert!(refusal(|_, b| b.open_for = Duration::ZERO).starts_with("breaker.open_for:"));
    }

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let breaker = BreakerPolicy::default();
        let waits: Vec<u64> = (1..=6).map(|n| breaker.open_for(n).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
        assert_eq!(breaker.open_for(u32::MAX).as_secs(), 300);
    }
}
