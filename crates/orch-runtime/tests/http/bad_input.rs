//! Whatever arrives is answered with what is wrong, and nothing is recorded.

use orch_runtime::testing::Reply as Scripted;

use crate::raw::{Ask, ask, get, post};
use crate::site::{Site, unlimited};

const PINGS: &str = "/api/pings";

/// Sends each request; each must be refused in the given way, and no operation may exist afterwards.
async fn refused(cases: Vec<(Ask, u16, &str, &[&str])>) {
    let site = Site::start(unlimited()).await;
    for (ask, status, code, fields) in cases {
        let shown = format!("{ask:?}");
        let reply = ask.send(site.address).await;
        let seen = (reply.status, reply.code(), reply.fields());
        let fields: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        assert_eq!(seen, (status, code.to_owned(), fields), "{shown}");
    }
    assert_eq!(site.operations().await, 0);
    assert_eq!(site.provider.total_requests(), 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_object() {
    let long = format!("{{\"name\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"name=ann",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":\"a\"} x",
        long.as_bytes(),
    ];
    let case = |body| (post(PINGS, "k", body), 400, "MALFORMED_JSON", &[][..]);
    refused(bodies.into_iter().map(case).collect()).await;
}

#[tokio::test]
async fn fields_of_the_wrong_kind_are_all_named() {
    let cases: [(&str, &[&str]); 8] = [
        ("{}", &["name"]),
        (
            r#"{"name":7,"count":"x","nmae":"y"}"#,
            &["name", "count", "nmae"],
        ),
        (r#"{"name":"ann","count":-1}"#, &["count"]),
        (r#"{"name":"ann","count":1.5}"#, &["count"]),
        (r#"{"name":"ann","count":11}"#, &["count"]),
        (r#"{"name":null}"#, &["name"]),
        (r#"{"name":"ann","name":"bob"}"#, &["name"]),
        (r#"{"name":"a\u0000"}"#, &["name"]),
    ];
    let case = |(body, fields): (&str, _)| (post(PINGS, "k", body), 400, "INVALID_REQUEST", fields);
    refused(cases.into_iter().map(case).collect()).await;
}

#[tokio::test]
async fn keys_that_are_missing_wrong_or_two() {
    const BODY: &str = r#"{"name":"ann"}"#;
    let bare = || post(PINGS, "k", BODY).without("idempotency-key");
    let long = "k".repeat(256);
    let both = r#"{"name":"ann","idempotencyKey":"other"}"#;
    let header: &[&str] = &["Idempotency-Key"];
    let field: &[&str] = &["idempotencyKey"];
    let case = |ask, fields| (ask, 400, "INVALID_REQUEST", fields);
    refused(vec![
        case(bare(), header),
        case(bare().header("idempotency-key", ""), header),
        case(bare().header("idempotency-key", &long), header),
        case(bare().header("idempotency-key", "ключ"), header),
        case(bare().header("idempotency-key", b"\xff"), header),
        case(
            post(PINGS, "a", BODY).header("idempotency-key", "b"),
            header,
        ),
        case(post(PINGS, "k", both), field),
        case(bare().body(r#"{"name":"ann","idempotencyKey":7}"#), field),
        case(
            bare().body(r#"{"name":"ann","idempotencyKey":"a\u0000"}"#),
            field,
        ),
        case(
            bare().body(r#"{"idempotencyKey":"a","idempotencyKey":"b"}"#),
            field,
        ),
    ])
    .await;
}

#[tokio::test]
async fn bodies_that_do_not_say_they_are_json() {
    let typed = |kind: &str| {
        let ask = post(PINGS, "k", r#"{"name":"ann"}"#).without("content-type");
        ask.header("content-type", kind)
    };
    let bare = post(PINGS, "k", r#"{"name":"ann"}"#).without("content-type");
    let zipped = post(PINGS, "k", r#"{"name":"ann"}"#).header("content-encoding", "gzip");
    let case = |ask| (ask, 415, "UNSUPPORTED_MEDIA_TYPE", &[][..]);
    let asks = [
        bare,
        zipped,
        typed("text/plain"),
        typed("application/x-www-form-urlencoded"),
    ];
    refused(asks.into_iter().map(case).collect()).await;
}

#[tokio::test]
async fn owners_that_could_be_two() {
    let ask = || post(PINGS, "k", r#"{"name":"ann"}"#);
    let case = |ask| (ask, 400, "INVALID_OWNER", &[][..]);
    refused(vec![
        case(ask().header("x-owner-id", "a").header("x-owner-id", "b")),
        case(ask().header("x-owner-id", "")),
        case(ask().header("x-owner-id", "x".repeat(129))),
    ])
    .await;
}

#[tokio::test]
async fn paths_and_methods_that_nothing_serves() {
    refused(vec![
        (get("/"), 404, "NOT_FOUND", &[]),
        (get("/api/pings/../../etc/passwd"), 404, "NOT_FOUND", &[]),
        (get("/api/pings/%00"), 404, "NOT_FOUND", &[]),
        (get("/api/pings/%ff"), 404, "NOT_FOUND", &[]),
        (get("/api/pings/'%20or%201=1"), 404, "NOT_FOUND", &[]),
        (ask("DELETE", PINGS), 405, "METHOD_NOT_ALLOWED", &[]),
    ])
    .await;
    let site = Site::start(unlimited()).await;
    let reply = ask("DELETE", "/api/pings/x").send(site.address).await;
    assert_eq!(
        (reply.status, reply.header("allow")),
        (405, Some("GET,HEAD"))
    );
}

/// A bug in one handler is one client's problem, and its words stay inside.
#[tokio::test]
async fn a_panicking_handler_is_a_500_that_tells_nothing() {
    let site = Site::start(unlimited()).await;
    let reply = get("/api/panic").send(site.address).await;
    assert_eq!((reply.status, reply.code().as_str()), (500, "INTERNAL"));
    assert!(!reply.text.contains("4111"), "{reply:?}");
    assert_eq!(get("/health").send(site.address).await.status, 200);
}

#[tokio::test]
async fn other_names_for_json_are_read() {
    let site = Site::start(unlimited()).await;
    site.provider.script([Scripted::Done]);
    for (key, kind) in [
        ("a", "application/json; charset=utf-8"),
        ("b", "application/vnd.ping+json"),
    ] {
        let ask = post(PINGS, key, r#"{"name":"ann"}"#).without("content-type");
        assert_eq!(
            ask.header("content-type", kind)
                .send(site.address)
                .await
                .status,
            202,
            "{kind}"
        );
    }
}
