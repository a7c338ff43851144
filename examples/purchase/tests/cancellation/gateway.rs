//! The adapter against a real HTTP server: what is sent, and what every answer means.

use std::sync::{Arc, Mutex};

use orch_runtime::axum::extract::{Path, State};
use orch_runtime::axum::http::{HeaderMap, StatusCode};
use orch_runtime::axum::response::{IntoResponse, Response};
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{self, Json, Router};
use orch_runtime::gateway::{GatewayConfig, HttpGateway};
use orch_runtime::serde_json::{Value, json};
use orch_runtime::{GatewayError, OpId, Probe, Receipt, SystemClock};

use purchase::notification::gateway::{HttpNotificationGateway, NotificationGateway};

use crate::world::{SAMPLE, sample};

/// What the server was sent.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

#[derive(Clone)]
struct Server {
    status: u16,
    seen: Seen,
}

async fn act(State(server): State<Server>, headers: HeaderMap, body: Json<Value>) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    server.seen.lock().unwrap().push((key, body.0));
    let status = StatusCode::from_u16(server.status).unwrap();
    let body = json!({"id": "ref-1", "code": "NO", "message": "not today"});
    (status, [("retry-after", "7")], Json(body)).into_response()
}

async fn ask(State(server): State<Server>, Path(key): Path<String>) -> Response {
    assert_eq!(key, "op-1");
    let status = StatusCode::from_u16(server.status).unwrap();
    (status, Json(json!({"id": "ref-1"}))).into_response()
}

/// A gateway to a server that answers everything with `status`.
async fn gateway(status: u16) -> (HttpNotificationGateway, Seen) {
    let seen = Seen::default();
    let server = Server {
        status,
        seen: Arc::clone(&seen),
    };
    let router = Router::new()
        .route("/provider/cancellations", post(act))
        .route("/provider/cancellations/{key}", get(ask))
        .with_state(server);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/provider", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (connect(&url), seen)
}

fn connect(url: &str) -> HttpNotificationGateway {
    let config = GatewayConfig::new(url);
    let http = HttpGateway::new(config, Arc::new(SystemClock)).unwrap();
    HttpNotificationGateway::new(http)
}

fn key() -> OpId {
    OpId::new("op-1").unwrap()
}

async fn answer_to(status: u16) -> Result<Receipt, GatewayError> {
    let (gateway, _) = gateway(status).await;
    gateway.cancellation(&key(), &sample()).await
}

async fn asked(status: u16) -> Probe {
    let (gateway, _) = gateway(status).await;
    gateway.probe_cancellation(&key(), &sample()).await
}

#[tokio::test]
async fn the_fields_are_posted_under_the_operations_name() {
    let (gateway, seen) = gateway(201).await;
    let answer = gateway.cancellation(&key(), &sample()).await;
    let receipt = answer.unwrap();
    assert_eq!(receipt.provider_ref.as_deref(), Some("ref-1"));
    let expected: Value = orch_runtime::serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(*seen.lock().unwrap(), [("op-1".to_owned(), expected)]);
}

#[tokio::test]
async fn busy_answers_mean_later_and_keep_retry_after() {
    for status in [408, 425, 429, 500, 503] {
        let error = answer_to(status).await.unwrap_err();
        let GatewayError::Unavailable { after, .. } = error else {
            panic!("{status}: {error}");
        };
        assert_eq!(after.unwrap().as_secs(), 7);
    }
}

#[tokio::test]
async fn other_refusals_are_final() {
    for status in [400, 402, 404, 409, 422] {
        let error = answer_to(status).await.unwrap_err();
        let code = "NO".to_owned();
        let message = "not today".to_owned();
        assert_eq!(error, GatewayError::Refused { code, message });
    }
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = connect(&url).cancellation(&key(), &sample()).await;
    assert!(matches!(error, Err(GatewayError::Unavailable { .. })));
}

/// The request went out and the connection broke: it may have happened.
#[tokio::test]
async fn a_connection_that_breaks_after_the_request_means_unknown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        socket.readable().await.unwrap();
    });
    let error = connect(&url).cancellation(&key(), &sample()).await;
    assert!(matches!(error, Err(GatewayError::NoAnswer { .. })));
}

#[tokio::test]
async fn a_probe_tells_happened_from_not_happened_from_unknown() {
    assert!(matches!(asked(200).await, Probe::Committed { .. }));
    assert!(matches!(asked(404).await, Probe::NotCommitted));
    assert!(matches!(asked(500).await, Probe::StillUnknown { .. }));
}
