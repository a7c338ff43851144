//! One attempt: from the lease to the settled answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::fault::{Boundary, Fate, FaultPlan};
use crate::operation::decision::{Settlement, after_execute, after_probe, before_execute};
use crate::operation::idempotency::Probe;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::protection::{CallResult, Permit};
use crate::store::hook::{Hook, HookError};
use crate::store::{Applied, Finalized, Lease, StoreError};
use crate::trace::{self, Traced};

use super::call::guarded;
use super::handler::{AnyCommand, Handler};
use super::lane::Pass;
use super::{Engine, Inner};

/// Code of an operation whose stored command nobody can read.
const UNREADABLE: &str = "UNREADABLE";
/// How often an answer is offered to a database that is busy or full before it is left to the Reaper.
const SETTLE_TRIES: u32 = 8;

impl Engine {
    /// Runs the attempt in a task of its own, which holds `pass` until the answer is settled.
    pub(crate) fn spawn_attempt(&self, lease: Lease, pass: Pass) {
        let inner = Arc::clone(&self.inner);
        let traced = trace::execute(inner.domain, &lease);
        let run = {
            let traced = traced.clone();
            async move {
                inner.metrics.in_flight.inc();
                inner.attempt(lease, pass, &traced).await;
                inner.metrics.in_flight.dec();
                inner.made_room();
            }
        };
        tokio::spawn(traced.run(run));
    }

    /// Asks the provider about the lost answer of a leased UNKNOWN operation, and settles it.
    pub(crate) async fn resolve(&self, lease: Lease, permit: Permit) {
        let traced = trace::probe(self.inner.domain, &lease);
        let resolve = self.inner.resolve(lease, permit, &traced);
        traced.clone().run(resolve).await;
        self.inner.made_room();
    }

    /// Applies an answer that is in the log already.
    pub(crate) async fn apply_recorded(
        &self,
        mut lease: Lease,
        outcome: Outcome,
    ) -> Result<Finalized, StoreError> {
        let inner = &self.inner;
        let Some((handler, command)) = inner.decode(&mut lease) else {
            return Ok(Finalized::HookFailed(
                "its command cannot be read".to_owned(),
            ));
        };
        let Some(settlement) = end_by(outcome) else {
            return Ok(Finalized::HookFailed(
                "the recorded outcome ends nothing".to_owned(),
            ));
        };
        let traced = trace::recover(inner.domain, &lease);
        let (kind, state) = (outcome_of(&settlement), settlement.state());
        let finalize = inner.finalize(&handler, &command, &lease, settlement);
        let finalized = traced.clone().run(finalize).await;
        traced.note(
            &kind,
            matches!(finalized, Ok(Finalized::Applied)).then_some(state),
        );
        finalized
    }
}

impl Inner {
    /// The provider is free for others when it has answered, and the attempt ends when that is settled.
    async fn attempt(&self, mut lease: Lease, pass: Pass, traced: &Traced) {
        let Some((handler, command)) = self.decode(&mut lease) else {
            self.park_unreadable(&lease).await;
            return pass.unused();
        };
        let now = self.clock.now();
        if now >= lease.expires_at {
            tracing::warn!("not called: the lease ended first; left to the Reaper");
            return pass.unused();
        }
        let (policy, idempotency) = (self.policy(&handler, &lease), handler.idempotency());
        if let Some(settlement) = before_execute(&lease.facts, &policy, idempotency, now) {
            let outcome = outcome_of(&settlement);
            let concluded = self.conclude(&handler, &command, &lease, &outcome, settlement);
            traced.note(&outcome, concluded.await);
            return pass.unused();
        }
        if self.faults.reach(Boundary::BeforeCall) == Fate::Die {
            return pass.unused();
        }
        let (outcome, _attempt) = self.execute(&handler, &mut lease, &command, pass).await;
        if self.faults.reach(Boundary::AfterCall) == Fate::Die {
            return;
        }
        self.metrics.outcome(&outcome);
        let now = self.clock.now();
        let settlement = after_execute(outcome.clone(), &lease.facts, &policy, idempotency, now);
        let reached = self
            .conclude(&handler, &command, &lease, &outcome, settlement)
            .await;
        traced.note(&outcome, reached);
        self.hear(&lease, reached).await;
    }

    async fn execute(
        &self,
        handler: &Arc<dyn Handler>,
        lease: &mut Lease,
        command: &AnyCommand,
        pass: Pass,
    ) -> (Outcome, OwnedSemaphorePermit) {
        let limit = handler.policy().attempt_timeout;
        let running = self.in_flight.begin(lease);
        let timer = self.metrics.execute_seconds.start_timer();
        let call = handler.execute(lease.op_id(), command);
        let report = Arc::clone(&running.report);
        let answer = guarded(self.clock.as_ref(), limit, report, call).await;
        timer.observe_duration();
        let outcome = answer.unwrap_or_else(|lost| Outcome::Unknown {
            reason: lost.reason(limit),
        });
        let reported = running.report.is_unaccounted();
        let now = self.clock.now();
        lease.facts.note(&outcome, reported, now);
        let attempt = pass.finish(&outcome, &running.report, now);
        self.made_room();
        (outcome, attempt)
    }

    async fn resolve(&self, mut lease: Lease, permit: Permit, traced: &Traced) {
        let Some((handler, command)) = self.decode(&mut lease) else {
            self.park_unreadable(&lease).await;
            return permit.finish(CallResult::Unsent);
        };
        if self.told(&handler, &command, &lease).await {
            return;
        }
        let policy = self.policy(&handler, &lease);
        let limit = policy.attempt_timeout;
        let asked_at = self.clock.now();
        let call = handler.probe(lease.op_id(), &command);
        let answer = guarded(self.clock.as_ref(), limit, Arc::default(), call).await;
        let probe = answer.unwrap_or_else(|lost| Probe::StillUnknown {
            reason: lost.reason(limit),
        });
        self.lane.answered(permit, &probe);
        let outcome = outcome_of_probe(&probe);
        let (idempotency, now) = (handler.idempotency(), self.clock.now());
        let settlement = after_probe(probe, &lease.facts, &policy, idempotency, asked_at, now);
        let reached = self
            .conclude(&handler, &command, &lease, &outcome, settlement)
            .await;
        traced.note(&outcome, reached);
        self.hear(&lease, reached).await;
    }

    /// Settles in one commit, or in two where a hook has a say in the end of the operation. Says which
    /// state the operation reached by it; nothing when it did not move.
    pub(super) async fn conclude(
        &self,
        handler: &Arc<dyn Handler>,
        command: &AnyCommand,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Option<OperationState> {
        if !settlement.state().is_final() {
            let state = settlement.state();
            let settled = self.settle(lease, outcome, settlement).await;
            return settled.then_some(state);
        }
        let traced = trace::finalize(self.domain, lease);
        let ending = self.end_with(handler, command, lease, outcome, settlement);
        let reached = traced.clone().run(ending).await;
        traced.note(outcome, reached);
        reached
    }

    /// Ends the operation; the state, when it was this term that ended it.
    async fn end_with(
        &self,
        handler: &Arc<dyn Handler>,
        command: &AnyCommand,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> Option<OperationState> {
        let state = settlement.state();
        if !handler.has_hook() {
            let settled = self.settle(lease, outcome, settlement).await;
            return settled.then_some(state);
        }
        let (now, end) = (self.clock.now(), outcome_of(&settlement));
        match self.insisting(|| self.store.record(now, lease, &end)).await {
            Some(Applied::Yes) => {}
            Some(Applied::Stale) => {
                self.too_late(outcome);
                return None;
            }
            None => return None,
        }
        match self.finalize(handler, command, lease, settlement).await {
            Ok(Finalized::Applied) => return Some(state),
            Ok(Finalized::Stale) => self.too_late(outcome),
            Ok(Finalized::HookFailed(reason)) => {
                tracing::warn!(reason, "finalize hook failed; the Finalizer will try again");
            }
            Err(error) => tracing::error!(%error, "finalize failed; the Finalizer will try again"),
        }
        None
    }

    async fn finalize(
        &self,
        handler: &Arc<dyn Handler>,
        command: &AnyCommand,
        lease: &Lease,
        settlement: Settlement,
    ) -> Result<Finalized, StoreError> {
        let now = self.clock.now();
        let hook = Arc::clone(handler).hook(lease, command, &settlement, now);
        let hook = mortal(trace::carried(hook), Arc::clone(&self.faults));
        let end = settlement.clone();
        let finalized = self.store.finalize(now, lease, settlement, hook).await?;
        if finalized == Finalized::Applied {
            self.announce(lease, &end);
        }
        Ok(finalized)
    }

    /// Settles in one commit; whether this term had a say in it.
    pub(super) async fn settle(
        &self,
        lease: &Lease,
        outcome: &Outcome,
        settlement: Settlement,
    ) -> bool {
        let now = self.clock.now();
        let store = &self.store;
        let settled = self
            .insisting(|| store.settle(now, lease, outcome, settlement.clone()))
            .await;
        match settled {
            Some(Applied::Yes) => {
                self.announce(lease, &settlement);
                return true;
            }
            Some(Applied::Stale) => self.too_late(outcome),
            None => {}
        }
        false
    }

    /// Says where the operation stands now.
    fn announce(&self, lease: &Lease, settlement: &Settlement) {
        let (op_id, attempt, state) = (lease.op_id(), lease.facts.attempts, settlement.state());
        self.metrics.settled(state);
        match settlement {
            Settlement::Complete { .. } => tracing::info!(%op_id, attempt, "completed"),
            // The message is the provider's own, and may hold what it was sent.
            Settlement::Fail { code, .. } => tracing::warn!(%op_id, attempt, code, "failed"),
            Settlement::Retry { at, reason, .. } => {
                tracing::info!(%op_id, attempt, reason, next_attempt_at = %at, "will be tried again");
                self.wake.notify_one();
            }
            Settlement::Ask { at, reason } => {
                tracing::warn!(%op_id, attempt, reason, asked_at = %at, "unknown; the provider is asked");
            }
            Settlement::Park { code, reason } => {
                tracing::error!(%op_id, attempt, code, reason, "parked: a person must look");
            }
        }
        if state.is_final() {
            self.waiters.ended(op_id);
        }
        if state.is_final() || state == OperationState::Parked {
            self.endings.tell(lease, settlement);
        }
    }

    /// An answer of a replaced term. The log keeps it.
    fn too_late(&self, outcome: &Outcome) {
        self.metrics.stale.inc();
        let kind = outcome.kind();
        tracing::error!(
            kind,
            "an answer came after its lease; it changed nothing and is in the log"
        );
    }

    pub(super) async fn park_unreadable(&self, lease: &Lease) {
        let reason = "its command cannot be read by this program".to_owned();
        let outcome = Outcome::Unknown {
            reason: reason.clone(),
        };
        self.settle(
            lease,
            &outcome,
            Settlement::Park {
                code: UNREADABLE,
                reason,
            },
        )
        .await;
    }

    /// Reads the command, and notes what may stay of it; an unreadable one is reported.
    pub(super) fn decode(&self, lease: &mut Lease) -> Option<(Arc<dyn Handler>, AnyCommand)> {
        let handler = Arc::clone(self.handler(&lease.event_type)?);
        match handler.decode(&lease.payload) {
            Ok(command) => {
                lease.redacted = handler.redact(&lease.payload);
                Some((handler, command))
            }
            Err(error) => {
                tracing::error!(op_id = %lease.op_id(), error, "unreadable command");
                None
            }
        }
    }

    /// Offers an answer to the database until it is taken, with short pauses. `None`: it is left to
    /// the Reaper, which will ask the provider.
    async fn insisting<T, F, W>(&self, write: W) -> Option<T>
    where
        F: Future<Output = Result<T, StoreError>>,
        W: Fn() -> F,
    {
        for tries in 1..=SETTLE_TRIES {
            match write().await {
                Ok(answer) => return Some(answer),
                Err(error) if error.is_retryable() && tries < SETTLE_TRIES => {
                    tracing::warn!(%error, tries, "the answer could not be written yet");
                    self.clock.sleep(Duration::from_millis(50 << tries)).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the answer could not be written; left to the Reaper");
                    return None;
                }
            }
        }
        None
    }
}

/// Lets the process die after the hook has written and before anything of it is durable.
fn mortal(mut hook: Hook, faults: Arc<dyn FaultPlan>) -> Hook {
    Box::new(move |tx| {
        let (run, faults) = (hook(tx), Arc::clone(&faults));
        Box::pin(async move {
            run.await?;
            match faults.reach(Boundary::InFinalize) {
                Fate::Continue => Ok(()),
                Fate::Die => Err(HookError::new("the process died")),
            }
        })
    })
}

/// How an outcome that was recorded for finalizing ends its operation.
pub(super) fn end_by(outcome: Outcome) -> Option<Settlement> {
    match outcome {
        Outcome::Ok {
            message,
            provider_ref,
            result,
        } => Some(Settlement::Complete {
            message,
            provider_ref,
            result,
        }),
        Outcome::Fail {
            code,
            message,
            cause,
        } => Some(Settlement::Fail {
            code,
            message,
            cause,
        }),
        Outcome::Retry { .. } | Outcome::Unknown { .. } => None,
    }
}

/// What the log says about an attempt that ended without a call.
fn outcome_of(settlement: &Settlement) -> Outcome {
    match settlement {
        Settlement::Complete {
            message,
            provider_ref,
            result,
        } => Outcome::Ok {
            message: message.clone(),
            provider_ref: provider_ref.clone(),
            result: result.clone(),
        },
        Settlement::Fail {
            code,
            message,
            cause,
        } => Outcome::Fail {
            code: code.clone(),
            message: message.clone(),
            cause: cause.clone(),
        },
        Settlement::Retry { reason, .. } => Outcome::retry(reason),
        Settlement::Ask { reason, .. } | Settlement::Park { reason, .. } => {
            Outcome::unknown(reason)
        }
    }
}

fn outcome_of_probe(probe: &Probe) -> Outcome {
    match probe {
        Probe::Committed {
            message,
            provider_ref,
            result,
        } => Outcome::Ok {
            message: message.clone(),
            provider_ref: provider_ref.clone(),
            result: result.clone(),
        },
        Probe::NotCommitted => Outcome::retry("the provider knows nothing of the call"),
        Probe::StillUnknown { reason } => Outcome::unknown(reason),
    }
}
