//! How a payment runs: from the command through the gateway to an outcome.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use std::time::Duration;

use orch_runtime::{
    GatewayError, Idempotency, OpId, Orchestrator, Outcome, Probe, Receipt, RetryPolicy,
};

use super::gateway::PaymentGateway;
use super::generated::command::PaymentCommand;

/// Runs accepted payments against the provider.
#[derive(Debug)]
pub struct PaymentOrchestrator<G> {
    gateway: G,
}

impl<G: PaymentGateway> PaymentOrchestrator<G> {
    /// Calls through `gateway`.
    pub fn new(gateway: G) -> Self {
        Self { gateway }
    }
}

impl<G: PaymentGateway> Orchestrator for PaymentOrchestrator<G> {
    type Command = PaymentCommand;

    const DOMAIN: &'static str = "PAYMENT";

    // To write to tables of your own in the transaction that ends the operation, set
    // `const HAS_FINALIZE_HOOK: bool = true;` and write `finalize`. Without the first it is not called.

    fn idempotency(&self) -> Idempotency {
        self.gateway.idempotency()
    }

    /// Attempts 5 s, 10 s, 20 s … apart, unless the provider asks for another pause.
    fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            max_attempts: 3,
            base: Duration::from_secs(5),
            cap: Duration::from_secs(300),
            time_budget: Duration::from_secs(3_600),
            attempt_timeout: self.gateway.attempt_timeout(),
            ..RetryPolicy::default()
        }
    }

    /// One call. `op_id` is the provider's idempotency key and the same for every attempt.
    async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
        match self.gateway.payment(op_id, command).await {
            Ok(receipt) => Outcome::Ok {
                message: done(&receipt),
                provider_ref: receipt.provider_ref,
                result: receipt.result,
            },
            Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
            Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
            Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
        }
    }

    /// Asked after a lost answer: did the call happen?
    async fn probe(&self, op_id: &OpId, command: &PaymentCommand) -> Probe {
        let gateway = &self.gateway;
        gateway.probe_payment(op_id, command).await
    }
}

/// What the client reads when it is done.
fn done(receipt: &Receipt) -> String {
    let what = "Payment completed";
    match &receipt.provider_ref {
        Some(reference) => format!("{what}: {reference}"),
        None => what.to_owned(),
    }
}
