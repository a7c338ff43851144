//! The loops of an engine: taking due operations, telling the store what still runs, stopping.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::clock::{Timestamp, later};
use crate::store::StoreError;

use super::{Engine, Shutdown};

/// Most operations taken in one claim.
const CLAIM_BATCH: usize = 128;
/// Pause before work that is about to be due, at least.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// How many times longer a process sleeps that is told of work.
const HINTED_POLL: u32 = 5;

/// What a look for due work came to.
#[derive(Debug, Default)]
struct Dispatched {
    taken: usize,
    /// When the earliest operation was due before.
    next_due: Option<Timestamp>,
}

impl Engine {
    /// Takes due operations and runs them until `shutdown`, then waits up to `grace` for what still
    /// runs. Calls that outlive it are left to the Reaper of the next process.
    pub async fn run(&self, mut shutdown: Shutdown, grace: Duration) {
        let mut stop = shutdown.clone();
        tokio::join!(
            self.dispatch_until(&mut shutdown),
            self.heartbeat_until(&mut stop, grace)
        );
    }

    /// Takes operations that are due now, as far as there is room; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dispatch_once(&self) -> Result<usize, StoreError> {
        self.dispatch().await.map(|dispatched| dispatched.taken)
    }

    async fn dispatch(&self) -> Result<Dispatched, StoreError> {
        let inner = &self.inner;
        let now = inner.clock.now();
        if inner.is_draining() {
            return Ok(Dispatched::default());
        }
        let next_due = inner.store.next_due().await?;
        let mut dispatched = Dispatched { taken: 0, next_due };
        if next_due.is_none_or(|due| due > now) {
            return Ok(dispatched);
        }
        let mut slots = self.free_slots();
        if slots.is_empty() {
            return Ok(dispatched);
        }
        let kinds = Arc::clone(&inner.event_types);
        let room = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let leases = inner.store.claim(now, inner.term(now), kinds, room).await?;
        dispatched.taken = leases.len();
        for lease in leases {
            if let Some(slot) = slots.pop() {
                self.spawn_attempt(lease, slot);
            }
        }
        Ok(dispatched)
    }

    /// Stops taking operations and waits for the running ones, up to `grace`; whether all ended.
    pub async fn drain(&self, grace: Duration) -> bool {
        let inner = &self.inner;
        inner.draining.store(true, Ordering::Relaxed);
        let all = u32::try_from(inner.config.concurrency).unwrap_or(u32::MAX);
        tokio::select! {
            biased;
            slots = inner.slots.acquire_many(all) => slots.is_ok(),
            () = inner.clock.sleep(grace) => false,
        }
    }

    async fn dispatch_until(&self, shutdown: &mut Shutdown) {
        let inner = &self.inner;
        while !shutdown.is_requested() {
            let mut pause = self.idle_poll();
            match self.dispatch().await {
                Ok(Dispatched { taken: 0, next_due }) => {
                    let until = next_due.map(|due| (due - inner.clock.now()).to_std());
                    // Due and not taken: there is no room, and a slot that becomes free wakes.
                    pause = until
                        .and_then(Result::ok)
                        .map_or(pause, |until| until.min(pause));
                }
                Ok(Dispatched { taken, .. }) => {
                    tracing::debug!(domain = self.domain(), taken, "dispatched");
                    continue;
                }
                Err(error) => tracing::error!(%error, "due operations could not be taken"),
            }
            tokio::select! {
                () = shutdown.requested() => {}
                () = inner.wake.notified() => {}
                () = inner.store.hinted() => {}
                () = inner.clock.sleep(pause.max(SHORTEST_PAUSE)) => {}
            }
        }
    }

    /// How long to sleep when nothing is due: longer where other processes say what they leave.
    fn idle_poll(&self) -> Duration {
        let poll = self.inner.config.idle_poll;
        if self.inner.store.has_hints() {
            poll * HINTED_POLL
        } else {
            poll
        }
    }

    /// Reports running calls, also while draining.
    async fn heartbeat_until(&self, shutdown: &mut Shutdown, grace: Duration) {
        let inner = &self.inner;
        let draining = async {
            shutdown.requested().await;
            if !self.drain(grace).await {
                tracing::warn!(domain = inner.domain, "stopped with calls still running");
            }
        };
        let beating = async {
            loop {
                inner.clock.sleep(inner.config.heartbeat).await;
                self.heartbeat_once().await;
            }
        };
        tokio::select! {
            () = draining => {}
            () = beating => {}
        }
    }

    /// Extends the leases of all running calls.
    pub async fn heartbeat_once(&self) {
        let inner = &self.inner;
        let beats = inner.in_flight.beats();
        if beats.is_empty() {
            return;
        }
        let expires_at = later(inner.clock.now(), inner.config.lease);
        if let Err(error) = inner.store.heartbeat(beats, expires_at).await {
            tracing::error!(%error, "leases could not be extended");
        }
    }

    fn free_slots(&self) -> Vec<OwnedSemaphorePermit> {
        let slot = || Arc::clone(&self.inner.slots).try_acquire_owned().ok();
        std::iter::from_fn(slot).take(CLAIM_BATCH).collect()
    }
}
