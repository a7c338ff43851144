//! Faults put into the runtime on purpose: a simulation that does not find them proves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orch_runtime::engine::{EngineBuilder, Finished};
use orch_runtime::store::OperationStore;
use orch_runtime::store::hook::{HookError, HookTx};
use orch_runtime::testing::WorldSetup;
use orch_runtime::testing::sim::{Flavour, Invariant, SimProvider, Subject};
use orch_runtime::{Idempotency, OpId, Orchestrator, Outcome, Probe, RetryPolicy};

use crate::bent_store::BentStore;
use crate::charge::{Charge, Charging, Honest};
use crate::outcome::outcome_of;
use crate::seeds::search;

/// Seeds within which each fault must be found.
const SEEDS: u64 = 1_000;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Writes carry whatever fence is current.
    FenceDropped,
    /// The final state is written before the log has the answer.
    FinalizedBeforeRecorded,
    /// A lost answer is taken for a denial, without a question.
    ProbeSkipped,
    /// The call begins before the claim is durable.
    IntentNotDurable,
    /// Each attempt has a key of its own.
    KeyPerAttempt,
    /// A known key is accepted again.
    KeyForgotten,
    /// A worker believes in its lease for ever.
    LateCall,
    /// Operations are taken from workers whose lease runs.
    EarlyReap,
    /// A callback ends its operation under whatever term is current.
    TermNotTaken,
    /// A callback is acknowledged before it is durable.
    AcknowledgedBeforeKept,
    /// A callback is marked before its operation has ended.
    MarkedBeforeEnd,
    /// What became of a callback is never written.
    MarkForgotten,
    /// Callbacks are deleted whatever their age.
    InboxEmptied,
}

/// The runtime with a fault.
struct Broken(Fault);

impl Subject for Broken {
    type Command = Charge;
    const SETUP: WorldSetup = Honest::SETUP;
    const ENDS: &'static str = Honest::ENDS;

    fn command(order: &str, variant: u32) -> Charge {
        Honest::command(order, variant)
    }

    fn policy() -> RetryPolicy {
        Honest::policy()
    }

    fn register(
        &self,
        builder: EngineBuilder,
        flavour: Flavour,
        provider: SimProvider,
    ) -> EngineBuilder {
        if flavour.hook {
            builder.register(Bent::<true>::new(self.0, flavour, provider))
        } else {
            builder.register(Bent::<false>::new(self.0, flavour, provider))
        }
    }

    fn store(&self, store: Arc<dyn OperationStore>) -> Arc<dyn OperationStore> {
        Arc::new(BentStore {
            store,
            fault: self.0,
        })
    }
}

/// An orchestrator with the fault, if it is one of orchestrators.
struct Bent<const HOOK: bool> {
    fault: Fault,
    charging: Charging<HOOK>,
    calls: AtomicU32,
}

impl<const HOOK: bool> Bent<HOOK> {
    fn new(fault: Fault, flavour: Flavour, provider: SimProvider) -> Self {
        Self {
            fault,
            charging: Charging {
                provider,
                idempotency: flavour.idempotency,
            },
            calls: AtomicU32::new(0),
        }
    }
}

impl<const HOOK: bool> Orchestrator for Bent<HOOK> {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";
    const HAS_FINALIZE_HOOK: bool = HOOK;

    fn idempotency(&self) -> Idempotency {
        self.charging.idempotency()
    }

    fn policy(&self) -> RetryPolicy {
        self.charging.policy()
    }

    async fn execute(&self, op_id: &OpId, command: &Charge) -> Outcome {
        if self.fault != Fault::KeyPerAttempt {
            return self.charging.execute(op_id, command).await;
        }
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let key = format!("{op_id}-{call}");
        outcome_of(self.charging.provider.call(command.order(), &key).await)
    }

    async fn probe(&self, op_id: &OpId, command: &Charge) -> Probe {
        if self.fault == Fault::ProbeSkipped {
            return Probe::NotCommitted;
        }
        self.charging.probe(op_id, command).await
    }

    async fn finalize(&self, tx: &mut HookTx<'_>, end: &Finished<Charge>) -> Result<(), HookError> {
        self.charging.finalize(tx, end).await
    }
}

/// Searches for `FAULT`; says which seed found it and which promise it broke.
macro_rules! finds {
    ($($name:ident: $fault:ident by $($invariant:ident),+;)+) => {$(
        #[test]
        fn $name() {
            let found = search(|| Broken(Fault::$fault), 0, SEEDS).expect_err("the fault shows");
            let (seed, invariant) = (found.seed, found.invariant);
            eprintln!("{:<24} {:>4} seeds   {invariant}: {}", stringify!($fault), seed + 1, found.what);
            assert!([$(Invariant::$invariant),+].contains(&invariant), "{found}");
        }
    )+};
}

finds! {
    a_dropped_fence_is_found: FenceDropped by StaleWriteRefused, OutcomeKept;
    a_finalize_before_the_record_is_found: FinalizedBeforeRecorded by OutcomeKept;
    a_skipped_probe_is_found: ProbeSkipped by OneEffect, FailedMeansNothing;
    a_call_before_its_intent_is_found: IntentNotDurable by IntentBeforeCall;
    a_key_per_attempt_is_found: KeyPerAttempt by OneEffect;
    a_forgotten_key_is_found: KeyForgotten by OneOperationPerKey;
    a_call_after_its_lease_is_found: LateCall by IntentBeforeCall;
    a_reaper_that_comes_too_early_is_found: EarlyReap by LeaseRespected;
    a_callback_without_a_term_is_found: TermNotTaken by OutcomeKept, StaleWriteRefused, FinalStays,
        ComesToRest;
    an_acknowledged_callback_that_is_not_kept_is_found: AcknowledgedBeforeKept by CallbackKept;
    a_callback_that_is_marked_too_early_is_found: MarkedBeforeEnd by CallbackJudged;
    a_callback_that_waits_for_ever_is_found: MarkForgotten by ComesToRest;
    a_callback_that_is_deleted_too_early_is_found: InboxEmptied by CallbackKept;
}
