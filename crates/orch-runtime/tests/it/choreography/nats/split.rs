//! Handlers that are deployed apart.

use super::*;

/// A process that serves these handlers.
async fn serving(
    shop: &Shop,
    sagas: &Sagas<Order>,
    server: &NatsServer,
    names: &[&str],
) -> Choreography {
    let names = names.iter().map(|name| (*name).to_owned());
    let nats = join_of(server, 1).await;
    assert!(!shop.world.is_dead());
    choir(sagas, &nats).serving(names).build().unwrap()
}

/// What one of them does stands still while nobody serves it, and goes on in the process that does.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_handler_is_deployed_on_its_own() {
    const OTHERS: [&str; 5] = [
        "ReserveHandler",
        "PackHandler",
        "ConfirmHandler",
        "CompensationHandler",
        "ToleratedFailureHandler",
    ];
    let server = NatsServer::start().await;
    let shop = shop(3, 3);
    let engine = shop.world.second_process();
    let elsewhere = sagas_of(&shop.world, &engine);
    let most = serving(&shop, &shop.sagas, &server, &OTHERS).await;
    let lines: Vec<String> = most.subscriptions().summary().collect();
    let is_elsewhere = |line: &&String| line.ends_with("(by another process)");
    assert_eq!(lines.iter().filter(is_elsewhere).count(), 1, "{lines:?}");
    let (_first, _one) = work(&shop.sagas, &most);
    let id = shop.order("a").await;
    known(&server, "PackHandler", |info| {
        info.ack_floor.consumer_sequence > 1
    })
    .await;
    assert!(!shop.saga(&id).await.state.is_final());
    let context = asked(&server).await;
    let alone = context
        .get_consumer_from_stream::<Pull, _, _>("PayHandler-0", "orders")
        .await;
    assert!(alone.is_err(), "nobody serves it");

    let pay = serving(&shop, &elsewhere, &server, &["PayHandler"]).await;
    let (_second, _two) = work(&elsewhere, &pay);
    let state = settled(&shop, &id, &mut interval(LOOK)).await;
    assert_eq!(state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}
