//! What Restate runs: an operation, and a saga with its compensations in a list, as its guide on sagas has it.

use std::sync::{Arc, OnceLock};

use anyhow::Result;
use restate_sdk::prelude::*;
use tokio::net::TcpListener;

use crate::ledger::{Effect, Ledger};

/// Where executions are noted, once there is a place.
pub(super) type Executions = Arc<OnceLock<Arc<Ledger>>>;

/// The status with which a saga is answered whose last step was refused.
pub(super) const REFUSED: u16 = 409;

/// Serves both; answers their address.
pub(super) async fn serve(executions: Executions) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let endpoint = Endpoint::builder()
        .bind(Noop(Arc::clone(&executions)))
        .bind(Order(executions))
        .build();
    tokio::spawn(HttpServer::new(endpoint).serve(listener));
    Ok(address)
}

struct Noop(Executions);

#[service]
impl Noop {
    /// One step without an effect, recorded as a step that calls somebody would be.
    #[handler]
    async fn run(&self, context: Context<'_>, number: Json<u64>) -> HandlerResult<()> {
        let executions = Arc::clone(&self.0);
        let number = usize::try_from(number.into_inner())?;
        let step = async move || {
            if let Some(ledger) = executions.get() {
                ledger.execute(number);
            }
            Ok(())
        };
        context.run(step).name("noop").await?;
        Ok(())
    }
}

/// Each step with what undoes it.
const STEPS: [(Effect, Effect); 3] = [
    (Effect::Reserve, Effect::Release),
    (Effect::Pay, Effect::Refund),
    (Effect::Ship, Effect::TakeBack),
];

struct Order(Executions);

#[service]
impl Order {
    /// What was done is undone from the last to the first.
    #[handler]
    async fn run(&self, context: Context<'_>, number: Json<u64>) -> HandlerResult<()> {
        let number = usize::try_from(number.into_inner())?;
        let mut compensations = Vec::new();
        for (step, undo) in STEPS {
            match self.perform(&context, number, step).await {
                Ok(()) => compensations.push(undo),
                Err(refused) => {
                    while let Some(undo) = compensations.pop() {
                        self.perform(&context, number, undo).await?;
                    }
                    return Err(refused.into());
                }
            }
        }
        Ok(())
    }
}

impl Order {
    /// One recorded step.
    async fn perform(
        &self,
        context: &Context<'_>,
        number: usize,
        effect: Effect,
    ) -> Result<(), TerminalError> {
        let executions = Arc::clone(&self.0);
        let step = async move || {
            if let Some(ledger) = executions.get() {
                let refused = |refused| TerminalError::from_error(refused).with_code(REFUSED);
                ledger.perform(number, effect).map_err(refused)?;
            }
            Ok(())
        };
        context.run(step).name(format!("{effect:?}")).await
    }
}
