//! Looks for new tasks at an interval, for apalis.
//!
//! Its own interval arms the next timer only when it is asked once more, so a fetch that finds nothing
//! and takes longer than the interval is followed by none, until the next heartbeat in 30 seconds. This
//! one is always armed.

use std::task::{Context, Poll};
use std::time::Duration;

use apalis::prelude::*;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Between looks. Ends are recorded at a look, too.
const PERIOD: Duration = Duration::from_millis(10);

/// A timer.
#[derive(Debug)]
pub(crate) struct Looks(Interval);

impl Looks {
    pub(crate) fn new() -> Self {
        let mut timer = interval(PERIOD);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(timer)
    }
}

impl PollStrategy for Looks {
    /// Never ready: it is enough to be woken, and what stands behind it should be asked as well.
    fn poll_drive(&mut self, context: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        while self.0.poll_tick(context).is_ready() {}
        Poll::Pending
    }
}
