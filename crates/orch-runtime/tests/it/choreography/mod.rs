//! The same orders, moved on by handlers that hear of events.

mod chaos;
mod deliveries;
mod flows;
mod handlers;
mod interruptions;
mod letters;
mod log;
mod nats;
mod patterns;
mod persons;
mod retention;
mod rolling;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::engine::Shutdown;
use orch_runtime::events::{
    AfterCommit, Delivered, Envelope, EventHandler, EventTables, HandlerError, inbox,
};
use orch_runtime::fault::{Boundary, NoFaults};
use orch_runtime::saga::{
    Choreography, CompensationHandler, SagaPattern, SagaState, SagaTables, Sagas, StepHandler,
    StepState, Stop, ToleratedFailureHandler,
};
use orch_runtime::store::hook::HookTx;
use orch_runtime::testing::Reply;
use orch_runtime::{Clock, Decision, SagaId, Value, Workers};

use crate::sagas::{Order, PLAN, Shop, sagas, sagas_of, states};

/// A shop whose orders are choreographed.
fn shop(items: u32, boxes: u32) -> Shop {
    Shop::of(SagaPattern::Choreography, items, boxes)
}

/// What was told of an order, in its order.
async fn told(shop: &Shop, id: &SagaId) -> Vec<Envelope> {
    let sql = "select envelope from order_saga_outbox where transaction_id = ?1 order by seq";
    let name = vec![Value::from(id.as_str())];
    let rows = shop.world.store().query(sql.to_owned(), name).await;
    let rows = rows.unwrap();
    let envelopes = rows.iter().map(|row| row.get::<String>("envelope"));
    envelopes
        .map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

fn types(events: &[Envelope]) -> Vec<&str> {
    let types = events.iter().map(|event| event.event_type.as_str());
    types.collect()
}

/// The event of this kind, told of an order.
async fn event(shop: &Shop, id: &SagaId, event_type: &str) -> Envelope {
    let mut events = told(shop, id).await.into_iter();
    let found = events.find(|event| event.event_type == event_type);
    found.unwrap()
}

/// Has one handler handle an event, whatever the relay does.
async fn hand(shop: &Shop, handler: &str, event: &Envelope) -> Result<Delivered, HandlerError> {
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let handler = choreography.subscriptions().named(handler).unwrap();
    let dispatcher = choreography.dispatcher();
    dispatcher.deliver(&Arc::clone(handler), event).await
}

/// An order that is paid for while it is not packed.
async fn paid_and_not_packed(shop: &Shop) -> SagaId {
    let id = shop.order("a").await;
    let initiated = event(shop, &id, "OrderInitiated").await;
    hand(shop, "ReserveHandler", &initiated).await.unwrap();
    let reserved = event(shop, &id, "ItemReserved").await;
    hand(shop, "PayHandler", &reserved).await.unwrap();
    hand(shop, "PackHandler", &reserved).await.unwrap();
    id
}
