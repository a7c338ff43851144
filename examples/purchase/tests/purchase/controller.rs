//! The HTTP API, as clients see it.

use orch_runtime::http::{Api, ApiConfig, SagaEndpoint};
use orch_runtime::testing::client::Client;

use purchase::purchase::controller::routes;

use crate::world::{OTHER, SAMPLE, World, world};

const PATH: &str = "/api/purchases";

fn client(world: &World) -> Client {
    let api = Api::new(ApiConfig::default());
    Client::new(routes(SagaEndpoint::new(world.sagas(), &api)), &api)
}

#[tokio::test]
async fn a_request_is_accepted_and_can_be_followed() {
    let mut world = world();
    let client = client(&world);
    let accepted = client.post(PATH, "key-1", SAMPLE).await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.text("status"), "initiated");
    let id = accepted.text("transactionId");
    let location = format!("{PATH}/{id}");
    assert_eq!(accepted.header("location"), Some(&*location));
    world.settle(&id.parse().unwrap()).await;
    let seen = client.get(&location, "").await;
    assert_eq!((seen.status, seen.text("status")), (200, "COMPLETED"));
    assert_eq!(client.get(&location, "somebody-else").await.status, 404);
    assert_eq!(
        client.get(&format!("{PATH}/TXN_nobody"), "").await.status,
        404,
    );
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_says_so() {
    let world = world();
    let client = client(&world);
    let first = client.post(PATH, "key-1", SAMPLE).await;
    let again = client.post(PATH, "key-1", SAMPLE).await;
    assert_eq!(again.status, 202);
    assert_eq!(again.text("transactionId"), first.text("transactionId"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let reused = client.post(PATH, "key-1", OTHER).await;
    assert_eq!(reused.status, 422);
}

#[tokio::test]
async fn a_request_without_a_key_or_without_fields_is_400() {
    let world = world();
    let client = client(&world);
    assert_eq!(client.post(PATH, "", SAMPLE).await.status, 400);
    let refused = client.post(PATH, "key-1", "{\"noSuchField\":1}").await;
    assert_eq!(refused.status, 400);
    assert!(!refused.body["errors"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn its_owner_can_have_it_undone() {
    let world = world();
    let client = client(&world);
    let accepted = client.post(PATH, "key-1", SAMPLE).await;
    let undo = format!("{}/compensate", accepted.header("location").unwrap());
    let seen = client.post(&undo, "key-2", "{}").await;
    assert_eq!(seen.status, 200);
    assert_eq!(seen.text("transactionId"), accepted.text("transactionId"));
}
