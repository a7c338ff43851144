//! Each handler alone.

use super::*;

#[tokio::test]
async fn a_handler_begins_its_own_step_and_no_other() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    let initiated = event(&shop, &id, "OrderInitiated").await;
    let done = hand(&shop, "ReserveHandler", &initiated).await;
    assert!(matches!(done, Ok(Delivered::Now(_))));
    use StepState::{Running, Succeeded, Waiting};
    let saga = shop.saga(&id).await;
    assert_eq!(states(&saga), [Succeeded, Waiting, Waiting, Waiting]);
    let reserved = event(&shop, &id, "ItemReserved").await;
    hand(&shop, "PackHandler", &reserved).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(states(&saga), [Succeeded, Waiting, Succeeded, Waiting]);
    let packed = event(&shop, &id, "PackSucceeded").await;
    hand(&shop, "ConfirmHandler", &packed).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(
        saga.steps[3].state, Waiting,
        "it waits for the payment, too"
    );
    hand(&shop, "PayHandler", &reserved).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(states(&saga), [Succeeded, Running, Succeeded, Waiting]);
}

/// It decides from what is on record: an event that says otherwise moves nothing.
#[tokio::test]
async fn no_handler_believes_an_event_more_than_the_record() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    let mut wrong = event(&shop, &id, "OrderInitiated").await;
    let choreography = Choreography::of(&shop.sagas).unwrap();
    for handler in ["PayHandler", "PackHandler", "ConfirmHandler"] {
        hand(&shop, handler, &wrong).await.unwrap();
    }
    assert_eq!(states(&shop.saga(&id).await), [StepState::Waiting; 4]);
    hand(&shop, "ReserveHandler", &wrong).await.unwrap();
    wrong.event_type = "PayFailed".to_owned();
    wrong.event_id = orch_runtime::EventId::random();
    hand(&shop, "CompensationHandler", &wrong).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(saga.steps[0].state, StepState::Succeeded, "nothing failed");
    drop(choreography);
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

#[tokio::test]
async fn the_compensation_handler_undoes_and_begins_nothing() {
    let shop = shop(3, 0);
    let id = shop.order("a").await;
    let initiated = event(&shop, &id, "OrderInitiated").await;
    hand(&shop, "CompensationHandler", &initiated)
        .await
        .unwrap();
    assert_eq!(states(&shop.saga(&id).await), [StepState::Waiting; 4]);
    hand(&shop, "ReserveHandler", &initiated).await.unwrap();
    let reserved = event(&shop, &id, "ItemReserved").await;
    hand(&shop, "PackHandler", &reserved).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(
        saga.steps[0].state,
        StepState::Succeeded,
        "that is not its part"
    );
    let failed = event(&shop, &id, "PackFailed").await;
    hand(&shop, "CompensationHandler", &failed).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    assert_eq!(shop.pieces("item").await, 3);
    let moved = hand(&shop, "PayHandler", &reserved).await;
    moved.unwrap();
    assert_eq!(shop.saga(&id).await, saga, "what is over stays over");
}

/// Nothing of an event's saga is known here: it belongs to another service, or was deleted.
#[tokio::test]
async fn an_event_of_an_unknown_saga_is_refused() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    let mut strange = event(&shop, &id, "OrderInitiated").await;
    strange.transaction_id = SagaId::new("TXN_nobody").unwrap();
    let refused = hand(&shop, "ReserveHandler", &strange).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "there is no saga TXN_nobody"
    );
}

/// Whoever looks at a choreographed order notes what ended, and begins nothing.
#[tokio::test]
async fn looking_begins_no_step() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    shop.sagas.look(&id).await.unwrap();
    shop.world.advance(Duration::from_secs(60)).await;
    let now = shop.world.clock.now();
    shop.sagas.run_once(now).await.unwrap();
    assert_eq!(states(&shop.saga(&id).await), [StepState::Waiting; 4]);
    assert_eq!(types(&told(&shop, &id).await), ["OrderInitiated"]);
}

#[tokio::test]
async fn what_was_handled_is_there_to_see() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    shop.settle(&id).await;
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = EventTables {
        prefix: "order_saga",
    };
    let handled = inbox::handled(&database, tables, &id).await.unwrap();
    let seen: Vec<(&str, &str)> = handled
        .iter()
        .map(|one| (one.handler.as_str(), one.event_type.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("ReserveHandler", "OrderInitiated"),
            ("PackHandler", "ItemReserved"),
            ("PayHandler", "ItemReserved"),
            ("ConfirmHandler", "PackSucceeded"),
            ("ConfirmHandler", "PaySucceeded"),
        ]
    );
}
