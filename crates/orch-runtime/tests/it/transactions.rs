//! Operations that are accepted together with the caller's own rows.

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::engine::{Engine, SubmitError};
use orch_runtime::fault::NoFaults;
use orch_runtime::store::hook::HookError;
use orch_runtime::store::{Database, TransactionError};
use orch_runtime::testing::World;
use orch_runtime::{IdemKey, OperationState, OwnerId, Value};

use crate::charge::{charge, hooked_world, keyed_world};

const ORDER: &str = "insert into orders (order_id, paid) values (?1, 'NO')";
const ORDERS: &str = "select count(*) as n from orders";
const OPERATIONS: &str = "select count(*) as n from charge_operations";

fn key(text: &str) -> IdemKey {
    IdemKey::new(text).unwrap()
}

fn database(world: &World) -> Database {
    world.database().open(Arc::new(NoFaults))
}

/// An order and its charge; the shop changes its mind when told to.
async fn order(
    database: &Database,
    engine: &Engine,
    name: &'static str,
    changes_its_mind: bool,
) -> Result<(), TransactionError> {
    let engine = engine.clone();
    database
        .transaction(move |mut tx| {
            let engine = engine.clone();
            Box::pin(async move {
                tx.execute(ORDER, &[Value::from(name)]).await?;
                let owner = OwnerId::anonymous();
                let submitted = engine
                    .submit_in(&mut tx, owner, key(name), &charge(name))
                    .await;
                submitted.map_err(|error| HookError::new(error.to_string()))?;
                if changes_its_mind {
                    return Err(HookError::new("the shop changed its mind"));
                }
                Ok(())
            })
        })
        .await
}

/// Money for an order that does not exist, or an order that nobody charges.
#[tokio::test]
async fn an_operation_and_its_order_are_recorded_together_or_not_at_all() {
    let world = keyed_world();
    let database = database(&world);
    order(&database, world.engine(), "kept", false)
        .await
        .unwrap();
    let refused = order(&database, world.engine(), "given-up", true).await;
    assert!(matches!(refused, Err(TransactionError::Refused(_))));
    for table in [ORDERS, OPERATIONS] {
        assert_eq!(world.count(table, vec![]).await, 1, "{table}");
    }
    assert_eq!(world.provider.total_requests(), 0, "not before the commit");
    world.settle().await;
    let counts = world.store().count_by_state().await.unwrap();
    assert_eq!(counts, [(OperationState::Completed, 1)]);
    assert_eq!(world.provider.total_requests(), 1);
}

#[tokio::test]
async fn the_key_counts_in_a_transaction_as_outside_of_one() {
    let world = keyed_world();
    let first = world.submit("k", &charge("order-1")).await.unwrap();
    let database = database(&world);
    let (engine, seen) = (world.engine().clone(), Arc::default());
    let note: Arc<std::sync::Mutex<Vec<_>>> = Arc::clone(&seen);
    let both = database.transaction(move |mut tx| {
        let (engine, note) = (engine.clone(), Arc::clone(&note));
        Box::pin(async move {
            for order in ["order-1", "order-2"] {
                let owner = OwnerId::anonymous();
                let found = engine
                    .submit_in(&mut tx, owner, key("k"), &charge(order))
                    .await;
                note.lock().unwrap().push(found);
            }
            Ok(())
        })
    });
    both.await.unwrap();
    let mut seen = seen.lock().unwrap();
    assert!(matches!(seen.pop(), Some(Err(SubmitError::KeyReused))));
    let same = seen.pop().unwrap().unwrap();
    assert_eq!((same.op_id, same.replayed), (first, true));
}

#[tokio::test]
async fn a_panic_in_the_callers_work_is_a_refusal_and_holds_up_nobody() {
    let world = hooked_world();
    let database = database(&world);
    let broken = database.transaction(|_| Box::pin(async { panic!("a slip") }));
    assert!(matches!(broken.await, Err(TransactionError::Refused(_))));
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.advance(Duration::from_secs(1)).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
}

/// PostgreSQL answers the commit of a transaction in which a statement failed like any other, and keeps
/// nothing of it: an operation would be reported that never was.
#[tokio::test]
async fn what_is_reported_as_committed_is() {
    let world = keyed_world();
    let (database, engine) = (database(&world), world.engine().clone());
    let done = database.transaction(move |mut tx| {
        let engine = engine.clone();
        Box::pin(async move {
            let owner = OwnerId::anonymous();
            let submitted = engine
                .submit_in(&mut tx, owner, key("k"), &charge("order-1"))
                .await;
            submitted.map_err(|error| HookError::new(error.to_string()))?;
            let _ = tx
                .execute("insert into no_such_table values (1)", &[])
                .await;
            Ok(())
        })
    });
    let operations = i64::from(done.await.is_ok());
    assert_eq!(world.count(OPERATIONS, vec![]).await, operations);
}
