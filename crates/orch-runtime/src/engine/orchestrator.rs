//! The seam between generated code and the runtime.

use std::future::Future;

use crate::clock::Timestamp;
use crate::ids::{OpId, OwnerId};
use crate::operation::command::Command;
use crate::operation::idempotency::{Idempotency, Probe};
use crate::operation::outcome::Outcome;
use crate::operation::retry::RetryPolicy;
use crate::operation::state::OperationState;
use crate::store::hook::{HookError, HookTx};

/// One kind of call to a provider.
///
/// `execute`, `probe` and `idempotency` have no defaults: how a provider behaves under a repeated key,
/// and how to ask it about a lost answer, are decisions that the compiler asks for.
pub trait Orchestrator: Send + Sync + 'static {
    /// What it is asked to do.
    type Command: Command;

    /// The domain it belongs to, such as `PAYMENT`.
    const DOMAIN: &'static str;

    /// Whether [`finalize`](Self::finalize) does anything. Without a hook, an outcome and the final
    /// state share one commit.
    const HAS_FINALIZE_HOOK: bool = false;

    /// What the provider promises about a repeated key.
    fn idempotency(&self) -> Idempotency;

    /// Calls the provider, once. `op_id` is the idempotency key and the same for all attempts.
    ///
    /// Runs outside of any transaction. A panic, and a call that outlives the attempt timeout, are
    /// unknown outcomes.
    fn execute(
        &self,
        op_id: &OpId,
        command: &Self::Command,
    ) -> impl Future<Output = Outcome> + Send;

    /// Asks the provider whether the call for `op_id` happened, after its answer was lost. A provider
    /// that cannot be asked answers [`Probe::StillUnknown`]: the operation is then parked.
    fn probe(&self, op_id: &OpId, command: &Self::Command) -> impl Future<Output = Probe> + Send;

    /// Attempts, backoff and budgets.
    fn policy(&self) -> RetryPolicy {
        RetryPolicy::default()
    }

    /// Runs in the transaction that ends the operation: mark the order paid, write an event. Needs
    /// [`HAS_FINALIZE_HOOK`](Self::HAS_FINALIZE_HOOK). When it fails, nothing is applied and the
    /// Finalizer tries again.
    fn finalize(
        &self,
        tx: &mut HookTx<'_>,
        end: &Finished<Self::Command>,
    ) -> impl Future<Output = Result<(), HookError>> + Send {
        let _ = (tx, end);
        async { Ok(()) }
    }
}

/// An operation at its end, as the finalize hook sees it.
#[derive(Debug, Clone)]
pub struct Finished<C> {
    /// The operation.
    pub op_id: OpId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// What was asked for.
    pub command: C,
    /// COMPLETED or FAILED.
    pub state: OperationState,
    /// The provider's reference, where it did something.
    pub provider_ref: Option<String>,
    /// For people; the reason, where it failed.
    pub message: String,
    /// When it ended.
    pub at: Timestamp,
}
