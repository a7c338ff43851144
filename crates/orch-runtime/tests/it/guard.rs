//! `execute` and the database are kept apart.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orch_runtime::testing::{Provider, World};
use orch_runtime::{
    Engine, Idempotency, OpId, OperationState, Orchestrator, Outcome, OwnerId, Probe,
};

use crate::charge::{Charge, SETUP, charge};

/// Reads its own operation from inside the call.
struct Nosy {
    engine: Arc<OnceLock<Engine>>,
}

impl Orchestrator for Nosy {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        Idempotency::Keyed {
            window: Duration::from_secs(3_600),
        }
    }

    async fn execute(&self, op_id: &OpId, _: &Charge) -> Outcome {
        let engine = self.engine.get().unwrap();
        let found = engine.find(&OwnerId::anonymous(), op_id).await;
        Outcome::fail("READ", format!("{found:?}"))
    }

    async fn probe(&self, _: &OpId, _: &Charge) -> Probe {
        Probe::NotCommitted
    }
}

#[tokio::test]
async fn a_read_of_the_database_inside_execute_is_an_error_that_says_so() {
    let handle: Arc<OnceLock<Engine>> = Arc::default();
    let engine = Arc::clone(&handle);
    let world = World::new(SETUP, Provider::keyed(), move |builder, _| {
        builder.register(Nosy {
            engine: Arc::clone(&engine),
        })
    });
    handle.set(world.engine().clone()).unwrap();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let view = world.view(&op).await;
    assert_eq!(view.state, OperationState::Unknown);
    let message = view.outcome.unwrap().message;
    assert!(message.contains("inside execute"), "{message}");
}
