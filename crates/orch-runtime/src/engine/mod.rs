//! The engine of one domain: accepts, claims, executes, settles.
//!
//! ```text
//!  submit ─▶ accept (and claim, with room) ─▶ attempt ─▶ execute ─▶ settle
//!                      │ no room                 ▲
//!                      ▼                         │
//!                   PENDING ──── dispatcher ─────┘      Finalizer, Reaper: see `scheduler`
//! ```
//!
//! **Invariant:** the attempt is durable before the provider is called, and the answer is durable
//! before the operation moves.
//!
//! **Deliberately absent:** any decision about outcomes. Those are in
//! [`operation::decision`](crate::operation::decision).

mod attempt;
mod builder;
mod call;
mod callbacks;
mod decide;
mod dispatch;
mod due;
mod endings;
mod handler;
mod in_flight;
mod lane;
mod orchestrator;
pub(crate) mod report;
mod shutdown;
mod steps;
mod submit;
mod taken;
mod waiters;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::clock::{Clock, Timestamp, later};
use crate::fault::FaultPlan;
use crate::guard;
use crate::ids::{IdSource, OpId, OwnerId};
use crate::metrics::{CallbackMetrics, DomainMetrics};
use crate::operation::view::{HistoryEntry, OperationView};
use crate::store::callbacks::Teller;
use crate::store::{Lease, OperationStore, StoreError, Tables, Term};

pub use self::builder::{BuildError, EngineBuilder, EngineConfig};
pub use self::orchestrator::{Finished, Orchestrator};
pub use self::report::{report_pause, report_progress, report_unaccounted};
pub use self::shutdown::{Shutdown, ShutdownSignal};
pub use self::submit::{SubmitError, Submitted};

use self::callbacks::Turns;
use self::due::Due;
use self::endings::Endings;
pub(crate) use self::endings::{Ended, Ending};
use self::handler::Handler;
use self::in_flight::InFlight;
use self::lane::{Lane, Room};
pub(crate) use self::steps::Part;
use self::steps::Steps;
pub(crate) use self::taken::{Taken, Wanted};
use self::waiters::Waiters;

/// How many attempts there may be for each call: while answers wait for their commit, the provider is
/// free for others.
const ATTEMPTS_PER_CALL: usize = 4;

/// A handle on the engine of one domain; clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) domain: &'static str,
    pub(crate) store: Arc<dyn OperationStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: EngineConfig,
    pub(crate) metrics: DomainMetrics,
    /// Where the domain takes callbacks.
    pub(crate) callbacks: Option<CallbackMetrics>,
    ids: Arc<dyn IdSource>,
    faults: Arc<dyn FaultPlan>,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    pub(crate) event_types: Arc<[&'static str]>,
    worker: Arc<str>,
    /// Calls that may be under way.
    slots: Arc<Semaphore>,
    /// Attempts that may be under way, also those whose answer is being written.
    attempts: Arc<Semaphore>,
    due: Due,
    pub(crate) lane: Arc<Lane>,
    wake: Notify,
    waiters: Waiters,
    endings: Endings,
    steps: Steps,
    in_flight: Arc<InFlight>,
    turns: Turns,
    draining: AtomicBool,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("domain", &self.inner.domain)
            .field("event_types", &self.inner.event_types)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts to put an engine together for the domain whose tables are `tables`.
    pub fn builder(store: Arc<dyn OperationStore>, tables: Tables) -> EngineBuilder {
        EngineBuilder::new(store, tables)
    }

    /// The domain, as its tables are named.
    #[must_use]
    pub fn domain(&self) -> &'static str {
        self.inner.domain
    }

    /// The operation, if `owner` has one of that name. Somebody else's looks like none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find(
        &self,
        owner: &OwnerId,
        op_id: &OpId,
    ) -> Result<Option<OperationView>, StoreError> {
        guard::assert_outside("Engine::find");
        let found = self.inner.store.find(op_id).await?;
        let Some(mut view) = found.filter(|view| view.owner_id == *owner) else {
            return Ok(None);
        };
        if let Some(live) = self.inner.in_flight.progress(op_id) {
            view.progress = Some(live);
        }
        Ok(Some(view))
    }

    /// Attempts and probes of an operation of `owner`, oldest first; `None` as for [`find`](Self::find).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn history(
        &self,
        owner: &OwnerId,
        op_id: &OpId,
    ) -> Result<Option<Vec<HistoryEntry>>, StoreError> {
        if self.find(owner, op_id).await?.is_none() {
            return Ok(None);
        }
        self.inner.store.history(op_id).await.map(Some)
    }

    /// Waits until the operation has ended or `limit` has passed, and says where it stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wait(
        &self,
        owner: &OwnerId,
        op_id: &OpId,
        limit: Duration,
    ) -> Result<Option<OperationView>, StoreError> {
        let ended = self.inner.waiters.register(op_id);
        let found = self.find(owner, op_id).await?;
        if found.as_ref().is_none_or(|view| view.state.is_final()) {
            return Ok(found);
        }
        tokio::select! {
            _ = ended => {}
            () = self.inner.clock.sleep(limit) => {}
        }
        self.find(owner, op_id).await
    }

    /// Has `listener` told of each operation of a saga that ends in this process, or is parked.
    pub(crate) fn tell_endings(&self, listener: tokio::sync::mpsc::Sender<Ending>) {
        self.inner.endings.add(listener);
    }

    /// The record that this engine writes to.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn OperationStore> {
        &self.inner.store
    }
}

#[cfg(feature = "testing")]
impl Engine {
    /// Ends when no call runs in this process.
    pub async fn idle(&self) {
        drop(self.inner.all_attempts().await);
    }
}

impl Inner {
    pub(crate) fn handler(&self, event_type: &str) -> Option<&Arc<dyn Handler>> {
        self.handlers.get(event_type)
    }

    /// The terms of a lease taken at `now`.
    pub(crate) fn term(&self, now: Timestamp) -> Term {
        Term {
            worker: Arc::clone(&self.worker),
            expires_at: later(now, self.config.lease),
        }
    }

    /// Leases an operation about which `teller` has told something.
    async fn claim_told(&self, op_id: &OpId, teller: Teller) -> Result<Option<Lease>, StoreError> {
        let (now, kinds) = (self.clock.now(), &self.event_types);
        let term = self.term(now);
        self.store.claim_told(now, term, op_id, kinds, teller).await
    }

    /// Room for one more call.
    fn room(&self) -> Option<Room> {
        Some(Room {
            slot: Arc::clone(&self.slots).try_acquire_owned().ok()?,
            attempt: Arc::clone(&self.attempts).try_acquire_owned().ok()?,
        })
    }

    /// Has what was left behind taken, where something was.
    fn made_room(&self) {
        if self.due.is_left() {
            self.wake.notify_one();
        }
    }

    /// Waits until no attempt is under way.
    async fn all_attempts(&self) -> Option<SemaphorePermit<'_>> {
        let all = u32::try_from(self.config.concurrency * ATTEMPTS_PER_CALL).unwrap_or(u32::MAX);
        self.attempts.acquire_many(all).await.ok()
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
