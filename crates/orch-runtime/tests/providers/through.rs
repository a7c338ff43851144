//! An orchestrator as it is generated, over any client: what it is asked for is in the command.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use orch_runtime::testing::World;
use orch_runtime::{
    BizKey, Column, Command, GatewayError, Idempotency, OpId, OperationState, Orchestrator,
    Outcome, Probe, Receipt,
};
use serde::{Deserialize, Serialize};

use crate::recovery;

/// What is sent to whom, or charged from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) cents: i64,
}

impl Command for Request {
    const EVENT_TYPE: &'static str = "CALL_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.to)
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("name", &*self.to),
            Column::new("count", self.cents),
        ]
    }
}

/// As a generated gateway port.
pub(crate) trait Port: Send + Sync + 'static {
    fn idempotency(&self) -> Idempotency;

    fn call(
        &self,
        key: &OpId,
        request: &Request,
    ) -> impl Future<Output = Result<Receipt, GatewayError>> + Send;

    fn probe(&self, key: &OpId, request: &Request) -> impl Future<Output = Probe> + Send;
}

struct Through<P>(Arc<P>);

impl<P: Port> Orchestrator for Through<P> {
    type Command = Request;
    const DOMAIN: &'static str = "CALL";

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn execute(&self, op_id: &OpId, request: &Request) -> Outcome {
        recovery::outcome(self.0.call(op_id, request).await)
    }

    async fn probe(&self, op_id: &OpId, request: &Request) -> Probe {
        self.0.probe(op_id, request).await
    }
}

/// A process whose calls go through `port`.
pub(crate) fn world<P: Port>(port: P) -> World {
    let port = Arc::new(port);
    recovery::world(move |builder| builder.register(Through(Arc::clone(&port))))
}

/// Submits, and lets time pass until the operation rests. Answers how it ended, and after how many
/// attempts.
pub(crate) async fn settled(world: &World, request: &Request) -> (OperationState, u32) {
    let op_id = world.submit("key-1", request).await.unwrap();
    world.settle().await;
    let view = world.view(&op_id).await;
    (view.state, view.attempts)
}

/// Longer than any call here takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
