//! Many at once.

use std::collections::HashMap;

use orch_runtime::axum::body::{Body, to_bytes};
use orch_runtime::axum::http::Request;
use orch_runtime::http::ApiConfig;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::raw::{Reply, post};
use crate::site::{Site, op_id, unlimited};

const PINGS: &str = "/api/pings";

/// A client that lost its patience a thousand times.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_submissions_of_one_key_are_one_operation_and_one_call() {
    let site = Site::start(unlimited()).await;
    let mut asked = JoinSet::new();
    for _ in 0..1_000 {
        let app = site.app.clone();
        let request = Request::post(PINGS)
            .header("content-type", "application/json")
            .header("idempotency-key", "k")
            .body(Body::from(r#"{"name":"ann"}"#))
            .unwrap();
        asked.spawn(async move {
            let response = app.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let replayed = response.headers().contains_key("idempotent-replayed");
            let body = to_bytes(response.into_body(), 1_024).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            (status, replayed, body["opId"].to_string())
        });
    }
    let answers = asked.join_all().await;
    let (_, _, op_id) = answers[0].clone();
    assert!(
        answers
            .iter()
            .all(|(status, _, id)| (*status, id) == (202, &op_id))
    );
    assert_eq!(
        answers.iter().filter(|(_, replayed, _)| !replayed).count(),
        1
    );
    site.engine.idle().await;
    assert_eq!(site.operations().await, 1);
    assert_eq!(site.provider.total_requests(), 1);
}

async fn storm(site: &Site, bodies: &[&str]) -> Vec<Reply> {
    let mut asked = JoinSet::new();
    for at in 0..200 {
        let ask = post(PINGS, "k", bodies[at % bodies.len()]);
        asked.spawn(ask.send(site.address));
    }
    asked.join_all().await
}

fn by_status(replies: &[Reply]) -> HashMap<u16, usize> {
    let mut counts = HashMap::new();
    for reply in replies {
        *counts.entry(reply.status).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_usual_limits_the_excess_is_refused_and_nothing_else_changes() {
    let site = Site::start(ApiConfig::default()).await;
    let replies = storm(&site, &[r#"{"name":"ann"}"#]).await;
    assert_eq!(by_status(&replies), HashMap::from([(202, 5), (429, 195)]));
    site.engine.idle().await;
    assert_eq!(
        (site.operations().await, site.provider.total_requests()),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_that_race_for_a_key_one_wins() {
    let site = Site::start(unlimited()).await;
    let replies = storm(&site, &[r#"{"name":"ann"}"#, r#"{"name":"bob"}"#]).await;
    assert_eq!(by_status(&replies), HashMap::from([(202, 100), (422, 100)]));
    let accepted: Vec<_> = replies.iter().filter(|reply| reply.status == 202).collect();
    assert!(
        accepted
            .iter()
            .all(|reply| op_id(reply) == op_id(accepted[0]))
    );
    site.engine.idle().await;
    assert_eq!(
        (site.operations().await, site.provider.total_requests()),
        (1, 1)
    );
}
