//! The HTTP API, as clients see it.

use orch_runtime::http::{Api, ApiConfig};
use orch_runtime::testing::World;
use orch_runtime::testing::client::Client;

use purchase::notification::controller::routes;

use crate::world::{OTHER, SAMPLE, keyed};

const PATH: &str = "/api/notifications";

fn client(world: &World) -> Client {
    let api = Api::new(ApiConfig::default());
    Client::new(routes(api.endpoint(world.engine())), &api)
}

#[tokio::test]
async fn a_request_is_accepted_and_can_be_followed() {
    let world = keyed();
    let client = client(&world);
    let accepted = client.post(PATH, "key-1", SAMPLE).await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.text("status"), "ACCEPTED");
    assert_eq!(accepted.text("message"), "Operation accepted");
    let location = format!("{PATH}/{}", accepted.text("opId"));
    assert_eq!(accepted.header("location"), Some(&*location));
    world.quiet().await;
    let seen = client.get(&location, "").await;
    assert_eq!((seen.status, seen.text("state")), (200, "COMPLETED"));
    assert_eq!(seen.body["attempts"], 1);
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_says_so() {
    let world = keyed();
    let client = client(&world);
    let first = client.post(PATH, "key-1", SAMPLE).await;
    let again = client.post(PATH, "key-1", SAMPLE).await;
    assert_eq!(again.status, 202);
    assert_eq!(again.text("opId"), first.text("opId"));
    assert_eq!(again.text("message"), "Operation already accepted");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_key_used_for_something_else_is_422() {
    let world = keyed();
    let client = client(&world);
    client.post(PATH, "key-1", SAMPLE).await;
    let refused = client.post(PATH, "key-1", OTHER).await;
    assert_eq!(refused.status, 422);
    let kind = refused.header("content-type");
    assert_eq!(kind, Some("application/problem+json"));
}

#[tokio::test]
async fn a_request_without_a_key_or_without_fields_is_400() {
    let world = keyed();
    let client = client(&world);
    assert_eq!(client.post(PATH, "", SAMPLE).await.status, 400);
    let refused = client.post(PATH, "key-1", "{\"noSuchField\":1}").await;
    assert_eq!(refused.status, 400);
    assert!(!refused.body["errors"].as_array().unwrap().is_empty());
    assert_eq!(world.provider.total_requests(), 0);
}

#[tokio::test]
async fn a_sixth_request_under_one_key_within_a_minute_is_429() {
    let world = keyed();
    let client = client(&world);
    for _ in 0..5 {
        assert_eq!(client.post(PATH, "key-1", SAMPLE).await.status, 202);
    }
    let refused = client.post(PATH, "key-1", SAMPLE).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn operations_of_other_owners_are_404() {
    let world = keyed();
    let client = client(&world);
    let accepted = client.post(PATH, "key-1", SAMPLE).await;
    let location = accepted.header("location").unwrap();
    assert_eq!(client.get(location, "somebody-else").await.status, 404);
    let nowhere = format!("{PATH}/no-such-operation");
    assert_eq!(client.get(&nowhere, "").await.status, 404);
}

#[tokio::test]
async fn the_history_is_there_for_its_owner_only() {
    let world = keyed();
    let client = client(&world);
    let accepted = client.post(PATH, "key-1", SAMPLE).await;
    world.quiet().await;
    let history = format!("{}/history", accepted.header("location").unwrap());
    let seen = client.get(&history, "").await;
    assert_eq!(seen.status, 200);
    assert_eq!(seen.body[0]["outcome"], "OK");
    assert_eq!(client.get(&history, "somebody-else").await.status, 404);
}

/// The row that is written of it would say that the shop told somebody of a purchase.
#[tokio::test]
async fn nobody_speaks_for_a_purchase() {
    let world = keyed();
    let client = client(&world);
    let forged = SAMPLE.replacen('{', r#"{"transactionId":"TXN_1","#, 1);
    let refused = client.post(PATH, "key-1", &forged).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["errors"][0]["field"], "transactionId");
    assert_eq!(world.provider.total_requests(), 0);
}
