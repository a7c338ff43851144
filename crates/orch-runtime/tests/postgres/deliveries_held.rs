//! Rows that handlers of choreographed sagas change, and somebody else holds; and handlers that hang.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::engine::Shutdown;
use orch_runtime::events::{AfterCommit, Envelope, EventHandler, HandlerError};
use orch_runtime::metrics::Metrics;
use orch_runtime::saga::{Choreography, SagaPattern, SagaState, StepState};
use orch_runtime::store::hook::HookTx;
use orch_runtime::{Decision, SagaId, Workers};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::sagas::{Shop, until, wired};

/// Orders that need the row; more than there is room for in the background.
const HELD: u32 = 5;

/// How many sagas are overdue, by the gauge that the alarm looks at.
fn overdue(metrics: &Metrics) -> Option<f64> {
    let text = metrics.render();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("orchestration_saga_overdue{"));
    line.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Time passes, but no faster than the machine works.
async fn wait(shop: &Shop, is_so: impl AsyncFn() -> bool) {
    until(async || {
        shop.world.advance(Duration::from_millis(50)).await;
        is_so().await
    })
    .await;
}

/// A shop of choreographed orders, and what is counted of them.
fn counted(items: u32, boxes: u32) -> (Shop, Metrics) {
    let (mut shop, metrics) = (Shop::new(items, boxes), Metrics::new());
    let builder = wired(&shop.world, shop.world.engine());
    shop.sagas = builder.metrics(&metrics).build().unwrap();
    shop.sagas.set_pattern(SagaPattern::Choreography).unwrap();
    (shop, metrics)
}

/// Somebody changes a row by hand, and goes to lunch.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_that_a_person_holds_stops_no_order_that_can_do_without() {
    let (shop, metrics) = counted(HELD, 9);
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let url = shop.world.database().url();
    let (mut person, mut other) = (connect(&url).await, connect(&url).await);
    let mut holding = person.begin().await.unwrap();
    let boxes = "select 1 from stock where name = 'box' for update";
    sqlx::query(boxes).execute(&mut *holding).await.unwrap();

    let (_signal, shutdown) = Shutdown::new();
    let workers = Workers::new().with_sagas(&shop.sagas);
    let working = tokio::spawn(workers.with_choreography(&choreography).run(shutdown));
    let mut held: Vec<SagaId> = Vec::new();
    for number in 0..HELD {
        held.push(shop.order(&format!("held{number}")).await);
    }
    // Each of them takes a piece, and the last one is left without.
    wait(&shop, async || shop.pieces("item").await == 0).await;
    let free = shop.order("free").await;
    wait(&shop, async || shop.saga(&free).await.state.is_final()).await;
    assert_eq!(shop.saga(&free).await.state, SagaState::Failed);
    for id in &held {
        assert_eq!(shop.saga(id).await.steps[2].state, StepState::Waiting);
    }

    // Nobody can look at this one. It is missed.
    let mut hanging = other.begin().await.unwrap();
    sqlx::query("select 1 from order_saga_states where transaction_id = $1 for update")
        .bind(held[0].as_str())
        .execute(&mut *hanging)
        .await
        .unwrap();
    shop.world.quiet().await;
    shop.world.advance(Duration::from_secs(700)).await;
    wait(&shop, async || overdue(&metrics) == Some(1.0)).await;
    assert_eq!(overdue(&metrics), Some(1.0));

    hanging.rollback().await.unwrap();
    holding.rollback().await.unwrap();
    let why = Decision::new("ada", "the row is free again").unwrap();
    wait(&shop, async || {
        for letter in choreography.dead_letters(99).await.unwrap() {
            let (name, handler) = (&letter.event.event_id, &*letter.handler);
            choreography.redrive(name, handler, &why).await.unwrap();
        }
        let mut states = Vec::new();
        for id in &held {
            states.push(shop.saga(id).await.state);
        }
        states.iter().all(|state| state.is_final())
    })
    .await;
    shop.assert_balanced(i64::from(HELD), i64::from(HELD), 9)
        .await;
    assert!(!working.is_finished());
}

/// A handler that hangs, which none should.
struct Hanging(Arc<AtomicU32>);

#[async_trait]
impl EventHandler for Hanging {
    fn name(&self) -> &str {
        "HangingHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec!["OrderInitiated".to_owned()]
    }

    async fn handle(&self, _: &mut HookTx<'_>, _: &Envelope) -> Result<AfterCommit, HandlerError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

/// Nobody gets to look at any saga. Who is to see that looks at the number of those.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_nobody_looks_at_is_counted_while_nobody_can() {
    let (shop, metrics) = counted(9, 9);
    let begun = Arc::new(AtomicU32::new(0));
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let builder = builder.handlers_of(&shop.sagas);
    let hanging = Hanging(Arc::clone(&begun));
    let choreography = builder.handler(hanging).build().unwrap();
    for number in 0..HELD {
        shop.order(&format!("o{number}")).await;
    }
    let (_signal, shutdown) = Shutdown::new();
    let workers = Workers::new().with_sagas(&shop.sagas);
    let working = tokio::spawn(workers.with_choreography(&choreography).run(shutdown));
    // As many as there is room for.
    wait(&shop, async || begun.load(Ordering::SeqCst) == HELD - 1).await;
    shop.world.clock.advance(Duration::from_secs(30));
    wait(&shop, async || overdue(&metrics) == Some(0.0)).await;
    shop.world.clock.advance(Duration::from_secs(700));
    wait(&shop, async || overdue(&metrics) == Some(f64::from(HELD))).await;
    assert_eq!(overdue(&metrics), Some(f64::from(HELD)));
    assert!(!working.is_finished());
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}
