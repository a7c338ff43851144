//! What the events of a purchase say: who only listens has no table of the shop to look into.

use orch_runtime::saga::SagaState;
use orch_runtime::serde_json::{Value as Json, from_str, json};
use orch_runtime::testing::SagaWorld;
use orch_runtime::{SagaId, Value};

use purchase::purchase::generated::command::PurchaseCommand;

use crate::world::{World, worlds};

/// A shop whose purchases are choreographed.
fn shop() -> World {
    worlds().pop().unwrap()
}

/// Has somebody buy pieces for 100.00 each, and lets it end; gives how it ended, and what was told, in its order.
async fn told(
    world: &mut SagaWorld<PurchaseCommand>,
    key: &str,
    user: &str,
) -> (SagaId, Vec<Json>) {
    let price = json!({ "value": "100.00", "currency": "EUR" });
    let asked = json!({ "userId": user, "itemId": "item-sword", "quantity": 1, "price": price })
        .to_string();
    let id = world
        .initiate(key, &from_str(&asked).unwrap())
        .await
        .unwrap()
        .id;
    world.settle(&id).await;
    let sql = "select envelope from purchase_saga_outbox where transaction_id = ?1 order by seq";
    let database = world.sagas().database();
    let rows = database
        .query(sql.to_owned(), vec![Value::from(id.as_str())])
        .await
        .unwrap();
    let envelopes = rows
        .iter()
        .map(|row| row.get::<String>("envelope").unwrap());
    let told = envelopes.map(|text| from_str(&text).unwrap()).collect();
    (id, told)
}

/// An event without what every event has, so that it can be compared.
fn said(event: &Json) -> (String, Json) {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    for name in [
        "eventId",
        "timestamp",
        "aggregateId",
        "transactionId",
        "version",
    ] {
        assert!(fields.remove(name).is_some(), "{name}");
    }
    let kind = fields.remove("eventType").unwrap();
    (kind.as_str().unwrap().to_owned(), event)
}

fn euros(value: &str) -> Json {
    json!({ "value": value, "currency": "EUR" })
}

#[tokio::test]
async fn a_purchase_is_told_with_what_was_bought_and_what_is_left() {
    let mut world = shop();
    let (id, told) = told(&mut world, "k", "user-123").await;
    let saga = world.saga(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    let asked = json!({
        "userId": "user-123", "itemId": "item-sword", "quantity": 1, "price": euros("100.00"),
    });
    assert_eq!(said(&told[0]), ("PurchaseInitiated".to_owned(), asked));
    let paid = json!({ "step": "user_validation", "userBalance": euros("900.00") });
    assert_eq!(said(&told[1]), ("UserValidated".to_owned(), paid));
    let (kind, completed) = said(told.last().unwrap());
    assert_eq!(kind, "PurchaseCompleted");
    assert_eq!(completed["userId"], "user-123");
    assert_eq!(completed["totalPrice"], euros("100.00"));
    let ended = completed["completedAt"].as_str().unwrap();
    let recorded = saga.completed_at.unwrap().timestamp_millis();
    assert!(ended.ends_with('Z') && ended.len() == 24, "{ended}");
    let ended: orch_runtime::Timestamp = from_str(&json!(ended).to_string()).unwrap();
    assert_eq!(ended.timestamp_millis(), recorded);
}

/// Who shows the buyer why it failed knows how much he has.
#[tokio::test]
async fn a_refusal_is_told_with_what_the_buyer_has() {
    let mut world = shop();
    world.alter("update users set purchase_limit = 50000 where user_id = 'user-456'");
    let (_, told) = told(&mut world, "k", "user-456").await;
    let refused = json!({
        "step": "user_validation", "errorCode": "INSUFFICIENT_BALANCE",
        "reason": "Insufficient balance", "currentBalance": euros("50.00"),
    });
    assert_eq!(said(&told[1]), ("UserValidationFailed".to_owned(), refused));
    let (kind, failed) = said(&told[2]);
    assert_eq!(kind, "PurchaseFailed");
    assert_eq!(failed["failedStep"], "user_validation");
    assert_eq!(failed["failureReason"], "Insufficient balance");
    assert_eq!(failed["userId"], "user-456");
}

#[tokio::test]
async fn what_is_taken_back_says_why() {
    let mut world = shop();
    world.alter("update items set stock = 0");
    let (_, told) = told(&mut world, "k", "user-123").await;
    let begun = told
        .iter()
        .map(said)
        .find(|(kind, _)| kind == "CompensationInitiated");
    let why = json!({
        "compensationType": "purchase_compensation", "originalFailedStep": "item_grant",
    });
    assert_eq!(begun.unwrap().1, why);
}
