//! The same orders, told through a real NATS server. `cargo xtask test nats` gets one and runs these tests.

mod order;
mod refusals;
mod releases;
mod split;
mod unreadable;

use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::jetstream;
use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::consumer::pull::Config as Pull;
use orch_runtime::events::{BusConfig, Nats, NatsConfig};
use tokio::task::JoinHandle;
use tokio::time::{Interval, interval};

use super::*;
use crate::nats_server::NatsServer;

/// How often a test looks, and how many times: the server keeps its own time.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 3_000;

async fn join(server: &NatsServer) -> Nats {
    join_of(server, 2).await
}

async fn join_of(server: &NatsServer, partitions: u32) -> Nats {
    let config = NatsConfig {
        partitions,
        ..NatsConfig::new("orders")
    };
    Nats::connect(&server.url(), config).await.unwrap()
}

/// The server of which a test asks what no program does.
async fn asked(server: &NatsServer) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

/// Looks until what the server knows of a handler at the only partition is as it should be, or for too long.
async fn known(server: &NatsServer, handler: &str, enough: impl Fn(&Info) -> bool) -> Info {
    let (context, name) = (asked(server).await, format!("{handler}-0"));
    let mut looks = interval(LOOK);
    let mut last = None;
    for _ in 0..LOOKS {
        looks.tick().await;
        let found = context
            .get_consumer_from_stream::<Pull, _, _>(&*name, "orders")
            .await;
        let Ok(mut found) = found else { continue };
        let info = found.info().await.unwrap().clone();
        if enough(&info) {
            return info;
        }
        last = Some(info);
    }
    panic!("{handler}: {last:?}")
}

/// How many events a server has.
async fn events(server: &NatsServer) -> u64 {
    let stream = asked(server).await.get_stream("orders").await;
    stream.unwrap().info().await.unwrap().state.messages
}

/// Pauses and leases that a test can wait for.
fn quick() -> BusConfig {
    BusConfig {
        first_pause: Duration::from_millis(20),
        lease: Duration::from_secs(1),
        max_deliveries: 3,
        ..BusConfig::default()
    }
}

fn choir(sagas: &Sagas<Order>, nats: &Nats) -> orch_runtime::saga::ChoreographyBuilder {
    let builder = Choreography::builder(sagas).unwrap();
    builder.handlers_of(sagas).config(quick()).nats(nats)
}

/// Runs a process's loops until the signal is dropped or the task is killed.
fn work(
    sagas: &Sagas<Order>,
    choreography: &Choreography,
) -> (orch_runtime::engine::ShutdownSignal, JoinHandle<()>) {
    let (signal, shutdown) = Shutdown::new();
    let workers = Workers::new()
        .with_sagas(sagas)
        .with_choreography(choreography);
    (signal, tokio::spawn(workers.run(shutdown)))
}

async fn settled(shop: &Shop, id: &SagaId, looks: &mut Interval) -> SagaState {
    for _ in 0..LOOKS {
        looks.tick().await;
        shop.world.advance(Duration::from_secs(1)).await;
        let state = shop.saga(id).await.state;
        if state.is_final() {
            return state;
        }
    }
    shop.saga(id).await.state
}

#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn orders_of_two_processes_end_by_a_server_between_them() {
    let server = NatsServer::start().await;
    let shop = shop(9, 2);
    let engine = shop.world.second_process();
    let elsewhere = sagas_of(&shop.world, &engine);
    let here = choir(&shop.sagas, &join(&server).await).build().unwrap();
    let there = choir(&elsewhere, &join(&server).await).build().unwrap();
    let (first, one) = work(&shop.sagas, &here);
    let (second, two) = work(&elsewhere, &there);
    let mut looks = interval(LOOK);
    let mut orders = Vec::new();
    for number in 0..4 {
        orders.push(shop.order(&format!("o{number}")).await);
    }
    let mut completed = 0;
    for id in &orders {
        let state = settled(&shop, id, &mut looks).await;
        assert!(state.is_final(), "{:?}", shop.saga(id).await);
        completed += u32::from(state == SagaState::Completed);
    }
    assert_eq!(completed, 2);
    shop.assert_balanced(2, 9, 2).await;
    first.request();
    second.request();
    one.await.unwrap();
    two.await.unwrap();
}

/// Keeps what it hears.
struct Listener(Arc<std::sync::Mutex<Vec<Envelope>>>);

#[async_trait]
impl EventHandler for Listener {
    fn name(&self) -> &str {
        "ListenerHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        ["OrderInitiated", "ItemReserved", "OrderCompleted"]
            .map(str::to_owned)
            .to_vec()
    }

    async fn handle(
        &self,
        _tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        self.0.lock().unwrap().push(event.clone());
        Ok(AfterCommit::nothing())
    }
}

#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_events_are_to_tell_arrives() {
    let server = NatsServer::start().await;
    let shop = shop(1, 1);
    let heard = Arc::default();
    let builder = choir(&shop.sagas, &join(&server).await);
    let builder = builder.handler(Listener(Arc::clone(&heard)));
    let (signal, working) = work(&shop.sagas, &builder.build().unwrap());
    let mut looks = interval(LOOK);
    let id = shop.order("a").await;
    let state = settled(&shop, &id, &mut looks).await;
    assert_eq!(state, SagaState::Completed);
    for _ in 0..LOOKS {
        looks.tick().await;
        if heard.lock().unwrap().len() == 3 {
            break;
        }
    }
    signal.request();
    working.await.unwrap();
    let heard = heard.lock().unwrap();
    let [initiated, reserved, completed] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(initiated.payload["order_id"], "a");
    assert_eq!(reserved.payload["taken"], "item");
    assert_eq!(completed.payload["taken"], "item");
    assert!(completed.payload["completedAt"].is_string());
}

/// Fails at what it gets, and counts how often.
struct Poison(Arc<AtomicU32>);

#[async_trait]
impl EventHandler for Poison {
    fn name(&self) -> &str {
        "PoisonHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec!["ItemReserved".to_owned()]
    }

    async fn handle(
        &self,
        _tx: &mut HookTx<'_>,
        _event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0..3 => Err(HandlerError::failed("poison")),
            _ => Ok(AfterCommit::nothing()),
        }
    }
}

/// Delivered again by the server, later each time, until it is a dead letter; redriven without the server.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn what_no_handler_can_take_becomes_a_dead_letter() {
    let server = NatsServer::start().await;
    let shop = shop(3, 3);
    let tries = Arc::new(AtomicU32::new(0));
    let builder = choir(&shop.sagas, &join(&server).await);
    let choreography = builder.handler(Poison(Arc::clone(&tries))).build().unwrap();
    let (signal, working) = work(&shop.sagas, &choreography);
    let mut looks = interval(LOOK);
    let id = shop.order("a").await;
    let state = settled(&shop, &id, &mut looks).await;
    assert_eq!(state, SagaState::Completed, "the other handlers go on");
    let mut letters = Vec::new();
    for _ in 0..LOOKS {
        looks.tick().await;
        letters = choreography.dead_letters(9).await.unwrap();
        if !letters.is_empty() {
            break;
        }
    }
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    assert_eq!(
        (letter.handler.as_str(), letter.deliveries),
        ("PoisonHandler", 3)
    );
    let why = Decision::new("ada", "mended").unwrap();
    let name = &letter.event.event_id;
    let done = choreography.redrive(name, "PoisonHandler", &why).await;
    assert!(matches!(done, Ok(Delivered::Now(_))), "{done:?}");
    assert_eq!(tries.load(Ordering::SeqCst), 4, "once more, and no more");
    signal.request();
    working.await.unwrap();
    shop.assert_balanced(1, 3, 3).await;
}

/// Whoever handles dies before the server hears of it: the server delivers again, and the inbox knows.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn who_handles_may_die_at_any_moment() {
    let server = NatsServer::start().await;
    for boxes in [3, 0] {
        let shop = shop(3, boxes);
        let mut looks = interval(Duration::from_millis(3));
        let id = shop.order("a").await;
        for life in [0, 1, 2, 3, 5, 8] {
            let choreography = choir(&shop.sagas, &join(&server).await).build().unwrap();
            let (_signal, working) = work(&shop.sagas, &choreography);
            for _ in 0..life {
                looks.tick().await;
                shop.world.run_once().await;
            }
            working.abort();
            // An event that the dead one had taken is due again.
            shop.world.advance(Duration::from_secs(2)).await;
        }
        let choreography = choir(&shop.sagas, &join(&server).await).build().unwrap();
        let (signal, working) = work(&shop.sagas, &choreography);
        let mut looks = interval(LOOK);
        let state = settled(&shop, &id, &mut looks).await;
        assert!(state.is_final(), "{:?}", shop.saga(&id).await);
        let sold = i64::from(boxes > 0);
        shop.assert_balanced(sold, 3, i64::from(boxes)).await;
        signal.request();
        working.await.unwrap();
    }
}

/// The relay dies after the server has an event and before it has noted that.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn an_event_that_is_sent_twice_is_on_the_server_once() {
    let server = NatsServer::start().await;
    let shop = shop(3, 3);
    shop.order("a").await;
    let choreography = choir(&shop.sagas, &join(&server).await).build().unwrap();
    for _ in 0..2 {
        let sent = choreography.run_once(shop.world.clock.now()).await.unwrap();
        assert_eq!(sent, 1);
        let again = "update order_saga_outbox set published_at = null, next_at = created_at";
        shop.world.alter(again);
    }
    assert_eq!(events(&server).await, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let url = format!("nats://shop:a-password@{address}");
    let refused = Nats::connect(&url, NatsConfig::new("orders")).await;
    let reason = refused.unwrap_err().to_string();
    let named = format!("the NATS server {address} cannot be reached");
    assert!(reason.starts_with(&named), "{reason}");
    assert!(!reason.contains("a-password"), "{reason}");
}

/// A service says which server by a variable: the stream is made at its start, and what travels by it is kept as
/// long as the stream keeps it.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn the_stream_is_there_when_the_service_starts() {
    let server = NatsServer::start().await;
    let shop = shop(9, 9);
    let client = Nats::client(&server.url()).await.unwrap();
    let nats = Nats::on(client, NatsConfig::new("orders"));
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let choreography = builder
        .handlers_of(&shop.sagas)
        .nats(&nats)
        .build()
        .unwrap();
    let mut workers = Workers::new().with_choreography(&choreography);
    workers.check().await.unwrap();
    assert_eq!(events(&server).await, 0, "and nobody has told anything");
    let other = NatsConfig {
        stream: "two words".to_owned(),
        ..NatsConfig::new("")
    };
    let client = Nats::client(&server.url()).await.unwrap();
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let wrong = builder
        .handlers_of(&shop.sagas)
        .nats(&Nats::on(client, other));
    let mut workers = Workers::new().with_choreography(&wrong.build().unwrap());
    let refused = workers.check().await.unwrap_err().to_string();
    assert!(
        refused.starts_with("the NATS stream two words"),
        "{refused}"
    );
    let nobody = Nats::client("nats://ada:secret@127.0.0.1:1").await;
    let refused = nobody.unwrap_err().to_string();
    assert!(!refused.contains("secret"), "{refused}");
}
