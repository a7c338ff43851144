//! The provider's protection in front of the calls of one engine.
//!
//! ```text
//!  room for a call? ── Gate::try_enter ──▶ Pass ──▶ claim ──▶ execute ──▶ Pass::finish
//!                          │ refused: the operation stays PENDING, nothing is written
//!  sync loop ◀─────────────┘ asks the database for what was lacking, then wakes the dispatcher
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::clock::{Timestamp, later, to_millis};
use crate::metrics::LaneMetrics;
use crate::operation::idempotency::Probe;
use crate::operation::outcome::Outcome;
use crate::protection::{CallKind, CallResult, Gate, LaneStore, Permit, ProtectionPolicy, Refused};
use crate::store::StoreError;

use super::report::Report;
use super::{Engine, Shutdown};

/// Least and most operations of one claim.
const CLAIMS: (usize, usize) = (8, 128);
/// Repetitions are looked for at least so often, in milliseconds.
const REPEATS_EVERY: i64 = 100;

/// How the calls of one engine are protected.
pub(crate) struct Lane {
    gate: Gate,
    /// Nothing without protection.
    shared: Option<Shared>,
    /// Whether the sync loop sleeps until something happens.
    dozes: AtomicBool,
    /// How many operations the next claim asks for: room that is taken and not used costs time.
    claim_size: AtomicUsize,
    /// When repetitions were looked for last, in milliseconds since 1970.
    repeats_at: AtomicI64,
    happened: Notify,
}

/// What the processes of a lane share.
struct Shared {
    name: String,
    policy: ProtectionPolicy,
    store: Arc<dyn LaneStore>,
    metrics: LaneMetrics,
}

/// Room in this process.
pub(crate) struct Room {
    /// For a call, until it is answered.
    pub(super) slot: OwnedSemaphorePermit,
    /// For an attempt, until its answer is written.
    pub(super) attempt: OwnedSemaphorePermit,
}

/// Room for one call: in this process, and at the provider.
pub(crate) struct Pass {
    room: Room,
    permit: Permit,
    lane: Arc<Lane>,
}

impl Lane {
    /// Without protection.
    pub(super) fn open() -> Self {
        Self {
            gate: Gate::new("", ProtectionPolicy::off()),
            shared: None,
            dozes: AtomicBool::new(false),
            claim_size: AtomicUsize::new(CLAIMS.0),
            repeats_at: AtomicI64::new(i64::MIN),
            happened: Notify::new(),
        }
    }

    pub(super) fn protected(
        process: &str,
        name: String,
        policy: ProtectionPolicy,
        store: Arc<dyn LaneStore>,
        metrics: LaneMetrics,
    ) -> Self {
        Self {
            gate: Gate::new(process, policy.clone()),
            shared: Some(Shared {
                name,
                policy,
                store,
                metrics,
            }),
            ..Self::open()
        }
    }

    /// Whether calls of a kind have to be told apart.
    pub(super) fn is_protected(&self) -> bool {
        self.shared.is_some()
    }

    /// How many operations to ask for at once.
    pub(super) fn claim_size(&self) -> usize {
        self.claim_size.load(Ordering::Relaxed)
    }

    /// So many of what was asked for were due: twice as many may be, or hardly more.
    pub(super) fn claimed(&self, taken: usize, asked: usize) {
        let next = if taken == asked { taken * 2 } else { taken };
        let next = next.clamp(CLAIMS.0, CLAIMS.1);
        self.claim_size.store(next, Ordering::Relaxed);
    }

    /// Whether it is time to look for repetitions although first calls wait.
    pub(super) fn repeats_are_due(&self, now: Timestamp) -> bool {
        let now = to_millis(now);
        let before = self.repeats_at.load(Ordering::Relaxed);
        let is_due = now.saturating_sub(before) >= REPEATS_EVERY;
        if is_due {
            self.repeats_at.store(now, Ordering::Relaxed);
        }
        is_due
    }

    /// Lets a call pass that has room in this process.
    pub(super) fn enter(
        self: &Arc<Self>,
        room: Room,
        kind: CallKind,
        now: Timestamp,
    ) -> Result<Pass, Refused> {
        Ok(Pass {
            room,
            permit: self.permit(kind, now)?,
            lane: Arc::clone(self),
        })
    }

    /// Lets a question about an earlier call pass. It counts as a repetition.
    pub(crate) fn question(&self, now: Timestamp) -> Result<Permit, Refused> {
        self.permit(CallKind::Repeat, now)
    }

    /// The question was answered, or not.
    pub(crate) fn answered(&self, permit: Permit, probe: &Probe) {
        permit.finish(match probe {
            Probe::Committed { .. } | Probe::NotCommitted => CallResult::Answered,
            Probe::StillUnknown { .. } => CallResult::Failed,
        });
        self.touch();
    }

    /// Asks the gate; what it refuses is counted, and asked for with the next report.
    fn permit(&self, kind: CallKind, now: Timestamp) -> Result<Permit, Refused> {
        self.gate.try_enter(kind, now).inspect_err(|refused| {
            if let Some(shared) = &self.shared {
                shared.metrics.refused(refused.reason);
            }
            self.happened.notify_one();
        })
    }

    /// Something changed; the sync loop is woken where it sleeps without an end.
    fn touch(&self) {
        if self.dozes.load(Ordering::Relaxed) {
            self.happened.notify_one();
        }
    }
}

impl Pass {
    /// No call was made.
    pub(crate) fn unused(self) {
        self.permit.finish(CallResult::Unsent);
    }

    /// The call ended with `outcome`; what is left is the room for writing the answer.
    pub(crate) fn finish(
        self,
        outcome: &Outcome,
        report: &Report,
        now: Timestamp,
    ) -> OwnedSemaphorePermit {
        let result = match (report.pause(), outcome) {
            (Some(pause), _) => CallResult::Paused {
                until: later(now, pause),
            },
            (None, Outcome::Ok { .. } | Outcome::Fail { .. }) => CallResult::Answered,
            (None, Outcome::Retry { .. } | Outcome::Unknown { .. }) => CallResult::Failed,
        };
        self.permit.finish(result);
        self.lane.touch();
        let Room { slot, attempt } = self.room;
        drop(slot);
        attempt
    }
}

impl Engine {
    /// Shares with the other processes what this one knows of the provider, if there is something to
    /// say; then takes what became possible.
    ///
    /// # Errors
    /// When the database fails. Nothing is called on knowledge that is too old.
    pub async fn protect_once(&self) -> Result<(), StoreError> {
        let (lane, now) = (&self.inner.lane, self.inner.clock.now());
        let Some(shared) = &lane.shared else {
            return Ok(());
        };
        if lane.gate.next_sync(now) > now {
            return Ok(());
        }
        let report = lane.gate.report(now);
        let synced = shared.store.sync(&shared.name, now, &shared.policy, report);
        let grant = synced.await?;
        shared.metrics.observe(grant.state);
        lane.gate.apply(grant);
        self.inner.wake.notify_one();
        Ok(())
    }

    pub(super) async fn protect_until(&self, shutdown: &mut Shutdown) {
        let (lane, clock) = (&self.inner.lane, &self.inner.clock);
        if !lane.is_protected() {
            return;
        }
        while !shutdown.is_requested() {
            let now = clock.now();
            let next = lane.gate.next_sync(now);
            let dozes = next == Timestamp::MAX_UTC;
            lane.dozes.store(dozes, Ordering::Relaxed);
            let pause = (next - now).to_std().unwrap_or_default();
            tokio::select! {
                biased;
                () = shutdown.requested() => return,
                () = lane.happened.notified() => {}
                () = clock.sleep(pause), if !dozes => {}
            }
            if let Err(error) = self.protect_once().await {
                tracing::warn!(%error, "the provider's protection is not shared at the moment");
                clock.sleep(self.inner.config.idle_poll).await;
            }
        }
    }
}
