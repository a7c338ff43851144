//! The same orders, moved on by handlers that hear of events.

mod flows;

use std::sync::Arc;
use std::time::Duration;

use orch_runtime::events::{Delivered, Envelope, HandlerError};
use orch_runtime::saga::{Choreography, SagaPattern, SagaState, StepState};
use orch_runtime::testing::Reply;
use orch_runtime::{Clock, SagaId, Value};

use crate::sagas::{Shop, states};

/// A shop whose orders are choreographed.
fn shop(items: u32, boxes: u32) -> Shop {
    Shop::of(SagaPattern::Choreography, items, boxes)
}

/// What was told of an order, in its order.
async fn told(shop: &Shop, id: &SagaId) -> Vec<Envelope> {
    let sql = "select envelope from order_saga_outbox where transaction_id = ?1 order by seq";
    let rows = shop
        .world
        .store()
        .query(sql.to_owned(), vec![Value::from(id.as_str())]);
    let rows = rows.await.unwrap();
    let envelopes = rows
        .iter()
        .map(|row| row.get::<String>("envelope").unwrap());
    envelopes
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

fn types(events: &[Envelope]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}

/// Has one handler handle an event, whatever the relay does.
async fn hand(shop: &Shop, handler: &str, event: &Envelope) -> Result<Delivered, HandlerError> {
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let handler = choreography.subscriptions().named(handler).unwrap();
    choreography
        .dispatcher()
        .deliver(&Arc::clone(handler), event)
        .await
}
