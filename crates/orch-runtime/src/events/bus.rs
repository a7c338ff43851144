//! How an event comes from the outbox to those who handle it.

use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Timestamp, between};
use crate::engine::Shutdown;

use super::claims::Claimed;
use super::envelope::Envelope;

/// Limits of delivering events.
#[derive(Debug, Clone, Copy)]
pub struct BusConfig {
    /// Deliveries of an event before it becomes a dead letter of the handler that fails. Inside the process those count
    /// that failed, at whichever handler of the event; a process that dies with an event uses none up. A NATS server
    /// counts every delivery to the handler, also to a process that died, and only one that fails is the last. So an
    /// event whose handling ends the process, which no panic does, becomes no dead letter.
    pub max_deliveries: u32,
    /// The pause after the first delivery that failed; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest such pause.
    pub longest_pause: Duration,
    /// For how long a relay has an event before another one may take it.
    pub lease: Duration,
    /// How often a relay looks that nobody woke.
    pub poll: Duration,
    /// Events, each of another saga, that a relay has at the same time.
    pub at_once: u32,
}

impl Default for BusConfig {
    /// Five deliveries with pauses of 1 to 60 seconds; 30 seconds; every second; 64 at once.
    fn default() -> Self {
        Self {
            max_deliveries: 5,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            at_once: 64,
        }
    }
}

impl BusConfig {
    /// The pause after so many deliveries that failed.
    #[must_use]
    pub fn pause(&self, failed: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failed.saturating_sub(1));
        let pause = doubled.and_then(|times| self.first_pause.checked_mul(times));
        pause.map_or(self.longest_pause, |pause| pause.min(self.longest_pause))
    }

    /// The pause of an event that only has to wait, half as long as it has waited, as long as that is no try that
    /// failed: no such event is longer on its way than others.
    pub(super) fn left_for(&self, event: &Envelope, now: Timestamp) -> Option<Duration> {
        let age = between(event.timestamp, now);
        let pause = (age / 2).max(self.first_pause).min(self.longest_pause);
        (age.saturating_add(pause) <= self.until_given_up()).then_some(pause)
    }

    /// No event is longer on its way to a handler that gets it: then it is handled, or a dead letter.
    pub(crate) fn until_given_up(&self) -> Duration {
        let once = self.lease.saturating_add(self.pause(self.max_deliveries));
        once.saturating_mul(self.max_deliveries)
    }
}

/// An event could not be published; it is tried again after a pause.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct NotTaken {
    reason: String,
    kind: NotTakenKind,
}

/// Whether it is worth to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotTakenKind {
    /// As often as it takes.
    Later,
    /// It only has to wait: this was no try that failed.
    Left,
    /// It would be refused again.
    Refused,
}

impl NotTaken {
    /// It could not, for `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            kind: NotTakenKind::Later,
        }
    }

    /// The bus never takes such an event, for `reason`. It is asked as often as a handler that fails, and then the
    /// event is a dead letter of everybody who hears it: it would hold up its saga for ever.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self {
            kind: NotTakenKind::Refused,
            ..Self::new(reason)
        }
    }

    /// It only has to wait, such as for another release, which is no try that failed.
    pub(super) fn left(reason: impl Into<String>) -> Self {
        Self {
            kind: NotTakenKind::Left,
            ..Self::new(reason)
        }
    }

    pub(super) fn is_left(&self) -> bool {
        self.kind == NotTakenKind::Left
    }

    pub(super) fn is_refused(&self) -> bool {
        self.kind == NotTakenKind::Refused
    }

    /// It is of a kind that this release does not know; a later one beside it may.
    pub(super) fn unheard() -> Self {
        Self::new("no handler of this process subscribes to this event")
    }
}

/// Brings events to all who handle them, each at least once, those of one saga in their order.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// Sees to it that events can be published. A service asks before it starts.
    ///
    /// # Errors
    /// When they cannot.
    async fn prepare(&self) -> Result<(), NotTaken> {
        Ok(())
    }

    /// Publishes an event. After it, the event is lost neither by a crash nor by a handler that fails. The
    /// relay asks again until it succeeds, and with the next event of the saga only then.
    ///
    /// # Errors
    /// When it could not be published, or not yet; [`NotTaken::refused`] when it never can.
    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken>;

    /// For how long after an event was published a handler may get it again; `None`: for ever. What handlers
    /// know of events is kept that long.
    fn redelivers_for(&self) -> Option<Duration>;

    /// Runs what handles events, until `shutdown`.
    ///
    /// # Errors
    /// When it cannot go on.
    async fn run(&self, shutdown: Shutdown) -> Result<(), NotTaken>;
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use crate::clock::later;
    use crate::ids::SagaId;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let config = BusConfig::default();
        let pauses = [1, 2, 3, 7, 40].map(|failed| config.pause(failed).as_secs());
        assert_eq!(pauses, [1, 2, 4, 60, 60]);
    }

    /// A handler that is still to get an event is waited for by those who come behind it, and not for longer.
    #[test]
    fn what_only_has_to_wait_is_no_longer_on_its_way_than_what_fails() {
        let (config, told) = (BusConfig::default(), Timestamp::UNIX_EPOCH);
        let saga = SagaId::new("TXN_a").unwrap();
        let event = Envelope::new("ItemReserved".to_owned(), (&saga, "a"), told, Map::new());
        let event = event.unwrap();
        let left_for = |age| {
            let pause = config.left_for(&event, later(told, Duration::from_secs(age)));
            pause.map(|pause| pause.as_secs())
        };
        assert_eq!(config.until_given_up(), Duration::from_secs(230));
        let pauses = [0, 1, 30, 120, 170, 171].map(left_for);
        let expected = [Some(1), Some(1), Some(15), Some(60), Some(60), None];
        assert_eq!(pauses, expected);
    }
}
