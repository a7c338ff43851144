//! What begins and ends together with rows of your own.

use orch_runtime::testing::{Provider, World};
use orch_runtime::{
    Finished, HookError, HookTx, IdemKey, Idempotency, OpId, Orchestrator, Outcome, OwnerId, Probe,
    RetryPolicy, Value,
};

use purchase::notification::cancellation::generated::command::CancellationCommand;
use purchase::notification::cancellation::orchestrator::CancellationOrchestrator;

use crate::world::{SETUP, Scripted, keyed, sample};

const NOTE: &str = "insert into notes (note) values (?1)";
const NOTES: &str = "select count(*) as n from notes";

fn with_notes(world: World) -> World {
    world.alter("create table notes (note text primary key)");
    world
}

/// A row of yours without its operation, or an operation whose row was rolled back.
#[tokio::test]
async fn an_operation_is_accepted_with_the_callers_rows_or_not_at_all() {
    for changes_its_mind in [true, false] {
        let world = with_notes(keyed());
        let engine = world.engine().clone();
        let done = world.transaction(move |mut tx| {
            let engine = engine.clone();
            Box::pin(async move {
                tx.execute(NOTE, &[Value::from("asked for")]).await?;
                let (owner, key) = (OwnerId::anonymous(), IdemKey::new("key-1").unwrap());
                let accepted = engine.submit_in(&mut tx, owner, key, &sample()).await;
                accepted.map_err(|error| HookError::new(error.to_string()))?;
                if changes_its_mind {
                    return Err(HookError::new("the caller changed its mind"));
                }
                Ok(())
            })
        });
        assert_eq!(done.await.is_err(), changes_its_mind);
        world.settle().await;
        let kept = u32::from(!changes_its_mind);
        assert_eq!(world.count(NOTES, vec![]).await, i64::from(kept));
        assert_eq!(world.provider.total_requests(), kept);
    }
}

type Plain = CancellationOrchestrator<Scripted>;

/// The orchestrator with a finalize hook, as you would write it into the orchestrator itself.
struct Noting(Plain);

impl Orchestrator for Noting {
    type Command = CancellationCommand;

    const DOMAIN: &'static str = Plain::DOMAIN;

    const HAS_FINALIZE_HOOK: bool = true;

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    fn policy(&self) -> RetryPolicy {
        self.0.policy()
    }

    async fn execute(&self, op_id: &OpId, command: &Self::Command) -> Outcome {
        self.0.execute(op_id, command).await
    }

    async fn probe(&self, op_id: &OpId, command: &Self::Command) -> Probe {
        self.0.probe(op_id, command).await
    }

    async fn finalize(
        &self,
        tx: &mut HookTx<'_>,
        end: &Finished<Self::Command>,
    ) -> Result<(), HookError> {
        let note = Value::from(&end.op_id);
        tx.execute(NOTE, &[note]).await.map(|_| ())
    }
}

/// The end of the operation and what follows from it are one commit.
#[tokio::test]
async fn the_finalize_hook_writes_its_rows_with_the_end_of_the_operation() {
    let world = World::new(SETUP, Provider::keyed(), |builder, provider| {
        let gateway = Scripted {
            provider,
            keyed: true,
        };
        builder.register(Noting(Plain::new(gateway)))
    });
    let world = with_notes(world);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.settle().await;
    let note = "select count(*) as n from notes where note = ?1";
    assert_eq!(world.count(note, vec![Value::from(&op_id)]).await, 1);
}
