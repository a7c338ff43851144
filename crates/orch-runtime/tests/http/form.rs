//! Requests that need no key: read as strictly as those that do.

use orch_runtime::axum::extract::State;
use orch_runtime::axum::http::Method;
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::http::{Api, ApiConfig, ApiError, Caller, Form};
use orch_runtime::serde_json::{Value, json};
use orch_runtime::testing::client::Client;

use crate::site::unlimited;

async fn named(State(_): State<Api>, form: Form) -> Result<Json<Value>, ApiError> {
    let mut fields = form.fields;
    let name: Option<String> = fields.required("name");
    fields.into_violations().into_result()?;
    Ok(Json(json!({ "name": name, "by": form.caller.owner() })))
}

async fn asking(caller: Caller) -> Json<Value> {
    Json(json!({ "by": caller.owner() }))
}

fn client(config: ApiConfig) -> Client {
    let api = Api::new(config);
    let routes = Router::new()
        .route("/names", post(named))
        .route("/me", get(asking))
        .with_state(api.clone());
    Client::new(routes, &api)
}

#[tokio::test]
async fn a_form_says_who_asks_and_for_what() {
    let client = client(unlimited());
    let headers = [("x-owner-id", "ann")];
    let answer = client
        .send(Method::POST, "/names", &headers, r#"{"name":"x"}"#)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({ "name": "x", "by": "ann" }));
    assert_eq!(client.get("/me", "ann").await.text("by"), "ann");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let client = client(ApiConfig {
        max_body: 64,
        ..unlimited()
    });
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(64));
    for (content_type, body, status) in [
        ("application/json", "{}", 400),
        ("application/json", r#"{"name":"x","nmae":"y"}"#, 400),
        ("application/json", r#"{"name":"x","name":"y"}"#, 400),
        ("application/json", "[]", 400),
        ("application/json", &long, 413),
        ("text/plain", r#"{"name":"x"}"#, 415),
    ] {
        let headers = [("content-type", content_type)];
        let answer = client.send(Method::POST, "/names", &headers, body).await;
        assert_eq!(answer.status, status, "{body}");
    }
}

#[tokio::test]
async fn looking_and_asking_count() {
    let per_client = "3/60s".parse().unwrap();
    let client = client(ApiConfig {
        per_client,
        ..unlimited()
    });
    for _ in 0..2 {
        assert_eq!(client.get("/me", "").await.status, 200);
    }
    let form = r#"{"name":"x"}"#;
    assert_eq!(client.post("/names", "", form).await.status, 200);
    assert_eq!(client.post("/names", "", form).await.status, 429);
    assert_eq!(client.get("/me", "").await.status, 429);
}
