//! What a service writes to its log, and what it does not.

use crate::raw::{get, post};

use super::process::Process;
use super::provider::CountingProvider;

/// The token goes to the provider and to nobody else.
#[tokio::test]
async fn a_token_reaches_the_provider_and_no_log() {
    let provider = CountingProvider::start().await;
    let process = Process::start(
        "",
        &[
            ("PING_GATEWAY_URL", &provider.url()),
            ("PING_GATEWAY_TOKEN", "hunter2"),
            ("RUST_LOG", "trace"),
        ],
    )
    .await;
    let ask = post("/api/pings", "k", r#"{"name":"ann"}"#).header("prefer", "wait=10");
    let reply = ask.send(process.address).await;
    assert_eq!(reply.json()["state"], "COMPLETED", "{reply:?}");
    process.signal("TERM").await;
    let end = process.end().await;
    assert_eq!(provider.tokens(), ["Bearer hunter2"]);
    assert!(!end.out.contains("hunter2") && !end.err.contains("hunter2"));
}

#[tokio::test]
async fn a_request_is_logged_by_its_template_and_without_what_may_be_secret() {
    let process = Process::start("--simulate", &[("RUST_LOG", "orch_runtime=trace")]).await;
    let body = r#"{"name":"4111111111111111","pin":"s3cret-field"}"#;
    let ask = post("/api/pings?token=s3cret-query", "k", body);
    let ask = ask.header("authorization", "Bearer s3cret-token");
    assert_eq!(ask.send(process.address).await.status, 400);
    assert_eq!(
        get("/api/pings/s3cret-path")
            .send(process.address)
            .await
            .status,
        404
    );
    process.signal("TERM").await;
    let log = process.end().await.out;
    for (route, status) in [("/api/pings", 400), ("/api/pings/{op_id}", 404)] {
        let route = format!(r#""route":"{route}""#);
        let status = format!(r#""status":{status}"#);
        let line = log
            .lines()
            .find(|line| line.contains(&route) && line.contains(&status));
        assert!(line.is_some(), "{route} {status} is missing in {log}");
    }
    assert!(!log.contains("s3cret") && !log.contains("4111"), "{log}");
}

#[tokio::test]
async fn the_cause_of_a_failure_is_logged_and_not_sent() {
    let process = Process::start("--simulate", &[]).await;
    let reply = get("/api/panic").send(process.address).await;
    assert!(
        reply.status == 500 && !reply.text.contains("panicked"),
        "{reply:?}"
    );
    process.signal("TERM").await;
    let log = process.end().await.out;
    assert!(log.contains("the handler panicked: card"), "{log}");
}
