//! Orders that go through, and orders that do not, told event by event.

use serde_json::json;

use super::*;

/// It is answered before any handler has begun.
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
    let shared = events
        .iter()
        .any(|event| event.payload.contains_key("result"));
    assert!(
        !shared,
        "no result leaves the database unless a step says so"
    );
    assert_eq!(
        shop.order("a").await,
        id,
        "the same request is the same saga"
    );
}

/// Whoever hears of an order has no table to look into.
#[tokio::test]
async fn events_carry_what_they_are_to_tell_and_no_more() {
    let mut shop = shop(1, 1);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    let events = told(&shop, &id).await;
    let payload = |at: usize| serde_json::Value::Object(events[at].payload.clone());
    assert_eq!(payload(0), json!({ "order_id": "a" }));
    assert_eq!(payload(1), json!({ "step": "reserve", "taken": "item" }));
    assert_eq!(
        payload(2),
        json!({ "step": "pack" }),
        "its result is not to be told"
    );
    let ended = saga.completed_at.unwrap();
    let ended = ended.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let completed = json!({ "order_id": "a", "taken": "item", "completedAt": ended });
    assert_eq!(payload(5), completed);

    let id = shop.order("b").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    let known = json!({ "left": 0, "shelf": "B7" });
    assert_eq!(
        saga.steps[0].result,
        Some(known),
        "it is on record, all of it"
    );
    let events = told(&shop, &id).await;
    let payload = |at: usize| serde_json::Value::Object(events[at].payload.clone());
    let why = json!({
        "step": "reserve", "errorCode": "INSUFFICIENT_STOCK", "reason": "nothing is left", "left": 0,
    });
    assert_eq!(payload(1), why);
    let failed = json!({
        "order_id": "b", "failedStep": "reserve", "errorCode": "INSUFFICIENT_STOCK",
        "failureReason": "nothing is left",
    });
    assert_eq!(payload(2), failed);
}

/// One that listeners took for another saga, or that hid why something failed.
#[tokio::test]
async fn no_event_tells_a_field_that_it_has_already() {
    let shop = shop(1, 1);
    let built = |events| {
        let tables = SagaTables {
            prefix: "order_saga",
        };
        let database = shop.world.database().open(Arc::new(NoFaults));
        let builder = Sagas::builder(database, tables, PLAN).events(events);
        crate::sagas::steps(builder, shop.world.engine()).build()
    };
    let refused = built(crate::sagas::events().telling("pay", "errorCode"));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "events cannot tell a field \"errorCode\": it is one of their own"
    );
    assert!(built(crate::sagas::events().telling_input("eventId")).is_err());
    assert!(built(crate::sagas::events()).is_ok());
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
    assert_eq!(events[4].payload["compensationType"], "order_compensation");
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

/// Nothing but the payment's own success tells of it, and whoever undoes does not listen to successes.
#[tokio::test]
async fn a_payment_that_comes_through_too_late_is_refunded_once() {
    for reply in [Reply::Done, Reply::DoneButLost, Reply::LostBefore] {
        let mut shop = shop(3, 0);
        shop.world.provider.script([reply]);
        let id = paid_and_not_packed(&shop).await;
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
        shop.assert_balanced(0, 3, 0).await;
        assert_eq!(shop.count("order_id like 'refund-%'").await, 1);
        let events = told(&shop, &id).await;
        let due = types(&events)
            .iter()
            .filter(|name| **name == "CompensationDue")
            .count();
        assert_eq!(due, 1, "{:?}", types(&events));
    }
}

/// A failing confirmation mail must not refund an order that is paid and packed.
#[tokio::test]
async fn an_order_stays_when_its_confirmation_fails() {
    let mut shop = shop(3, 3);
    let replies = [Reply::Done, Reply::Refuse("NO_SUCH_ADDRESS")];
    shop.world.provider.script(replies);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(saga.steps[3].state, StepState::Failed);
    shop.assert_balanced(1, 3, 3).await;
    shop.deliver().await;
    let noted =
        "select count(*) as n from order_saga_inbox where handler = 'ToleratedFailureHandler'";
    assert_eq!(shop.world.count(noted, vec![]).await, 1);
}

/// Nothing begins after the deadline, and what happened until then is undone at it.
#[tokio::test]
async fn an_order_that_takes_too_long_is_undone() {
    let mut shop = shop(3, 3);
    let late = Duration::from_secs(3_050);
    shop.world.provider.script([Reply::Busy(Some(late))]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
    shop.assert_balanced(0, 3, 3).await;
    let stopped = event(&shop, &id, "OrderStopped").await;
    assert_eq!(stopped.payload["reason"], "DEADLINE_PASSED");
}

/// Whoever asks why it failed is told, although no step of it did.
#[tokio::test]
async fn an_order_nobody_came_to_says_that_its_time_was_over() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    shop.world.clock.advance(Duration::from_secs(3_001));
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed, "nothing had begun");
    assert_eq!(saga.stop, Some(Stop::DeadlinePassed));
    let failed = event(&shop, &id, "OrderFailed").await;
    assert_eq!(failed.payload["errorCode"], "DEADLINE_PASSED");
    shop.assert_balanced(0, 3, 3).await;
}

/// What a scenario does to an order once it is placed.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Cancel,
    CancelWhenReserved,
}

/// Whoever moves orders on: in the end the same was sold.
#[tokio::test]
async fn choreographed_orders_end_as_orchestrated_ones() {
    use Reply::{Busy, Done, DoneButLost, LostBefore, Refuse, Unreachable};
    let scenarios: &[(&[Reply], u32, u32, Then)] = &[
        (&[], 3, 3, Then::Nothing),
        (&[], 0, 3, Then::Nothing),
        (&[Refuse("NO")], 3, 3, Then::Nothing),
        (&[], 3, 0, Then::Nothing),
        (&[Done, Refuse("NO")], 3, 3, Then::Nothing),
        (&[DoneButLost], 3, 3, Then::Nothing),
        (&[LostBefore, DoneButLost], 3, 3, Then::Nothing),
        (&[Unreachable, Done], 3, 3, Then::Nothing),
        (
            &[Busy(Some(Duration::from_secs(3_050)))],
            3,
            3,
            Then::Nothing,
        ),
        (&[], 3, 3, Then::Cancel),
        (&[DoneButLost], 3, 3, Then::CancelWhenReserved),
    ];
    for (replies, items, boxes, then) in scenarios {
        let mut ends = Vec::new();
        for pattern in SagaPattern::ALL {
            let mut shop = Shop::of(pattern, *items, *boxes);
            shop.world.provider.script(replies.iter().cloned());
            let id = shop.order("a").await;
            if let Then::CancelWhenReserved = then {
                shop.deliver().await;
            }
            if !matches!(then, Then::Nothing) {
                shop.sagas.cancel(&id).await.unwrap();
            }
            let saga = shop.settle(&id).await;
            let sold = i64::from(saga.state == SagaState::Completed);
            shop.assert_balanced(sold, (*items).into(), (*boxes).into())
                .await;
            // What never began needs no undoing: cancelled at once, a choreographed order has not begun.
            ends.push(match (then, saga.state) {
                (Then::Cancel, SagaState::Failed) => SagaState::Compensated,
                (_, state) => state,
            });
        }
        assert_eq!(ends[0], ends[1], "{replies:?} {items} {boxes} {then:?}");
    }
}
