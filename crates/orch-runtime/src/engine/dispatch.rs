//! The loops of an engine: taking due operations, telling the store what still runs, stopping.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::protection::CallKind;
use crate::store::{Claim, StoreError};

use super::lane::{Pass, Room};
use super::{Engine, Shutdown};

/// Pause before work that is about to be due, at least.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// How many times longer a process sleeps that is told of work.
const HINTED_POLL: u32 = 5;

/// What a look for due work came to.
#[derive(Debug, Default)]
struct Dispatched {
    taken: usize,
    /// From when on due operations were looked for.
    from: Timestamp,
    /// When the earliest operation was due before.
    next_due: Option<Timestamp>,
    /// When the provider may be called again, if it must not be called now.
    refused_until: Option<Timestamp>,
}

impl Engine {
    /// Takes due operations and runs them until `shutdown`, then waits up to `grace` for what still
    /// runs. Calls that outlive it are left to the Reaper of the next process.
    pub async fn run(&self, mut shutdown: Shutdown, grace: Duration) {
        let (mut stop, mut end) = (shutdown.clone(), shutdown.clone());
        tokio::join!(
            self.dispatch_until(&mut shutdown),
            self.protect_until(&mut end),
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
        let from = inner.due.from(now);
        let next_due = inner.store.next_due(from).await?;
        inner.due.found(next_due, now);
        let mut dispatched = Dispatched {
            next_due,
            from,
            ..Dispatched::default()
        };
        if next_due.is_none_or(|due| due > now) {
            return Ok(dispatched);
        }
        if !inner.lane.is_protected() {
            dispatched.taken = self.take(None, now, &mut dispatched).await?;
            return Ok(dispatched);
        }
        // Repetitions first, now and then: their budget keeps them from taking all the room.
        let looked = inner.lane.repeats_are_due(now);
        let repeat = Some(CallKind::Repeat);
        if looked {
            dispatched.taken = self.take(repeat, now, &mut dispatched).await?;
        }
        let fresh = self
            .take(Some(CallKind::Fresh), now, &mut dispatched)
            .await?;
        dispatched.taken += fresh;
        if fresh == 0 && !looked {
            dispatched.taken += self.take(repeat, now, &mut dispatched).await?;
        }
        Ok(dispatched)
    }

    /// Takes due operations of one kind, as far as calls of it may be made; says how many.
    async fn take(
        &self,
        kind: Option<CallKind>,
        now: Timestamp,
        dispatched: &mut Dispatched,
    ) -> Result<usize, StoreError> {
        let inner = &self.inner;
        let mut passes = Vec::new();
        let wanted = inner.lane.claim_size();
        for room in self.rooms().take(wanted) {
            match inner.lane.enter(room, kind.unwrap_or(CallKind::Fresh), now) {
                Ok(pass) => passes.push(pass),
                Err(refused) => {
                    let sooner = dispatched.refused_until.unwrap_or(refused.retry_at);
                    dispatched.refused_until = Some(sooner.min(refused.retry_at));
                    break;
                }
            }
        }
        if passes.is_empty() {
            return Ok(0);
        }
        let claim = Claim {
            term: inner.term(now),
            event_types: Arc::clone(&inner.event_types),
            limit: u32::try_from(passes.len()).unwrap_or(u32::MAX),
            due_from: dispatched.from,
            repeats: kind.map(|kind| kind == CallKind::Repeat),
        };
        let claimed = inner.store.claim(now, claim).await;
        let taken = claimed.as_ref().map_or(0, Vec::len);
        inner.lane.claimed(taken, passes.len());
        let unused = passes.split_off(taken.min(passes.len()));
        unused.into_iter().for_each(Pass::unused);
        for (lease, pass) in claimed?.into_iter().zip(passes) {
            self.spawn_attempt(lease, pass);
        }
        Ok(taken)
    }

    /// Stops taking operations and waits for the running ones, up to `grace`; whether all ended.
    pub async fn drain(&self, grace: Duration) -> bool {
        let inner = &self.inner;
        inner.draining.store(true, Ordering::Relaxed);
        tokio::select! {
            biased;
            all = inner.all_attempts() => all.is_some(),
            () = inner.clock.sleep(grace) => false,
        }
    }

    async fn dispatch_until(&self, shutdown: &mut Shutdown) {
        let inner = &self.inner;
        while !shutdown.is_requested() {
            let mut pause = self.idle_poll();
            match self.dispatch().await {
                Ok(Dispatched {
                    taken: 0,
                    next_due,
                    refused_until,
                    ..
                }) => {
                    let next =
                        next_due.map(|due| refused_until.map_or(due, |until| due.max(until)));
                    let until = next.map(|next| (next - inner.clock.now()).to_std());
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

    fn rooms(&self) -> impl Iterator<Item = Room> {
        std::iter::from_fn(|| self.inner.room())
    }
}
