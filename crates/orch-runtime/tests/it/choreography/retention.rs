//! What was told does not stay for ever, and is not missed when it is gone.

use orch_runtime::events::{
    BusConfig, Claimed, Dispatcher, EventBus, EventRetention, InProcessBus, NotTaken, Subscriptions,
};
use orch_runtime::saga::ChoreographyBuilder;
use orch_runtime::store::StoreKind;
use orch_runtime::{IdemKey, OwnerId, Timestamp};

use super::*;
use crate::STORE;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A shop that has sold this, each order with its key.
async fn sold(orders: &[&str]) -> (Shop, Vec<SagaId>) {
    let mut shop = shop(9, 9);
    let mut ids = Vec::new();
    for key in orders {
        let id = shop.order(key).await;
        assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
        ids.push(id);
    }
    (shop, ids)
}

fn handlers(shop: &Shop) -> ChoreographyBuilder {
    let builder = Choreography::builder(&shop.sagas).unwrap();
    builder.handlers_of(&shop.sagas)
}

async fn clean(shop: &Shop, builder: ChoreographyBuilder) -> usize {
    let choreography = builder.build().unwrap();
    let cleaned = choreography.clean_once(shop.world.clock.now()).await;
    cleaned.unwrap()
}

/// Rows in the outbox and in the inbox.
async fn rows(shop: &Shop) -> (i64, i64) {
    let outbox = "select count(*) as n from order_saga_outbox";
    let inbox = "select count(*) as n from order_saga_inbox";
    (
        shop.world.count(outbox, vec![]).await,
        shop.world.count(inbox, vec![]).await,
    )
}

/// The key of an operation never opens again; that of a saga must not either.
#[tokio::test]
async fn what_was_told_goes_after_thirty_days_and_the_saga_stays() {
    let (shop, ids) = sold(&["a", "b"]).await;
    let (before, saga) = (rows(&shop).await, shop.saga(&ids[0]).await);
    assert!(before.0 > 6 && before.1 > 6, "{before:?}");
    shop.world.clock.advance(29 * DAY);
    assert_eq!(clean(&shop, handlers(&shop)).await, 0);
    assert_eq!(rows(&shop).await, before);
    shop.world.clock.advance(2 * DAY);
    assert_eq!(clean(&shop, handlers(&shop)).await, 2);
    assert_eq!(rows(&shop).await, (0, 0));
    assert_eq!(clean(&shop, handlers(&shop)).await, 0);

    assert_eq!(shop.saga(&ids[0]).await, saga);
    assert_eq!(shop.order("a").await, ids[0], "the same answer as before");
    let other = Order {
        order_id: "another".to_owned(),
    };
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new("a").unwrap());
    let refused = shop.sagas.initiate(owner, key, &other).await;
    assert!(refused.is_err(), "{refused:?}");
    shop.assert_balanced(2, 9, 9).await;
    let found = shop.sagas.check_integrity(DAY).await.unwrap();
    assert_eq!(found, []);
}

/// A table that was never cleaned must not be locked for minutes by the first cleaning.
#[tokio::test]
async fn it_goes_in_small_batches_the_oldest_first() {
    let (shop, ids) = sold(&["a", "b", "c"]).await;
    shop.world.clock.advance(31 * DAY);
    let config = EventRetention {
        batch: 2,
        ..EventRetention::default()
    };
    for (cleaned, left) in [(2, 1), (1, 0), (0, 0)] {
        assert_eq!(
            clean(&shop, handlers(&shop).retention(config)).await,
            cleaned
        );
        let sagas = "select count(distinct transaction_id) as n from order_saga_outbox";
        assert_eq!(shop.world.count(sagas, vec![]).await, left);
        let youngest = told(&shop, &ids[2]).await;
        assert_eq!(youngest.is_empty(), left == 0);
    }
}

/// A time as the statements of a person at the database have it.
fn literal(time: Timestamp) -> String {
    match STORE {
        StoreKind::Sqlite => time.timestamp_millis().to_string(),
        StoreKind::Postgres => format!("'{}'", time.to_rfc3339()),
    }
}

/// Whoever still has to hear of something must find it, and whoever has heard must know that.
#[tokio::test]
async fn nothing_goes_of_a_saga_that_somebody_still_has_to_hear_of() {
    let (mut shop, ids) = sold(&["waiting", "late", "letter"]).await;
    let [waiting, late, letter] = &ids[..] else {
        panic!("{ids:?}")
    };
    let running = shop.order("running").await;
    shop.world.clock.advance(31 * DAY);
    let (now, recently) = (shop.world.clock.now(), shop.world.clock.now() - 5 * DAY);
    let publish = |id: &SagaId, when: &str| {
        shop.world.alter(&format!(
            "update order_saga_outbox set published_at = {when} where seq = 2 and transaction_id = '{id}'"
        ));
    };
    publish(waiting, "null");
    publish(late, &literal(recently));
    shop.world.alter(&format!(
        "insert into order_saga_event_dead_letters (event_id, handler, transaction_id, event_type, envelope, \
         error, deliveries, dead_at) select event_id, 'LedgerHandler', transaction_id, event_type, envelope, \
         'no', 5, created_at from order_saga_outbox where seq = 2 and transaction_id = '{letter}'"
    ));
    let before = rows(&shop).await;
    assert_eq!(clean(&shop, handlers(&shop)).await, 0);
    assert_eq!(rows(&shop).await, before);

    publish(waiting, &literal(now - 31 * DAY));
    assert_eq!(clean(&shop, handlers(&shop)).await, 1);
    assert!(told(&shop, waiting).await.is_empty());
    for (redriven, cleaned) in [(recently, 0), (now - 31 * DAY, 1)] {
        shop.world.alter(&format!(
            "update order_saga_event_dead_letters set redriven_at = {}",
            literal(redriven)
        ));
        assert_eq!(clean(&shop, handlers(&shop)).await, cleaned);
    }
    let letters = "select count(*) as n from order_saga_event_dead_letters";
    assert_eq!(shop.world.count(letters, vec![]).await, 0);
    assert!(!told(&shop, late).await.is_empty());
    assert!(!told(&shop, &running).await.is_empty());
    assert_eq!(
        shop.settle(&running).await.state,
        SagaState::Failed,
        "its time is over"
    );
}

/// A bus that delivers again, for so long, what it has published.
struct Slow(InProcessBus, Option<Duration>);

#[async_trait]
impl EventBus for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn redelivers_for(&self) -> Option<Duration> {
        self.1
    }

    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken> {
        self.0.publish(claimed).await
    }

    async fn run(&self, shutdown: Shutdown) -> Result<(), NotTaken> {
        self.0.run(shutdown).await
    }
}

/// What a handler does not remember, it does again.
#[tokio::test]
async fn what_a_bus_may_deliver_again_is_remembered() {
    let (shop, ids) = sold(&["a"]).await;
    let on = |delivers: Option<Duration>| {
        handlers(&shop).bus(
            move |dispatcher: &Dispatcher, handlers: &Arc<Subscriptions>, limits: BusConfig| {
                let bus = InProcessBus::new(dispatcher.clone(), Arc::clone(handlers), limits);
                Arc::new(Slow(bus, delivers)) as Arc<dyn EventBus>
            },
        )
    };
    let first = event(&shop, &ids[0], "OrderInitiated").await;
    shop.world.clock.advance(59 * DAY);
    assert_eq!(clean(&shop, on(Some(60 * DAY))).await, 0);
    let again = hand(&shop, "ReserveHandler", &first).await;
    assert!(matches!(again, Ok(Delivered::Before)), "{again:?}");
    shop.world.clock.advance(2 * DAY);
    assert_eq!(clean(&shop, on(None)).await, 0);
    assert_eq!(clean(&shop, on(Some(60 * DAY))).await, 1);
    // What comes all the same changes nothing: handlers decide from the record.
    let stray = hand(&shop, "ReserveHandler", &first).await;
    assert!(matches!(stray, Ok(Delivered::Now(_))), "{stray:?}");
    shop.assert_balanced(1, 9, 9).await;
}
