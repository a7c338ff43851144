//! The shop over HTTP, to those who ask wrongly, who are not known, or who ask while things change.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use orch_runtime::axum::http::Method;
use orch_runtime::axum::http::request::Parts;
use orch_runtime::http::{Api, ApiConfig, ApiError, SagaEndpoint};
use orch_runtime::metrics::Metrics;
use orch_runtime::saga::SagaPattern;
use orch_runtime::testing::client::Client;
use orch_runtime::{OwnerId, SystemClock};

use purchase::purchase::controller::storefront;

use crate::world::{World, world};

const SWORD: &str = r#"{"userId":"user-123","itemId":"item-sword","quantity":1,"price":100}"#;
const POTION: &str = r#"{"userId":"user-123","itemId":"item-potion","quantity":1,"price":20}"#;

/// Every route but `GET /`.
const ROUTES: [(Method, &str); 12] = [
    (Method::POST, "/purchase"),
    (Method::POST, "/purchase/choreography"),
    (Method::POST, "/compensate/TXN_1"),
    (Method::POST, "/config/saga-mode"),
    (Method::GET, "/saga/TXN_1"),
    (Method::GET, "/choreography/transaction/TXN_1"),
    (Method::GET, "/choreography/user/user-123/history"),
    (Method::GET, "/logs/user-123"),
    (Method::GET, "/sagas/stats"),
    (Method::GET, "/choreography/stats"),
    (Method::GET, "/patterns/comparison"),
    (Method::GET, "/config/saga-mode"),
];

fn client_of(world: &World, limits: &Api) -> Client {
    let endpoint = SagaEndpoint::new(world.sagas(), limits);
    Client::new(storefront::routes(endpoint, None), limits)
}

fn client(world: &World) -> Client {
    client_of(world, &Api::new(ApiConfig::default()))
}

/// Believes nobody.
fn nobody(_: &Parts) -> Result<OwnerId, ApiError> {
    Err(ApiError::unauthenticated("Bearer"))
}

/// Goes on with `future` once.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

async fn purchases(world: &World) -> i64 {
    let sql = "select count(*) as n from purchase_saga_states";
    world.count(sql, vec![]).await
}

#[tokio::test]
async fn the_first_page_says_what_is_served_to_anybody() {
    let world = world();
    let limits = Api::with(
        ApiConfig::default(),
        Arc::new(SystemClock),
        Arc::new(nobody),
        &Metrics::new(),
    );
    let index = client_of(&world, &limits).get("/", "").await;
    assert_eq!(index.status, 200);
    assert_eq!(index.header("content-type"), Some("application/json"));
    assert_eq!(index.text("name"), "purchase");
    let endpoints = index.body["endpoints"].as_object().unwrap();
    for served in endpoints.values() {
        let (method, path) = served.as_str().unwrap().split_once(' ').unwrap();
        let path = path.replace("{transactionId}", "TXN_1");
        let mut routes = ROUTES.iter();
        assert!(
            routes.any(|(of, route)| of == method && *route == path),
            "{served}"
        );
    }
}

#[tokio::test]
async fn who_is_not_known_is_told_nothing_and_buys_nothing() {
    let world = world();
    for (method, path) in ROUTES {
        // A refusal is counted against the address: each route gets limits of its own.
        let limits = Api::with(
            ApiConfig::default(),
            Arc::new(SystemClock),
            Arc::new(nobody),
            &Metrics::new(),
        );
        let client = client_of(&world, &limits);
        let headers = [("idempotency-key", "key-1")];
        let refused = client.send(method.clone(), path, &headers, SWORD).await;
        assert_eq!(refused.status, 401, "{method} {path}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        let kind = refused.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{path}");
    }
    assert_eq!(purchases(&world).await, 0);
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_not_read() {
    let world = world();
    let choreography = SagaPattern::Choreography;
    world.sagas().set_pattern(choreography).unwrap();
    let client = client(&world);
    for path in ["/purchase", "/purchase/choreography", "/config/saga-mode"] {
        for kind in ["text/plain", "application/x-www-form-urlencoded"] {
            let headers = [("idempotency-key", "key-1"), ("content-type", kind)];
            let refused = client.send(Method::POST, path, &headers, SWORD).await;
            assert_eq!(refused.status, 415, "{path} as {kind}");
        }
    }
    assert_eq!(purchases(&world).await, 0);
}

/// A key that opened one purchase opens no other, and says nothing of the first one.
#[tokio::test]
async fn a_key_that_was_used_for_another_purchase_is_refused() {
    let world = world();
    let choreography = SagaPattern::Choreography;
    world.sagas().set_pattern(choreography).unwrap();
    let client = client(&world);
    for (first, second) in [
        ("/purchase", "/purchase"),
        ("/purchase/choreography", "/purchase/choreography"),
        ("/purchase", "/purchase/choreography"),
    ] {
        let key = format!("{first} {second}");
        assert_eq!(client.post(first, &key, SWORD).await.status, 201);
        let refused = client.post(second, &key, POTION).await;
        assert_eq!(refused.status, 422, "{key}");
        assert_eq!(refused.text("transactionId"), "");
    }
    assert_eq!(purchases(&world).await, 3);
}

/// A client who is told the wrong pattern waits at a place where nothing ever happens.
#[tokio::test]
async fn whenever_the_pattern_changes_the_answer_is_of_the_purchase_that_was_begun() {
    let world = world();
    let client = client(&world);
    for polls in 0..12 {
        let orchestration = SagaPattern::Orchestration;
        world.sagas().set_pattern(orchestration).unwrap();
        let key = format!("key-{polls}");
        let mut answer = Box::pin(client.post("/purchase", &key, SWORD));
        let mut accepted = None;
        for _ in 0..polls {
            if let Poll::Ready(reply) = poll_once(answer.as_mut()).await {
                accepted = Some(reply);
                break;
            }
            orch_runtime::tokio::task::yield_now().await;
        }
        let choreography = SagaPattern::Choreography;
        world.sagas().set_pattern(choreography).unwrap();
        let accepted = match accepted {
            Some(reply) => reply,
            None => answer.await,
        };
        assert_eq!(accepted.status, 201, "{:?}", accepted.body);
        let path = format!("/saga/{}", accepted.text("transactionId"));
        let seen = client.get(&path, "").await;
        let begun = seen.body["saga"]["pattern"].as_str().unwrap();
        assert_eq!(accepted.text("pattern"), begun, "after {polls} polls");
        let has_chain = accepted.body["eventChain"].is_array();
        assert_eq!(has_chain, begun == choreography.name());
    }
}
