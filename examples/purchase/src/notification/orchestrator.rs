//! How a notification runs: from the command through the gateway to an outcome.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use std::time::Duration;

use orch_runtime::{
    Finished, GatewayError, HookError, HookTx, Idempotency, OpId, Orchestrator, Outcome, Probe,
    Receipt, RetryPolicy,
};

use crate::shop::{News, Notification};

use super::gateway::NotificationGateway;
use super::generated::command::NotificationCommand;

/// Runs accepted notifications against the provider.
#[derive(Debug)]
pub struct NotificationOrchestrator<G> {
    gateway: G,
}

impl<G: NotificationGateway> NotificationOrchestrator<G> {
    /// Calls through `gateway`.
    pub fn new(gateway: G) -> Self {
        Self { gateway }
    }
}

impl<G: NotificationGateway> Orchestrator for NotificationOrchestrator<G> {
    type Command = NotificationCommand;

    const DOMAIN: &'static str = "NOTIFICATION";

    const HAS_FINALIZE_HOOK: bool = true;

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
    async fn execute(&self, op_id: &OpId, command: &NotificationCommand) -> Outcome {
        match self.gateway.notification(op_id, command).await {
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
    async fn probe(&self, op_id: &OpId, command: &NotificationCommand) -> Probe {
        let gateway = &self.gateway;
        gateway.probe_notification(op_id, command).await
    }

    /// Writes down who was told what, in the commit that ends the operation.
    async fn finalize(
        &self,
        tx: &mut HookTx<'_>,
        end: &Finished<NotificationCommand>,
    ) -> Result<(), HookError> {
        let told = &end.command;
        let channels = told.channels().unwrap_or_default().iter();
        let news = News {
            transaction_id: told.transaction_id(),
            user_id: told.recipient(),
            kind: told.kind(),
            message: told.text(),
            channels: channels.map(|channel| channel.as_str()).collect(),
        };
        Notification::write(tx, end, &news).await
    }
}

/// What the client reads when it is done.
fn done(receipt: &Receipt) -> String {
    let what = "Notification completed";
    match &receipt.provider_ref {
        Some(reference) => format!("{what}: {reference}"),
        None => what.to_owned(),
    }
}
