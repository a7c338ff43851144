//! Rate limits: at most so many requests within a sliding window, per name.
//!
//! **Invariant:** no window of the limit's length, wherever it begins, holds more admitted requests
//! than the limit. (A window that jumps, and a leaky bucket, let twice as many through at the seam.)
//! Time is cut into slots of a thirtieth of the window, so a caller may be let in again up to one slot
//! later than exact counting would.
//!
//! Refused requests are not counted: who waits as long as told gets in.
//!
//! Memory is bounded, see [`table`]. The counts are this process's own: several processes each admit
//! the limit.

mod limit;
mod table;
mod window;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

pub use self::limit::{InvalidLimit, RateLimit};

use self::table::Table;

/// Counts requests by name against one limit.
#[derive(Debug)]
pub(super) struct RateLimiter(Option<Mutex<Table>>);

impl RateLimiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        match limit {
            RateLimit::Off => Self(None),
            RateLimit::AtMost { requests, within } => {
                Self(Some(Mutex::new(Table::new(requests, within))))
            }
        }
    }

    /// Counts one request of `name` at `now`, or says how long to wait. `name` is only made when there
    /// is a limit.
    pub(super) fn admit(
        &self,
        now: Timestamp,
        name: impl FnOnce() -> String,
    ) -> Result<(), Duration> {
        let Some(table) = &self.0 else {
            return Ok(());
        };
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        table.admit(name(), now.timestamp_millis())
    }

    /// Whether a request of `name` would be admitted at `now`, or how long to wait. Counts nothing.
    pub(super) fn check(
        &self,
        now: Timestamp,
        name: impl FnOnce() -> String,
    ) -> Result<(), Duration> {
        let Some(table) = &self.0 else {
            return Ok(());
        };
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.is_empty() {
            return Ok(());
        }
        table.check(&name(), now.timestamp_millis())
    }
}
