//! Which pattern an order takes, and keeps.

use super::*;

/// New orders take the new pattern; those that run end as they began.
#[tokio::test]
async fn an_order_ends_in_the_pattern_in_which_it_began() {
    let mut shop = Shop::new(9, 9);
    assert_eq!(shop.sagas.pattern(), SagaPattern::Orchestration);
    let first = shop.order("first").await;
    shop.sagas.set_pattern(SagaPattern::Choreography).unwrap();
    let second = shop.order("second").await;
    shop.sagas.set_pattern(SagaPattern::Orchestration).unwrap();
    let third = shop.order("third").await;
    assert_eq!(shop.saga(&first).await.pattern, SagaPattern::Orchestration);
    assert_eq!(shop.saga(&second).await.pattern, SagaPattern::Choreography);
    assert_eq!(shop.saga(&third).await.pattern, SagaPattern::Orchestration);
    for id in [&first, &second, &third] {
        assert_eq!(shop.settle(id).await.state, SagaState::Completed);
    }
    shop.assert_balanced(3, 9, 9).await;
    assert!(
        told(&shop, &first).await.is_empty(),
        "it has nobody to tell"
    );
    assert_eq!(told(&shop, &second).await.len(), 6);
}

/// With both sets of handlers on one order, each would do what the other one does.
#[tokio::test]
async fn handlers_leave_orchestrated_orders_alone() {
    let shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    let before = shop.saga(&id).await;
    shop.sagas.set_pattern(SagaPattern::Choreography).unwrap();
    let other = shop.order("b").await;
    let mut strange = event(&shop, &other, "OrderInitiated").await;
    strange.transaction_id = id.clone();
    for handler in ["ReserveHandler", "PayHandler", "CompensationHandler"] {
        hand(&shop, handler, &strange).await.unwrap();
    }
    assert_eq!(shop.saga(&id).await, before);
}

#[tokio::test]
async fn sagas_without_names_for_their_events_cannot_be_choreographed() {
    let shop = Shop::new(3, 3);
    let silent = silent(&shop);
    let reason = "a choreographed saga needs names for its events: add `.events(..)`";
    let refused = silent.set_pattern(SagaPattern::Choreography);
    assert_eq!(refused.unwrap_err().to_string(), reason);
    assert!(Choreography::of(&silent).is_err());
    silent.check().await.unwrap();
    shop.sagas.set_pattern(SagaPattern::Choreography).unwrap();
    let id = shop.order("a").await;
    let unled = silent.check().await.unwrap_err().to_string();
    let reason = "1 running sagas of order_saga are moved on by events, which this version has no longer: let \
                  the former version finish them first, or keep its choreography";
    assert_eq!(unled, reason, "so no service starts with it");
    let stuck = silent.cancel(&id).await;
    assert_eq!(
        stuck.unwrap_err().to_string(),
        "order_saga has choreographed sagas and no names for their events: add `.events(..)`"
    );
}

/// The same sagas in a program that was never told of events.
fn silent(shop: &Shop) -> Sagas<Order> {
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    crate::sagas::steps(Sagas::builder(database, tables, PLAN), shop.world.engine())
        .build()
        .unwrap()
}
