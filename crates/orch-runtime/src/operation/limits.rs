//! What a step of a saga says in place of the policy of its operation.

use std::time::Duration;

use super::retry::RetryPolicy;

/// The limits of one step of a saga. What is `None` is as the operation's own [`RetryPolicy`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepLimits {
    /// Attempts with an answer, or with a timeout, before giving up.
    pub max_attempts: Option<u32>,
    /// First backoff.
    pub base: Option<Duration>,
    /// Longest backoff, before jitter.
    pub cap: Option<Duration>,
    /// From when the step begins to the last moment at which an attempt may start.
    pub time_budget: Option<Duration>,
}

impl StepLimits {
    /// None of its own.
    pub const NONE: Self = Self {
        max_attempts: None,
        base: None,
        cap: None,
        time_budget: None,
    };

    /// The policy of the operation, as it is for the step.
    #[must_use]
    pub fn over(&self, policy: RetryPolicy) -> RetryPolicy {
        RetryPolicy {
            max_attempts: self.max_attempts.unwrap_or(policy.max_attempts),
            base: self.base.unwrap_or(policy.base),
            cap: self.cap.unwrap_or(policy.cap),
            time_budget: self.time_budget.unwrap_or(policy.time_budget),
            ..policy
        }
    }

    /// What contradicts itself, if something does.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        let is_below = |cap: Duration| self.base.is_some_and(|base| base > cap);
        [
            (
                self.max_attempts == Some(0),
                "`max_attempts` is 0, and a step is tried at least once",
            ),
            (
                is_zero(self.time_budget),
                "`time_budget` is 0, and no attempt could start",
            ),
            (
                self.cap.is_some_and(is_below),
                "`base`, its first backoff, is longer than `cap`, its longest one",
            ),
        ]
        .into_iter()
        .find_map(|(is_so, what)| is_so.then_some(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_the_policy_says() {
        let policy = RetryPolicy::default();
        assert_eq!(StepLimits::NONE.over(policy), policy);
        let limits = StepLimits {
            max_attempts: Some(5),
            cap: Some(Duration::from_secs(7)),
            ..StepLimits::NONE
        };
        let expected = RetryPolicy {
            max_attempts: 5,
            cap: Duration::from_secs(7),
            ..policy
        };
        assert_eq!(limits.over(policy), expected);
    }
}
