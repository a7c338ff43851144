//! A clock that moves only when told to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Sleep, Timestamp, from_millis, later};

/// A clock that stands still until [`advance`](Self::advance). Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl Default for ManualClock {
    /// Starts at 2025-01-01T00:00:00Z.
    fn default() -> Self {
        Self {
            now: Arc::new(watch::Sender::new(from_millis(1_735_689_600_000))),
        }
    }
}

impl ManualClock {
    /// Moves on by `duration`; everything that waited for a time until then goes on.
    pub fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| *now = later(*now, duration));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let until = later(self.now(), duration);
        let mut time = self.now.subscribe();
        Box::pin(async move {
            let _ = time.wait_for(|now| *now >= until).await;
        })
    }
}
