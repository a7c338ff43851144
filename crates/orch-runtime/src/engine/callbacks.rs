//! Results that the provider reported by itself, applied to the operations they are about.
//!
//! A callback ends its operation under a term of its own, by the same writes as any other answer.
//! Where the process dies in between, the callback still waits in the inbox: it is applied, or finds
//! that it was.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tracing::Instrument as _;

use crate::callback::Callback;
use crate::guard;
use crate::ids::OpId;
use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::store::callbacks::{
    CallbackState, NewCallback, Received, Teller, Waiting, WaitingCallback,
};
use crate::store::{Lease, StoreError};
use crate::trace;

use super::attempt::end_by;
use super::handler::{AnyCommand, Handler};
use super::{Engine, Inner};

/// Callbacks about one operation that are looked at at once; more are left to the CallbackSweeper.
const AT_ONCE: u32 = 10;
/// How long a provider waits at most for what its callback leads to, once it is kept.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Operations that can be ended by callbacks at the same time.
const TURNS: usize = 64;

/// Lets callbacks about one operation end it one after the other: providers send several events at
/// once, and each would take the term of the one before. Between processes the fence decides.
#[derive(Debug)]
pub(super) struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    async fn take(&self, op_id: &OpId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        op_id.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        self.0[at].lock().await
    }
}

impl Engine {
    /// Whether the engine was built to take callbacks.
    #[must_use]
    pub fn takes_callbacks(&self) -> bool {
        self.inner.callbacks.is_some()
    }

    /// Keeps a callback durably, then applies it if that can be done within a second. What cannot is
    /// left to the [`CallbackSweeper`](crate::CallbackSweeper). An event that was delivered before
    /// changes nothing.
    ///
    /// The caller has checked that the provider sent it.
    ///
    /// # Errors
    /// When it is not kept, because the database fails: the provider should send it again.
    pub async fn receive_callback(&self, callback: Callback) -> Result<Received, StoreError> {
        guard::assert_outside("Engine::receive_callback");
        let inner = &self.inner;
        let event_id = callback.event_id.clone();
        let kept = NewCallback {
            outcome: callback.outcome(),
            event_id: callback.event_id,
            op_id: callback.op_id,
            provider_ref: callback.provider_ref,
            received_at: inner.clock.now(),
        };
        let received = inner.store.receive_callback(kept).await?;
        if let Some(metrics) = &inner.callbacks {
            match received {
                Received::New => metrics.new.inc(),
                Received::Duplicate => metrics.duplicate.inc(),
            }
        }
        tracing::info!(%event_id, ?received, "callback");
        if received == Received::New {
            let inner = Arc::clone(inner);
            let apply = async move { inner.look(Waiting::Event(event_id)).await };
            // A task of its own goes on when the provider hangs up.
            let applying = tokio::spawn(apply.in_current_span());
            tokio::select! {
                biased;
                applied = applying => if let Err(error) = applied {
                    tracing::error!(%error, "applying a callback broke");
                },
                () = self.inner.clock.sleep(LONGEST_WAIT) => {}
            }
        }
        Ok(received)
    }

    /// Does with a waiting callback what can be done now; says what became of it.
    pub(crate) async fn take_callback(
        &self,
        waiting: &WaitingCallback,
    ) -> Result<CallbackState, StoreError> {
        self.inner.take(waiting).await
    }

    /// Gives up a callback for which no operation came.
    pub(crate) async fn give_up_callback(&self, event_id: &str) -> Result<bool, StoreError> {
        let marked = self.inner.mark(event_id, CallbackState::Unmatched, None);
        marked.await
    }
}

impl Inner {
    /// Looks for callbacks about an operation that an attempt or a question has left in doubt.
    pub(super) async fn hear(&self, lease: &Lease, reached: Option<OperationState>) {
        if self.callbacks.is_some() && reached.is_some_and(|state| !state.is_final()) {
            self.look(Waiting::Of(lease.op_id().clone())).await;
        }
    }

    /// Ends a leased operation by what the inbox says about it; whether it says anything.
    pub(super) async fn told(
        &self,
        handler: &Arc<dyn Handler>,
        command: &AnyCommand,
        lease: &Lease,
    ) -> bool {
        if self.callbacks.is_none() {
            return false;
        }
        for waiting in self.waiting(Waiting::Of(lease.op_id().clone())).await {
            let is_about = |(op_id, _): &(OpId, _)| op_id == lease.op_id();
            if let (Ok(outcome), true) = (
                &waiting.outcome,
                waiting.target.as_ref().is_some_and(is_about),
            ) {
                let event_id = &waiting.position.event_id;
                let ended = self.end(handler, command, lease, event_id, outcome).await;
                note(event_id, ended.map(|_| ()));
                return true;
            }
        }
        false
    }

    async fn look(&self, which: Waiting) {
        for waiting in self.waiting(which).await {
            let taken = self.take(&waiting).await;
            note(&waiting.position.event_id, taken.map(|_| ()));
        }
    }

    async fn waiting(&self, which: Waiting) -> Vec<WaitingCallback> {
        let waiting = self.store.waiting_callbacks(which, AT_ONCE).await;
        waiting.unwrap_or_else(|error| {
            tracing::error!(%error, "the inbox cannot be read; left to the CallbackSweeper");
            Vec::new()
        })
    }

    async fn take(&self, waiting: &WaitingCallback) -> Result<CallbackState, StoreError> {
        let event_id = &waiting.position.event_id;
        let outcome = match &waiting.outcome {
            Ok(outcome) => outcome,
            Err(why) => {
                tracing::error!(event_id, why, "callback set aside");
                return self.settle_as(event_id, CallbackState::Corrupt, None).await;
            }
        };
        let Some((op_id, state)) = &waiting.target else {
            return Ok(CallbackState::Received);
        };
        match state {
            // The answer of the call decides first.
            OperationState::InProgress => Ok(CallbackState::Received),
            OperationState::Completed | OperationState::Failed => {
                let agrees = ends_in(outcome) == Some(*state);
                let verdict = if agrees {
                    CallbackState::Confirmed
                } else {
                    tracing::error!(%op_id, event_id, %state, kind = outcome.kind(),
                        "the provider contradicts how the operation ended; nothing was changed");
                    CallbackState::Conflict
                };
                self.settle_as(event_id, verdict, Some(op_id)).await
            }
            OperationState::Pending | OperationState::Unknown | OperationState::Parked => {
                self.apply(op_id, event_id, outcome).await
            }
        }
    }

    async fn apply(
        &self,
        op_id: &OpId,
        event_id: &str,
        outcome: &Outcome,
    ) -> Result<CallbackState, StoreError> {
        let _turn = self.turns.take(op_id).await;
        let Some(mut lease) = self.claim_told(op_id, Teller::Provider).await? else {
            return Ok(CallbackState::Received);
        };
        let Some((handler, command)) = self.decode(&mut lease) else {
            self.park_unreadable(&lease).await;
            return Ok(CallbackState::Received);
        };
        let traced = trace::callback(self.domain, &lease);
        let end = self.end(&handler, &command, &lease, event_id, outcome);
        let taken = traced.clone().run(end).await;
        let applied = matches!(taken, Ok(CallbackState::Applied));
        traced.note(outcome, ends_in(outcome).filter(|_| applied));
        taken
    }

    /// Ends a leased operation as the callback says, then says so of the callback.
    async fn end(
        &self,
        handler: &Arc<dyn Handler>,
        command: &AnyCommand,
        lease: &Lease,
        event_id: &str,
        outcome: &Outcome,
    ) -> Result<CallbackState, StoreError> {
        let Some(settlement) = end_by(outcome.clone()) else {
            return self.settle_as(event_id, CallbackState::Corrupt, None).await;
        };
        let concluded = self.conclude(handler, command, lease, outcome, settlement);
        // Where another result was faster, or a hook refused, the next look finds out.
        if concluded.await.is_none() {
            return Ok(CallbackState::Received);
        }
        let op_id = Some(lease.op_id());
        self.settle_as(event_id, CallbackState::Applied, op_id)
            .await
    }

    async fn settle_as(
        &self,
        event_id: &str,
        state: CallbackState,
        op_id: Option<&OpId>,
    ) -> Result<CallbackState, StoreError> {
        self.mark(event_id, state, op_id).await?;
        Ok(state)
    }

    async fn mark(
        &self,
        event_id: &str,
        state: CallbackState,
        op_id: Option<&OpId>,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let marked = self
            .store
            .mark_callback(now, event_id, state, op_id)
            .await?;
        if let (true, Some(metrics)) = (marked, &self.callbacks) {
            metrics.settled(state);
        }
        Ok(marked)
    }
}

/// How an operation ends by `outcome`.
fn ends_in(outcome: &Outcome) -> Option<OperationState> {
    end_by(outcome.clone()).map(|end| end.state())
}

fn note(event_id: &str, taken: Result<(), StoreError>) {
    if let Err(error) = taken {
        tracing::error!(event_id, %error, "callback left to the CallbackSweeper");
    }
}
