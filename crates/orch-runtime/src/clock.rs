//! Time, as a value that tests can wind.
//!
//! Nothing in this crate reads the system clock but [`SystemClock`]. Stores are handed `now`; loops
//! and time limits wait through [`Clock::sleep`].

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A point in time, UTC, kept to the millisecond.
pub type Timestamp = DateTime<Utc>;

/// A boxed wait, as [`Clock::sleep`] returns it.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The current time, cut to whole milliseconds (what every store keeps).
    fn now(&self) -> Timestamp;

    /// Ends when `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        from_millis(to_millis(std::time::SystemTime::now().into()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that waits on the machine's clock"
    )]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Milliseconds since 1970, the form in which SQLite keeps times.
pub(crate) fn to_millis(time: Timestamp) -> i64 {
    time.timestamp_millis()
}

/// The time that is `millis` milliseconds after 1970; values no calendar holds become 1970 itself.
pub(crate) fn from_millis(millis: i64) -> Timestamp {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// `time + duration`, stopping at the last representable time instead of overflowing.
pub(crate) fn later(time: Timestamp, duration: Duration) -> Timestamp {
    chrono::TimeDelta::from_std(duration)
        .ok()
        .and_then(|delta| time.checked_add_signed(delta))
        .unwrap_or(Timestamp::MAX_UTC)
}

/// `time - duration`, stopping at the first representable time instead of overflowing.
pub(crate) fn earlier(time: Timestamp, duration: Duration) -> Timestamp {
    chrono::TimeDelta::from_std(duration)
        .ok()
        .and_then(|delta| time.checked_sub_signed(delta))
        .unwrap_or(Timestamp::MIN_UTC)
}

/// How long it is from `start` to `end`; nothing when `end` comes first.
pub(crate) fn between(start: Timestamp, end: Timestamp) -> Duration {
    end.signed_duration_since(start)
        .to_std()
        .unwrap_or_default()
}
