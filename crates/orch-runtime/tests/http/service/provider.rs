//! A provider that counts what it did, over real HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use orch_runtime::axum::extract::{Path, State};
use orch_runtime::axum::http::{HeaderMap, StatusCode};
use orch_runtime::axum::routing::{get, post};
use orch_runtime::axum::{Json, Router};
use orch_runtime::engine::{Shutdown, ShutdownSignal};
use orch_runtime::http::{ServerConfig, serve};
use orch_runtime::{SystemClock, serde_json};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

#[derive(Debug, Default)]
struct Book {
    keys: HashSet<String>,
    tokens: Vec<String>,
    traces: Vec<Option<String>>,
}

#[derive(Debug, Clone)]
struct Shared {
    book: Arc<Mutex<Book>>,
    /// Answers wait here.
    gate: Arc<Semaphore>,
}

/// One effect per key.
pub(crate) struct CountingProvider {
    url: String,
    shared: Shared,
    _serving: ShutdownSignal,
}

impl CountingProvider {
    pub(crate) async fn start() -> Self {
        let provider = Self::start_slow().await;
        provider.release();
        provider
    }

    /// One that does what it is asked and answers only after [`release`](Self::release).
    pub(crate) async fn start_slow() -> Self {
        let shared = Shared {
            book: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        };
        let app = Router::new()
            .route("/pings", post(act))
            .route("/pings/{key}", get(tell))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/pings", listener.local_addr().unwrap());
        let (signal, shutdown) = Shutdown::new();
        let config = ServerConfig::default();
        tokio::spawn(serve(
            listener,
            app,
            config,
            Arc::new(SystemClock),
            shutdown,
        ));
        Self {
            url,
            shared,
            _serving: signal,
        }
    }

    pub(crate) fn release(&self) {
        self.shared.gate.close();
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) fn effects(&self) -> usize {
        self.shared.book.lock().unwrap().keys.len()
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        self.shared.book.lock().unwrap().tokens.clone()
    }

    /// The `traceparent` of each call, in order.
    pub(crate) fn traces(&self) -> Vec<Option<String>> {
        self.shared.book.lock().unwrap().traces.clone()
    }
}

async fn act(State(shared): State<Shared>, headers: HeaderMap) -> Json<serde_json::Value> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let key = text("idempotency-key").unwrap();
    {
        let mut book = shared.book.lock().unwrap();
        book.tokens.extend(text("authorization"));
        book.traces.push(text("traceparent"));
        book.keys.insert(key.clone());
    }
    drop(shared.gate.acquire().await);
    Json(json!({ "id": format!("ref-{key}") }))
}

async fn tell(
    State(shared): State<Shared>,
    Path(key): Path<String>,
) -> (StatusCode, Json<serde_json::Value>) {
    match shared.book.lock().unwrap().keys.contains(&key) {
        true => (StatusCode::OK, Json(json!({ "id": format!("ref-{key}") }))),
        false => (StatusCode::NOT_FOUND, Json(json!({}))),
    }
}
