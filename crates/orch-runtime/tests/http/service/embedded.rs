//! The same service inside a program with a server of its own.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as route;
use orch_runtime::service::{Embedded, Service, SetupError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::ping::MIGRATIONS;
use crate::raw::{get, post};

use super::MODULE;

fn variables(folder: &Path, more: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let database = format!("sqlite://{}", folder.join("host.db").display());
    let own = [("DATABASE_URL", database.as_str())];
    let all = own.iter().chain(more);
    all.map(|(name, value)| (name.into(), value.into()))
        .collect()
}

async fn start(folder: &Path, more: &[(&str, &str)]) -> Result<Embedded, SetupError> {
    let service = Service::new("host", "1")
        .migrations(MIGRATIONS)
        .module(MODULE);
    service
        .simulated()
        .start_with(variables(folder, more))
        .await
}

/// A program with a page, a health check and a page for what is not there.
async fn host(embedded: &Embedded) -> (SocketAddr, JoinHandle<()>) {
    let app = Router::new()
        .route("/", route(async || "the host"))
        .route("/health", route(async || "the host is well"))
        .fallback(async || (StatusCode::NOT_FOUND, "the host knows nothing of it"))
        .merge(embedded.routes());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, serving)
}

#[tokio::test]
async fn a_program_serves_the_api_among_its_own_routes() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path(), &[]).await.unwrap();
    let (address, serving) = host(&embedded).await;
    let ask = post("/api/pings", "k", r#"{"name":"bob"}"#).header("prefer", "wait=5");
    let done = ask.send(address).await;
    assert_eq!(
        (done.status, &done.json()["state"]),
        (200, &"COMPLETED".into())
    );
    assert_eq!(get("/health").send(address).await.text, "the host is well");
    assert_eq!(
        get("/nothing").send(address).await.text,
        "the host knows nothing of it"
    );
    let op = format!("/api/pings/{}", done.json()["opId"].as_str().unwrap());
    assert_eq!(get(&op).send(address).await.status, 200);
    embedded.stop().await.unwrap();
    serving.abort();
    let again = start(folder.path(), &[]).await.unwrap();
    let (address, serving) = host(&again).await;
    assert_eq!(get(&op).send(address).await.json()["state"], "COMPLETED");
    again.stop().await.unwrap();
    serving.abort();
}

/// A limit that silently does not apply is worse than a program that does not start.
#[tokio::test]
async fn all_problems_of_the_configuration_are_reported() {
    let folder = TempDir::new().unwrap();
    let wrong = [
        ("ORCH_RATE_LIMIT_PER_KEYS", "1/s"),
        ("PING_GATEWAY_TIMEOUT", "soon"),
    ];
    let refused = start(folder.path(), &wrong).await.unwrap_err().to_string();
    assert!(refused.contains("ORCH_RATE_LIMIT_PER_KEYS"), "{refused}");
    assert!(refused.contains("PING_GATEWAY_TIMEOUT"), "{refused}");
}
