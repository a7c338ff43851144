//! Orchestrators of different commands behind one type, so that a domain can have several.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::ids::{BizKey, OpId};
use crate::operation::command::{Command, without_values};
use crate::operation::decision::Settlement;
use crate::operation::idempotency::{Idempotency, Probe};
use crate::operation::outcome::Outcome;
use crate::operation::retry::RetryPolicy;
use crate::secret::REDACTED;
use crate::store::Lease;
use crate::store::hook::Hook;
use crate::value::Column;

use super::orchestrator::{Finished, Orchestrator};

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A command of some type, decoded from its payload.
pub(crate) type AnyCommand = Arc<dyn Any + Send + Sync>;

/// An [`Orchestrator`] whose command type is hidden.
pub(crate) trait Handler: Send + Sync {
    fn policy(&self) -> RetryPolicy;
    fn idempotency(&self) -> Idempotency;
    fn has_hook(&self) -> bool;
    /// Reads a payload; the error says what is wrong with it.
    fn decode(&self, payload: &str) -> Result<AnyCommand, String>;
    /// The payload with its secrets taken out; `None` when the command has none.
    fn redact(&self, payload: &str) -> Option<String>;
    /// What it is about, and its typed columns.
    fn describe(&self, command: &AnyCommand) -> (BizKey, Vec<Column>);
    fn execute<'a>(&'a self, op_id: &'a OpId, command: &'a AnyCommand) -> BoxFuture<'a, Outcome>;
    fn probe<'a>(&'a self, op_id: &'a OpId, command: &'a AnyCommand) -> BoxFuture<'a, Probe>;
    /// The hook for the end of `lease`'s operation.
    fn hook(
        self: Arc<Self>,
        lease: &Lease,
        command: &AnyCommand,
        settlement: &Settlement,
        at: Timestamp,
    ) -> Hook;
}

/// The handler of one orchestrator.
pub(crate) struct Typed<O>(pub(crate) O);

impl<O: Orchestrator> Typed<O> {
    fn command<'a>(&self, command: &'a AnyCommand) -> &'a O::Command {
        command
            .downcast_ref()
            .expect("commands are decoded by the handler that runs them")
    }
}

impl<O: Orchestrator> Handler for Typed<O> {
    fn policy(&self) -> RetryPolicy {
        self.0.policy()
    }

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    fn has_hook(&self) -> bool {
        O::HAS_FINALIZE_HOOK
    }

    fn decode(&self, payload: &str) -> Result<AnyCommand, String> {
        match serde_json::from_str::<O::Command>(payload) {
            Ok(command) => Ok(Arc::new(command)),
            Err(error) => Err(format!(
                "the stored {} cannot be read: {}",
                <O::Command as Command>::EVENT_TYPE,
                without_values(&error)
            )),
        }
    }

    fn redact(&self, payload: &str) -> Option<String> {
        let secrets = <O::Command as Command>::SECRETS;
        if secrets.is_empty() {
            return None;
        }
        let mut fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(payload).ok()?;
        for secret in secrets {
            if let Some(value) = fields.get_mut(*secret) {
                *value = REDACTED.into();
            }
        }
        serde_json::to_string(&fields).ok()
    }

    fn describe(&self, command: &AnyCommand) -> (BizKey, Vec<Column>) {
        let command = self.command(command);
        (command.biz_key(), command.columns())
    }

    fn execute<'a>(&'a self, op_id: &'a OpId, command: &'a AnyCommand) -> BoxFuture<'a, Outcome> {
        Box::pin(self.0.execute(op_id, self.command(command)))
    }

    fn probe<'a>(&'a self, op_id: &'a OpId, command: &'a AnyCommand) -> BoxFuture<'a, Probe> {
        Box::pin(self.0.probe(op_id, self.command(command)))
    }

    fn hook(
        self: Arc<Self>,
        lease: &Lease,
        command: &AnyCommand,
        settlement: &Settlement,
        at: Timestamp,
    ) -> Hook {
        let (message, provider_ref) = end_of(settlement);
        let finished = Arc::new(Finished {
            op_id: lease.op_id().clone(),
            owner_id: lease.owner_id.clone(),
            command: self.command(command).clone(),
            state: settlement.state(),
            provider_ref,
            message,
            at,
        });
        Box::new(move |mut tx| {
            let (this, finished) = (Arc::clone(&self), Arc::clone(&finished));
            Box::pin(async move { this.0.finalize(&mut tx, &finished).await })
        })
    }
}

fn end_of(settlement: &Settlement) -> (String, Option<String>) {
    match settlement {
        Settlement::Complete {
            message,
            provider_ref,
            ..
        } => (message.clone(), provider_ref.clone()),
        Settlement::Fail { message, .. } => (message.clone(), None),
        Settlement::Retry { reason, .. }
        | Settlement::Ask { reason, .. }
        | Settlement::Park { reason, .. } => (reason.clone(), None),
    }
}
