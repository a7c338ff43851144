//! Events that come twice, late, or to nobody.

use orch_runtime::saga::SagaFinding;

use crate::sagas::until;

use super::*;

async fn everything_again(shop: &Shop, id: &SagaId) -> Vec<Delivered> {
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let mut delivered = Vec::new();
    for event in told(shop, id).await {
        for handler in choreography.subscriptions().of(&event.event_type) {
            let done = choreography.dispatcher().deliver(handler, &event).await;
            delivered.push(done.unwrap());
        }
    }
    delivered
}

/// Every event of an order twice more: first the inbox knows it, then only the record does.
#[tokio::test]
async fn events_that_come_again_change_nothing() {
    for boxes in [3, 0] {
        let mut shop = shop(3, boxes);
        let id = shop.order("a").await;
        let saga = shop.settle(&id).await;
        shop.deliver().await;
        let again = everything_again(&shop, &id).await;
        assert!(!again.is_empty());
        assert!(again.iter().all(|done| *done == Delivered::Before));
        shop.world.alter("delete from order_saga_inbox");
        let anew = everything_again(&shop, &id).await;
        assert!(anew.iter().all(|done| *done != Delivered::Before));
        assert_eq!(shop.settle(&id).await, saga);
        let sold = i64::from(boxes > 0);
        shop.assert_balanced(sold, 3, i64::from(boxes)).await;
    }
}

/// A relay that runs nowhere, or cannot publish, is noticed by nobody who waits for the saga's end.
#[tokio::test]
async fn what_nobody_publishes_is_found_out() {
    const LONG: Duration = Duration::from_secs(600);
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    assert_eq!(shop.sagas.check_integrity(LONG).await.unwrap(), []);
    shop.world.clock.advance(LONG + Duration::from_secs(1));
    let found = shop.sagas.check_integrity(LONG).await.unwrap();
    let found = found
        .iter()
        .find(|of| of.finding == SagaFinding::EventNotTold);
    assert_eq!(found.map(|problem| &problem.transaction_id), Some(&id));
    shop.settle(&id).await;
    shop.deliver().await;
    assert_eq!(shop.sagas.check_integrity(LONG).await.unwrap(), []);
}

/// Each event is given to each handler at the same time by ten.
#[tokio::test]
async fn of_many_deliveries_at_the_same_time_one_counts() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    let initiated = event(&shop, &id, "OrderInitiated").await;
    let deliveries = (0..10).map(|_| {
        let (sagas, event) = (sagas(&shop.world), initiated.clone());
        tokio::spawn(async move {
            let choreography = Choreography::of(&sagas).unwrap();
            let handler = choreography
                .subscriptions()
                .named("ReserveHandler")
                .unwrap();
            choreography.dispatcher().deliver(handler, &event).await
        })
    });
    let mut now = 0;
    for delivery in deliveries.collect::<Vec<_>>() {
        let done = delivery.await.unwrap().unwrap();
        now += u32::from(done != Delivered::Before);
    }
    assert_eq!(now, 1);
    assert_eq!(shop.pieces("item").await, 2);
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

/// A handler that is missing, or does not listen, is found out before the first order.
#[tokio::test]
async fn a_saga_whose_events_reach_nobody_does_not_start() {
    let shop = shop(3, 3);
    let all = |without: &str| {
        let mut builder = Choreography::builder(&shop.sagas).unwrap();
        for step in PLAN.iter().filter(|step| step.name != without) {
            builder = builder.handler(StepHandler::new(&shop.sagas, step.name).unwrap());
        }
        if without != "compensation" {
            builder = builder.handler(CompensationHandler::new(&shop.sagas).unwrap());
        }
        if without != "tolerated" {
            builder = builder.handler(ToleratedFailureHandler::new(&shop.sagas).unwrap());
        }
        builder
    };
    let refusals = [
        ("reserve", "OrderInitiated does not reach ReserveHandler"),
        ("pay", "ItemReserved does not reach PayHandler"),
        ("confirm", "PaySucceeded does not reach ConfirmHandler"),
        (
            "compensation",
            "ItemReservationFailed does not reach CompensationHandler",
        ),
        (
            "tolerated",
            "ConfirmFailed does not reach ToleratedFailureHandler",
        ),
    ];
    for (without, reason) in refusals {
        let refused = all(without).build().unwrap_err().to_string();
        let hint = ": register a handler of that name that subscribes to it";
        assert_eq!(refused, format!("{reason}{hint}"));
    }
    assert!(all("nothing").build().is_ok());
    let split = all("nothing").serving(["PayHandler".to_owned()]).build();
    assert_eq!(
        split.unwrap_err(),
        orch_runtime::saga::ChoreographyError::SplitInProcess
    );
    let twice = all("nothing").handlers_of(&shop.sagas).build();
    assert_eq!(
        twice.unwrap_err().to_string(),
        "two handlers are named ReserveHandler: give each its own name"
    );
}

/// The whole of it as a service runs it: woken by commits, not by the clock, which stands still.
#[tokio::test]
async fn a_commit_wakes_who_delivers() {
    let shop = shop(3, 3);
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let (signal, shutdown) = Shutdown::new();
    let workers = Workers::new()
        .with_sagas(&shop.sagas)
        .with_choreography(&choreography);
    let working = tokio::spawn(workers.run(shutdown));
    let id = shop.order("a").await;
    until(async || {
        shop.world.run_once().await;
        shop.saga(&id).await.state.is_final()
    })
    .await;
    assert_eq!(shop.saga(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
    signal.request();
    working.await.unwrap();
}
