//! Every row of the table in `orch_runtime::http`.

use std::time::Duration;

use orch_runtime::testing::Reply as Scripted;

use crate::raw::{ask, get, post};
use crate::site::{Site, op_id, unlimited};

const PINGS: &str = "/api/pings";
const BODY: &str = r#"{"name":"ann"}"#;

#[tokio::test]
async fn a_submission_is_accepted_and_says_where_to_look() {
    let site = Site::start(unlimited()).await;
    let reply = post(PINGS, "k", BODY).send(site.address).await;
    assert_eq!(reply.status, 202);
    let body = reply.json();
    assert_eq!(body["status"], "ACCEPTED");
    assert_eq!(body["message"], "Operation accepted");
    let location = format!("{PINGS}/{}", op_id(&reply));
    assert_eq!(reply.header("location"), Some(location.as_str()));
    assert_eq!(reply.header("idempotent-replayed"), None);
    assert_eq!(reply.header("cache-control"), Some("no-store"));

    site.ended(&reply).await;
    let seen = get(&location).send(site.address).await;
    assert_eq!(seen.status, 200);
    let seen = seen.json();
    assert_eq!(seen["opId"], body["opId"]);
    assert_eq!(seen["state"], "COMPLETED");
    assert_eq!(seen["attempts"], 1);
    assert_eq!(seen["outcome"]["message"], "pinged");
    assert!(seen["acceptedAt"].is_string() && seen["completedAt"].is_string());
    assert!(seen.get("payload").is_none() && seen.get("ownerId").is_none());
}

#[tokio::test]
async fn the_same_request_again_is_the_same_operation() {
    let site = Site::start(unlimited()).await;
    let first = post(PINGS, "k", BODY).send(site.address).await;
    let again = post(PINGS, "k", r#" {"count": 1, "name": "ann"} "#)
        .send(site.address)
        .await;
    assert_eq!(again.status, 202);
    assert_eq!(op_id(&again), op_id(&first));
    assert_eq!(again.json()["message"], "Operation already accepted");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("location"), first.header("location"));
    site.ended(&first).await;
    assert_eq!(site.provider.total_requests(), 1);
}

#[tokio::test]
async fn a_key_used_for_another_request_is_refused_and_changes_nothing() {
    let site = Site::start(unlimited()).await;
    let first = post(PINGS, "k", BODY).send(site.address).await;
    let other = post(PINGS, "k", r#"{"name":"bob"}"#)
        .send(site.address)
        .await;
    assert_eq!((other.status, other.code().as_str()), (422, "KEY_REUSED"));
    site.ended(&first).await;
    assert_eq!(site.operations().await, 1);
    assert_eq!(site.provider.total_requests(), 1);
}

#[tokio::test]
async fn a_client_that_prefers_to_wait_gets_the_end() {
    let site = Site::start(unlimited()).await;
    let ask = post(PINGS, "k", BODY).header("prefer", "wait=5");
    let reply = ask.clone().send(site.address).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("preference-applied"), Some("wait=5"));
    let location = reply.header("location").unwrap();
    assert_eq!(get(location).send(site.address).await.json(), reply.json());

    let again = ask.send(site.address).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, Some("true"))
    );
}

#[tokio::test]
async fn a_client_that_waits_in_vain_learns_that_it_is_accepted() {
    let site = Site::start(unlimited()).await;
    site.provider.script([Scripted::Hang]);
    let ask = post(PINGS, "k", BODY).header("prefer", "wait=86400");
    let waiting = tokio::spawn(ask.send(site.address));
    let mut wound = Duration::ZERO;
    while !waiting.is_finished() {
        site.clock.advance(Duration::from_millis(100));
        wound += Duration::from_millis(100);
        tokio::task::yield_now().await;
    }
    let reply = waiting.await.unwrap();
    assert_eq!(
        (reply.status, reply.header("preference-applied")),
        (202, Some("wait=30"))
    );
    assert!(wound >= Duration::from_secs(30), "waited for {wound:?}");
}

#[tokio::test]
async fn a_failed_operation_is_an_end_too() {
    let site = Site::start(unlimited()).await;
    site.provider.script([Scripted::Refuse("CARD_DECLINED")]);
    let reply = post(PINGS, "k", BODY)
        .header("prefer", "wait=5")
        .send(site.address)
        .await;
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(
        (&body["state"], &body["outcome"]["code"]),
        (&"FAILED".into(), &"CARD_DECLINED".into())
    );
}

/// A key and an operation belong to their owner: to others they do not exist.
#[tokio::test]
async fn somebody_elses_operation_looks_like_none() {
    let site = Site::start(unlimited()).await;
    let ann = |ask: crate::raw::Ask| ask.header("x-owner-id", "ann");
    let bob = |ask: crate::raw::Ask| ask.header("x-owner-id", "bob");
    let anns = ann(post(PINGS, "k", BODY)).send(site.address).await;
    let location = anns.header("location").unwrap();
    let foreign = bob(get(location)).send(site.address).await;
    let absent = bob(get("/api/pings/none")).send(site.address).await;
    assert_eq!((foreign.status, foreign.text), (404, absent.text));
    assert_eq!(get(location).send(site.address).await.status, 404);
    assert_eq!(ann(get(location)).send(site.address).await.status, 200);

    let bobs = bob(post(PINGS, "k", r#"{"name":"bob"}"#))
        .send(site.address)
        .await;
    assert_eq!(bobs.status, 202, "the key of one owner is free for another");
    assert_ne!(op_id(&bobs), op_id(&anns));
}

#[tokio::test]
async fn an_operation_is_not_served_under_the_path_of_another_command() {
    let site = Site::start(unlimited()).await;
    let reply = post(PINGS, "k", BODY).send(site.address).await;
    let elsewhere = format!("/api/pongs/{}", op_id(&reply));
    assert_eq!(get(&elsewhere).send(site.address).await.status, 404);
}

#[tokio::test]
async fn the_key_may_stand_in_the_body() {
    let site = Site::start(unlimited()).await;
    let body = r#"{"name":"ann","idempotencyKey":"k"}"#;
    let by_body = post(PINGS, "k", body)
        .without("idempotency-key")
        .send(site.address)
        .await;
    let by_header = post(PINGS, "k", BODY).send(site.address).await;
    let by_both = post(PINGS, "k", body).send(site.address).await;
    assert_eq!(
        (by_body.status, by_header.status, by_both.status),
        (202, 202, 202)
    );
    assert_eq!(op_id(&by_body), op_id(&by_header));
    assert_eq!(op_id(&by_body), op_id(&by_both));
}

#[tokio::test]
async fn operators_see_health_readiness_and_counts() {
    let site = Site::start(unlimited()).await;
    let reply = post(PINGS, "k", BODY).send(site.address).await;
    site.ended(&reply).await;
    get(&format!("{PINGS}/{}?token=secret", op_id(&reply)))
        .send(site.address)
        .await;
    ask("BREW", "/teapot/4111111111111111")
        .send(site.address)
        .await;
    assert_eq!(get("/health").send(site.address).await.status, 200);
    assert_eq!(get("/ready").send(site.address).await.status, 200);
    let metrics = get("/metrics").send(site.address).await;
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = metrics.text;
    for part in [
        r#"http_request_duration_seconds_count{method="POST",route="/api/pings",status="202"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/api/pings/{op_id}",status="200"} 1"#,
        r#"http_request_duration_seconds_count{method="OTHER",route="unmatched",status="404"} 1"#,
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(
        !text.contains("4111") && !text.contains("secret") && !text.contains("BREW"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lost_database_is_seen_by_readiness_and_not_by_liveness() {
    let site = Site::start(unlimited()).await;
    std::fs::remove_file(site.store.path()).unwrap();
    std::fs::create_dir(site.store.path()).unwrap();
    let ready = get("/ready").send(site.address).await;
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(!ready.text.contains("ping.db"), "{ready:?}");
    assert_eq!(get("/health").send(site.address).await.status, 200);
    drop(site.folder);
}
