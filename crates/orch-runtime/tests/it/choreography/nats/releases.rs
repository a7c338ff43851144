//! Two releases on one stream: what only the later one knows is not lost to the earlier one.

use super::*;
use crate::choreography::rolling::{of_the_later_release, wrapped};

/// A handler that two releases have, and the kinds of events that one of them knows.
struct Shipping(&'static [&'static str]);

#[async_trait]
impl EventHandler for Shipping {
    fn name(&self) -> &str {
        "ShippingHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        self.0.iter().map(|kind| (*kind).to_owned()).collect()
    }

    async fn handle(&self, _: &mut HookTx<'_>, _: &Envelope) -> Result<AfterCommit, HandlerError> {
        Ok(AfterCommit::nothing())
    }
}

/// A shop that tells of an order what only a later release knows.
async fn shipped() -> Shop {
    let shop = shop(3, 3);
    shop.order("a").await;
    shop.world.alter(
        "update order_saga_outbox set event_type = 'OrderShipped', \
         envelope = replace(envelope, 'OrderInitiated', 'OrderShipped')",
    );
    shop
}

/// A release whose handler knows these kinds, and which leaves an event to others so often.
async fn release(
    shop: &Shop,
    server: &NatsServer,
    kinds: &'static [&'static str],
    tries: u32,
) -> Choreography {
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let config = BusConfig {
        max_deliveries: tries,
        longest_pause: Duration::from_millis(100),
        ..quick()
    };
    let builder = builder.handlers_of(&shop.sagas).handler(Shipping(kinds));
    let nats = join_of(server, 1).await;
    builder.config(config).nats(&nats).build().unwrap()
}

async fn shipments(shop: &Shop) -> i64 {
    let sql = "select count(*) as n from order_saga_inbox where handler = 'ShippingHandler'";
    shop.world.count(sql, vec![]).await
}

/// The earlier release is alone with the event for a while.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_an_earlier_release_does_not_know_is_left_to_a_later_one() {
    let server = NatsServer::start().await;
    let shop = shipped().await;
    let earlier = release(&shop, &server, &["ItemReserved"], 1_000).await;
    let (signal, working) = work(&shop.sagas, &earlier);
    known(&server, "ShippingHandler", |info| {
        info.delivered.consumer_sequence > 2
    })
    .await;
    assert_eq!(shipments(&shop).await, 0);
    let later = release(&shop, &server, &["ItemReserved", "OrderShipped"], 1_000).await;
    let (_signal, _working) = work(&shop.sagas, &later);
    signal.request();
    working.await.unwrap();
    known(&server, "ShippingHandler", |info| info.num_ack_pending == 0).await;
    assert_eq!(shipments(&shop).await, 1);
}

/// As on the bus inside the process.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_no_release_knows_is_given_up_after_as_many_tries_as_any_event() {
    let server = NatsServer::start().await;
    let shop = shipped().await;
    let earlier = release(&shop, &server, &["ItemReserved"], 3).await;
    let (signal, working) = work(&shop.sagas, &earlier);
    let given_up = |info: &Info| {
        let is_settled = info.num_pending == 0 && info.num_ack_pending == 0;
        info.delivered.consumer_sequence > 0 && is_settled
    };
    let info = known(&server, "ShippingHandler", given_up).await;
    assert_eq!(info.delivered.consumer_sequence, 3);
    assert_eq!(shipments(&shop).await, 0);
    assert!(earlier.dead_letters(9).await.unwrap().is_empty());
    signal.request();
    working.await.unwrap();
}

/// The server would count its deliveries to processes of the earlier release as tries that failed.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_saga_with_a_step_of_a_later_release_is_left_to_it() {
    let server = NatsServer::start().await;
    let mut shop = shop(3, 3);
    let nats = join_of(&server, 1).await;
    let earlier = choir(&shop.sagas, &nats).build().unwrap();
    let sagas = of_the_later_release(&shop);
    let sagas = std::mem::replace(&mut shop.sagas, sagas);
    let (id, _) = wrapped(&shop).await;
    let (signal, working) = work(&sagas, &earlier);
    let often = |info: &Info| info.delivered.consumer_sequence > 6;
    known(&server, "ConfirmHandler", often).await;
    assert_eq!(earlier.dead_letters(9).await.unwrap(), []);
    let later = choir(&shop.sagas, &nats).build().unwrap();
    let (_signal, _working) = work(&shop.sagas, &later);
    signal.request();
    working.await.unwrap();
    let mut looks = interval(LOOK);
    assert_eq!(settled(&shop, &id, &mut looks).await, SagaState::Completed);
    assert_eq!(states(&shop.saga(&id).await), [StepState::Succeeded; 5]);
    assert_eq!(later.dead_letters(9).await.unwrap(), []);
    shop.assert_balanced(1, 3, 3).await;
}
