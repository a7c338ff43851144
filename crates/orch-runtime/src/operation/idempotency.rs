//! What the provider promises about a repeated key, and what it says when asked.

use std::time::Duration;

use serde_json::Value;

use crate::clock::{Timestamp, later};

/// How the provider treats the same key sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The same key within `window` of its first use has one effect.
    Keyed {
        /// How long the provider remembers a key, counted from its first use.
        window: Duration,
    },
    /// Every call is a new effect. After a lost answer nothing is sent again until
    /// [`probe`](crate::Orchestrator::probe) says that nothing happened.
    None,
}

impl Idempotency {
    /// For a provider that never forgets a key, because the key is a part of what it keeps: a conditional
    /// write, or a name that is unique. Such a key may be sent again at any time.
    #[must_use]
    pub const fn permanent() -> Self {
        Self::Keyed {
            window: Duration::MAX,
        }
    }

    /// Whether a key first sent at `first_sent` may be sent again at `now` although it may already
    /// have had its effect. A tenth of the window, at most five minutes, is kept as a margin for
    /// clocks that differ.
    #[must_use]
    pub fn covers(self, first_sent: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Keyed { window } => {
                let margin = (window / 10).min(Duration::from_secs(300));
                now < later(first_sent, window.saturating_sub(margin))
            }
            Self::None => false,
        }
    }
}

/// What the provider said when asked whether a call had happened.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// It happened.
    Committed {
        /// What to tell the client.
        message: String,
        /// The provider's name for what it did.
        provider_ref: Option<String>,
        /// What the provider answered, as far as it is worth keeping.
        result: Option<Value>,
    },
    /// It certainly did not happen.
    NotCommitted,
    /// The provider could not say.
    StillUnknown {
        /// Why it could not.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn a_key_is_never_resent_near_or_past_the_end_of_its_window() {
        let keyed = Idempotency::Keyed {
            window: Duration::from_secs(1_000),
        };
        let first = from_millis(0);
        assert!(keyed.covers(first, from_millis(899_999)));
        assert!(!keyed.covers(first, from_millis(900_000)));
        assert!(!Idempotency::None.covers(first, first));
    }

    /// A window that overflows would end at once, or in the past.
    #[test]
    fn a_permanent_key_is_resent_at_any_time() {
        let centuries = from_millis(0) + Duration::from_secs(20_000_000_000);
        for now in [from_millis(0), from_millis(1), centuries] {
            assert!(Idempotency::permanent().covers(from_millis(0), now));
            assert!(Idempotency::permanent().covers(centuries, now));
        }
    }
}
