//! The shop over HTTP, as its clients know it: paths, status codes, and bodies of success and refusal.

use orch_runtime::OwnerId;
use orch_runtime::axum::http::Method;
use orch_runtime::http::{Api, ApiConfig, SagaEndpoint};
use orch_runtime::saga::SagaPattern;
use orch_runtime::serde_json::{Value, json};
use orch_runtime::testing::client::{Client, Reply};

use purchase::purchase::controller::storefront;

use crate::world::{World, world, worlds};

const SWORD: &str = r#"{"userId":"user-123","itemId":"item-sword","quantity":1,"price":100}"#;

fn client(world: &World) -> Client {
    let limits = Api::new(ApiConfig::default());
    let endpoint = SagaEndpoint::new(world.sagas(), &limits);
    let operator = OwnerId::new("operator").unwrap();
    Client::new(storefront::routes(endpoint, Some(operator)), &limits)
}

async fn mode(client: &Client, owner: &str, body: &str) -> Reply {
    let headers = [("x-owner-id", owner)];
    client
        .send(Method::POST, "/config/saga-mode", &headers, body)
        .await
}

async fn balance(world: &World) -> i64 {
    let sql = "select balance as n from users where user_id = 'user-123'";
    world.count(sql, vec![]).await
}

/// The one that is bought, once it has ended.
async fn bought(world: &mut World, client: &Client, body: &str) -> (String, Value) {
    let accepted = client.post("/purchase", "key-1", body).await;
    assert_eq!(accepted.status, 201, "{:?}", accepted.body);
    let id = accepted.text("transactionId").to_owned();
    world.settle(&id.parse().unwrap()).await;
    let seen = client.get(&format!("/saga/{id}"), "").await;
    assert_eq!((seen.status, &seen.body["found"]), (200, &json!(true)));
    (id, seen.body["saga"].clone())
}

#[tokio::test]
async fn a_purchase_is_recorded_and_can_be_followed() {
    for mut world in worlds() {
        let pattern = world.sagas().pattern();
        let client = client(&world);
        let accepted = client.post("/purchase", "key-1", SWORD).await;
        assert_eq!(accepted.status, 201);
        assert_eq!(accepted.body["success"], json!(true));
        assert_eq!(accepted.text("status"), "initiated");
        assert_eq!(accepted.text("pattern"), pattern.name());
        let id = accepted.text("transactionId");
        assert!(id.starts_with("TXN_"), "{id}");
        let check = &accepted.body["statusCheck"];
        let url = check["url"].as_str().unwrap();
        let is_choreographed = pattern == SagaPattern::Choreography;
        assert_eq!(url.starts_with("/choreography/"), is_choreographed);
        assert_eq!(accepted.body["eventChain"].is_array(), is_choreographed);
        let again = client.post("/purchase", "key-1", SWORD).await;
        assert_eq!(again.text("transactionId"), id);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        world.settle(&id.parse().unwrap()).await;
        assert_eq!(client.get(url, "").await.body["found"], json!(true));
        let seen = client.get(&format!("/saga/{id}"), "").await;
        let saga = &seen.body["saga"];
        assert_eq!(saga["status"], "completed");
        assert_eq!(saga["userId"], "user-123");
        assert_eq!(saga["price"]["value"], "100.00");
        let steps = saga["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 4);
        assert!(steps.iter().all(|step| step["status"] == "succeeded"));
        assert_eq!(saga["compensations"], json!([]));
        assert_eq!(balance(&world).await, 90_000);
    }
}

#[tokio::test]
async fn what_handled_a_choreographed_purchase_is_told() {
    let mut world = worlds().pop().unwrap();
    let client = client(&world);
    let (id, _) = bought(&mut world, &client, SWORD).await;
    let seen = client
        .get(&format!("/choreography/transaction/{id}"), "")
        .await;
    let transaction = &seen.body["transaction"];
    assert_eq!(transaction["status"], "COMPLETED");
    assert_eq!(transaction["steps"][0]["step"], "user_validation");
    let at = transaction["steps"][0]["executedAt"].as_str().unwrap();
    assert!(at.ends_with('Z') && at.contains('.'), "{at}");
    let handled = seen.body["eventHandlers"]["completed"].as_array().unwrap();
    let names: Vec<_> = handled.iter().map(|one| one["handler"].clone()).collect();
    assert_eq!(names[0], "UserValidationHandler");
    assert_eq!(seen.body["eventHandlers"]["compensations"], json!([]));
}

#[tokio::test]
async fn a_choreographed_purchase_is_refused_while_purchases_are_orchestrated() {
    let world = world();
    let client = client(&world);
    let refused = client.post("/purchase/choreography", "key-1", SWORD).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["success"], json!(false));
    assert!(refused.text("hint").contains("/config/saga-mode"));
    let stats = client.get("/sagas/stats", "").await;
    assert_eq!(stats.body["stats"]["total"], 0);
}

#[tokio::test]
async fn what_fails_says_where_and_why_and_what_was_taken_back() {
    for mut world in worlds() {
        let client = client(&world);
        let gem = SWORD
            .replace("sword", "disabled")
            .replace("\"price\":100", "\"price\":50.0");
        let (_, saga) = bought(&mut world, &client, &gem).await;
        assert_eq!(saga["status"], "compensated");
        assert_eq!(saga["error"]["step"], "item_grant");
        assert_eq!(saga["error"]["cause"]["code"], "ITEM_NOT_AVAILABLE");
        let undone = &saga["compensations"][0];
        assert_eq!(undone["step"], "user_validation");
        assert_eq!(undone["status"], "success");
        assert_eq!(balance(&world).await, 100_000);
    }
}

#[tokio::test]
async fn a_price_is_exact_however_it_is_written() {
    let mut world = world();
    let client = client(&world);
    for (price, code) in [
        ("-100", 400),
        ("100.001", 400),
        ("1e300", 400),
        ("\"\"", 400),
        ("\"a lot\"", 400),
        ("null", 400),
        ("{\"value\":\"100.00\",\"currency\":\"EUR\"}", 201),
        ("\"100.00\"", 201),
        ("100.00", 201),
    ] {
        let body = SWORD.replace("100", price);
        let answer = client.post("/purchase", price, &body).await;
        assert_eq!(answer.status, code, "{price}: {:?}", answer.body);
    }
    let cheap = SWORD.replace("100", "1");
    let (_, saga) = bought(&mut world, &client, &cheap).await;
    assert_eq!(saga["error"]["cause"]["code"], "PRICE_MISMATCH");
}

#[tokio::test]
async fn a_request_without_a_key_buys_nothing() {
    let world = world();
    let client = client(&world);
    assert_eq!(client.post("/purchase", "", SWORD).await.status, 400);
    let in_the_body = SWORD.replacen('{', r#"{"idempotencyKey":"key-1","#, 1);
    assert_eq!(client.post("/purchase", "", &in_the_body).await.status, 201);
    let unknown = SWORD.replacen('{', r#"{"discount":50,"#, 1);
    assert_eq!(
        client.post("/purchase", "key-2", &unknown).await.status,
        400
    );
}

#[tokio::test]
async fn what_is_not_there_or_somebody_elses_is_not_found() {
    let mut world = world();
    let client = client(&world);
    let (id, _) = bought(&mut world, &client, SWORD).await;
    for (path, owner) in [
        (format!("/saga/{id}"), "somebody-else"),
        (format!("/choreography/transaction/{id}"), "somebody-else"),
        ("/saga/TXN_nothing".to_owned(), ""),
        ("/choreography/transaction/x".to_owned(), ""),
        ("/logs/user-123".to_owned(), "somebody-else"),
        ("/logs/user-456".to_owned(), ""),
        ("/logs/%00".to_owned(), ""),
        ("/choreography/user/%00/history".to_owned(), ""),
        ("/choreography/user/user-123/history".to_owned(), ""),
    ] {
        let seen = client.get(&path, owner).await;
        let answer = (seen.status, &seen.body["found"]);
        assert_eq!(answer, (200, &json!(false)), "{path}");
    }
    let unknown = client.post("/compensate/TXN_nothing", "", "{}").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn who_has_a_name_buys_for_himself() {
    let world = world();
    let client = client(&world);
    let headers = [("x-owner-id", "user-456"), ("idempotency-key", "k")];
    let accepted = client.send(Method::POST, "/purchase", &headers, SWORD);
    let path = format!("/saga/{}", accepted.await.text("transactionId"));
    let seen = client.get(&path, "user-456").await;
    let cause = &seen.body["saga"]["error"]["cause"];
    assert_eq!(cause["code"], "USER_NOT_AUTHORIZED");
    assert_eq!(balance(&world).await, 100_000);
}

#[tokio::test]
async fn purchases_are_counted_by_state_and_pattern() {
    let mut world = world();
    let client = client(&world);
    bought(&mut world, &client, SWORD).await;
    let choreography = r#"{"mode":"choreography"}"#;
    assert_eq!(mode(&client, "operator", choreography).await.status, 201);
    let other = client.post("/purchase/choreography", "key-2", SWORD).await;
    assert_eq!(other.status, 201);
    world
        .settle(&other.text("transactionId").parse().unwrap())
        .await;
    let all = client.get("/sagas/stats", "").await;
    let counted = (&all.body["stats"]["total"], &all.body["stats"]["completed"]);
    assert_eq!(counted, (&json!(2), &json!(2)));
    let half = client.get("/choreography/stats", "").await;
    assert_eq!(half.body["stats"]["total"], 1);
    let both = client.get("/patterns/comparison", "").await;
    assert_eq!(both.body["patterns"][0]["stats"]["total"], 1);
    assert_eq!(both.body["patterns"][1]["isActive"], json!(true));
    let history = client.get("/choreography/user/user-123/history", "").await;
    assert_eq!(history.body["history"].as_array().unwrap().len(), 1);
    let logs = client.get("/logs/user-123", "").await;
    assert_eq!(logs.body["logs"].as_array().unwrap().len(), 2);
    assert_eq!(logs.body["logs"][0]["priceInCents"], 10_000);
}

#[tokio::test]
async fn only_an_operator_changes_how_purchases_are_led() {
    let world = world();
    let client = client(&world);
    let body = r#"{"mode":"choreography"}"#;
    assert_eq!(mode(&client, "anybody", body).await.status, 403);
    let wrong = mode(&client, "operator", r#"{"mode":"both"}"#).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(mode(&client, "operator", "{}").await.status, 400);
    let shown = client.get("/config/saga-mode", "").await;
    assert_eq!(shown.text("currentMode"), "orchestration");
    let changed = mode(&client, "operator", body).await;
    assert_eq!(changed.status, 201);
    assert_eq!(changed.text("previousMode"), "orchestration");
    assert_eq!(changed.text("currentlyActive"), "choreography");
    assert!(changed.text("recommendation").contains("SAGA_PATTERN_MODE"));
    let accepted = client.post("/purchase", "key-1", SWORD).await;
    assert_eq!(accepted.text("pattern"), "choreography");
}

/// Asked for three times while it runs, it gives the money back once; what is sold stays sold.
#[tokio::test]
async fn what_is_taken_back_is_taken_back_once() {
    for mut world in worlds() {
        let client = client(&world);
        let accepted = client.post("/purchase", "key-1", SWORD).await;
        let id = accepted.text("transactionId").to_owned();
        let undo = format!("/compensate/{id}");
        for _ in 0..3 {
            let answer = client.post(&undo, "", "{}").await;
            assert_eq!(answer.status, 201, "{:?}", answer.body);
        }
        world.settle(&id.parse().unwrap()).await;
        let again = client.post(&undo, "", "{}").await;
        assert_eq!(again.body["transactionId"], json!(id));
        assert_eq!(again.body["success"], json!(true), "{:?}", again.body);
        assert_eq!(balance(&world).await, 100_000);
    }
}
