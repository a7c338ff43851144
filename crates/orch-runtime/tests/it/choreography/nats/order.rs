//! What a handler that fails holds up: its own saga, and nobody else.

use std::sync::Mutex;

use async_nats::jetstream::consumer::AckPolicy;

use super::*;

/// What a handler was given: the saga, the kind of event, and whether it took it.
type Log = Arc<Mutex<Vec<(SagaId, String, bool)>>>;

/// Fails so often at what it is given of a saga that it does not like, and writes down what it is given.
struct Ledger {
    log: Log,
    disliked: Option<SagaId>,
    fails: usize,
}

#[async_trait]
impl EventHandler for Ledger {
    fn name(&self) -> &str {
        "LedgerHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        ["ItemReserved", "PackSucceeded", "OrderCompleted"]
            .map(str::to_owned)
            .to_vec()
    }

    async fn handle(
        &self,
        _tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        let (saga, kind) = (&event.transaction_id, &event.event_type);
        let mut log = self.log.lock().unwrap();
        let failed = log
            .iter()
            .filter(|(of, _, taken)| of == saga && !taken)
            .count();
        let is_disliked = self
            .disliked
            .as_ref()
            .is_none_or(|disliked| disliked == saga);
        let taken = !is_disliked || failed >= self.fails;
        log.push((saga.clone(), kind.clone(), taken));
        match taken {
            true => Ok(AfterCommit::nothing()),
            false => Err(HandlerError::failed("not now")),
        }
    }
}

/// What the handler took of a saga, in its order.
fn taken(log: &Log, saga: &SagaId) -> Vec<String> {
    let log = log.lock().unwrap();
    let of = log.iter().filter(|(of, _, taken)| of == saga && *taken);
    of.map(|(_, kind, _)| kind.clone()).collect()
}

/// The consumer as releases made it that had one event at a time of a whole partition.
async fn made_by_an_earlier_release(server: &NatsServer) {
    let stream = asked(server).await.get_stream("orders").await.unwrap();
    let config = Pull {
        durable_name: Some("LedgerHandler-0".to_owned()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: 1,
        filter_subject: "orders.0.*".to_owned(),
        ..Pull::default()
    };
    stream.create_consumer(config).await.unwrap();
}

/// It fails for one order for an hour: the others get what is theirs, from the same partition and the same handler.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_handler_that_fails_for_one_saga_serves_the_others() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let server = NatsServer::start().await;
    let shop = shop(9, 9);
    let nats = join_of(&server, 1).await;
    made_by_an_earlier_release(&server).await;
    let poisoned = shop.order("a").await;
    let log = Log::default();
    let ledger = Ledger {
        log: Arc::clone(&log),
        disliked: Some(poisoned.clone()),
        fails: usize::MAX,
    };
    let config = BusConfig {
        first_pause: HOUR,
        longest_pause: HOUR,
        ..BusConfig::default()
    };
    let builder = choir(&shop.sagas, &nats).config(config).handler(ledger);
    let choreography = builder.build().unwrap();
    let (signal, working) = work(&shop.sagas, &choreography);
    let mut looks = interval(LOOK);
    let state = settled(&shop, &poisoned, &mut looks).await;
    assert_eq!(state, SagaState::Completed, "no other handler waits for it");
    let other = shop.order("b").await;
    assert_eq!(
        settled(&shop, &other, &mut looks).await,
        SagaState::Completed
    );
    let all = ["ItemReserved", "PackSucceeded", "OrderCompleted"];
    for _ in 0..LOOKS {
        looks.tick().await;
        if taken(&log, &other).len() == all.len() {
            break;
        }
    }
    assert_eq!(taken(&log, &other), all);
    assert_eq!(
        log.lock()
            .unwrap()
            .iter()
            .filter(|(.., taken)| !taken)
            .count(),
        1
    );
    assert!(
        taken(&log, &poisoned).is_empty(),
        "its later events wait for the first one"
    );
    signal.request();
    working.await.unwrap();
    shop.assert_balanced(2, 9, 9).await;
}

/// Whatever fails for a while, and in which of two processes: what a handler takes of an order is in its order.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn a_handler_that_fails_takes_what_is_told_of_a_saga_in_its_order() {
    let server = NatsServer::start().await;
    let shop = shop(9, 9);
    let engine = shop.world.second_process();
    let elsewhere = sagas_of(&shop.world, &engine);
    let log = Log::default();
    let mut working = Vec::new();
    for sagas in [&shop.sagas, &elsewhere] {
        let ledger = Ledger {
            log: Arc::clone(&log),
            disliked: None,
            fails: 2,
        };
        let config = BusConfig {
            first_pause: Duration::from_millis(150),
            max_deliveries: 100,
            ..BusConfig::default()
        };
        let builder = choir(sagas, &join_of(&server, 1).await).config(config);
        let choreography = builder.handler(ledger).build().unwrap();
        working.push(work(sagas, &choreography));
    }
    let mut orders = Vec::new();
    for number in 0..4 {
        orders.push(shop.order(&format!("o{number}")).await);
    }
    let all = ["ItemReserved", "PackSucceeded", "OrderCompleted"];
    let mut looks = interval(LOOK);
    for _ in 0..LOOKS {
        looks.tick().await;
        shop.world.advance(LOOK).await;
        if orders.iter().all(|id| taken(&log, id).len() >= all.len()) {
            break;
        }
    }
    for id in &orders {
        assert_eq!(taken(&log, id), all, "{:?}", log.lock().unwrap());
    }
    for (signal, working) in working {
        signal.request();
        working.await.unwrap();
    }
    shop.assert_balanced(4, 9, 9).await;
}
