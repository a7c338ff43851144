//! Orders that go through, and orders that do not, told event by event.

use super::*;

#[tokio::test]
async fn an_order_goes_from_handler_to_handler() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Pending, "no handler has begun yet");
    assert_eq!(states(&saga), [StepState::Waiting; 4]);
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    assert_eq!(states(&saga), [StepState::Succeeded; 4]);
    shop.assert_balanced(1, 3, 3).await;
    let events = told(&shop, &id).await;
    assert_eq!(
        types(&events),
        [
            "OrderInitiated",
            "ItemReserved",
            "PackSucceeded",
            "PaySucceeded",
            "ConfirmSucceeded",
            "OrderCompleted"
        ]
    );
    assert!(events.iter().all(|event| event.aggregate_id == "anonymous"));
    assert_eq!(
        shop.order("a").await,
        id,
        "the same request is the same saga"
    );
}

#[tokio::test]
async fn a_refused_payment_puts_everything_back() {
    let mut shop = shop(3, 3);
    shop.world.provider.script([Reply::Refuse("NO_MONEY")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
    let events = told(&shop, &id).await;
    assert_eq!(
        types(&events),
        [
            "OrderInitiated",
            "ItemReserved",
            "PackSucceeded",
            "PayFailed",
            "CompensationInitiated",
            "CompensationStepCompleted",
            "CompensationStepCompleted",
            "CompensationCompleted",
            "OrderFailed"
        ]
    );
    let failed = &events[3].payload;
    assert_eq!(failed["step"], "pay");
    assert_eq!(failed["errorCode"], "NO_MONEY");
    assert_eq!(events[4].payload["originalFailedStep"], "pay");
    assert_eq!(
        events[5].payload["step"], "pack",
        "what came last goes first"
    );
    assert_eq!(events[6].payload["step"], "reserve");
    assert_eq!(events[8].payload["failedStep"], "pay");
}

#[tokio::test]
async fn an_order_of_which_nothing_happened_failed() {
    let mut shop = shop(0, 3);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    let events = told(&shop, &id).await;
    assert_eq!(
        types(&events),
        ["OrderInitiated", "ItemReservationFailed", "OrderFailed"]
    );
    assert_eq!(events[2].payload["errorCode"], "INSUFFICIENT_STOCK");
    shop.assert_balanced(0, 0, 3).await;
}
