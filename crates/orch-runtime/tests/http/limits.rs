//! Rate limits, on a clock that the test winds, and the limit of a body.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body as HttpBody, Frame};
use orch_runtime::axum::body::{Body, Bytes};
use orch_runtime::axum::http::Request;
use orch_runtime::http::{ApiConfig, RateLimit};
use tower::ServiceExt as _;

use crate::raw::{Ask, get, post};
use crate::site::{Site, unlimited};

const PINGS: &str = "/api/pings";

fn by_ann(ask: Ask) -> Ask {
    ask.header("x-owner-id", "ann")
}

fn ping(key: &str) -> Ask {
    post(PINGS, key, r#"{"name":"ann"}"#)
}

#[tokio::test]
async fn the_sixth_submission_of_a_key_in_a_minute_is_refused_and_a_later_one_is_not() {
    let site = Site::start(ApiConfig::default()).await;
    for _ in 0..5 {
        assert_eq!(ping("k").send(site.address).await.status, 202);
    }
    let sixth = ping("k").send(site.address).await;
    assert_eq!((sixth.status, sixth.code().as_str()), (429, "RATE_LIMITED"));
    let wait: u64 = sixth.header("retry-after").unwrap().parse().unwrap();
    assert!((55..=62).contains(&wait), "{wait}");

    assert_eq!(
        ping("other").send(site.address).await.status,
        202,
        "another key"
    );
    assert_eq!(
        by_ann(ping("k")).send(site.address).await.status,
        202,
        "another owner"
    );
    site.clock.advance(Duration::from_secs(wait));
    assert_eq!(ping("k").send(site.address).await.status, 202);
}

/// New keys do not help: the client is counted too, and looking counts as well.
#[tokio::test]
async fn a_client_has_a_limit_over_all_its_requests() {
    let per_client = "3/60s".parse().unwrap();
    let site = Site::start(ApiConfig {
        per_client,
        ..unlimited()
    })
    .await;
    assert_eq!(by_ann(ping("a")).send(site.address).await.status, 202);
    assert_eq!(by_ann(ping("b")).send(site.address).await.status, 202);
    assert_eq!(
        by_ann(get("/api/pings/x")).send(site.address).await.status,
        404
    );
    assert_eq!(by_ann(ping("c")).send(site.address).await.status, 429);
    assert_eq!(
        by_ann(get("/api/pings/x")).send(site.address).await.status,
        429
    );
    assert_eq!(
        ping("a").send(site.address).await.status,
        202,
        "somebody else"
    );
    assert_eq!(get("/health").send(site.address).await.status, 200);
    assert_eq!(site.operations().await, 3);
}

#[tokio::test]
async fn a_forwarded_address_is_not_believed() {
    let per_client = "1/60s".parse().unwrap();
    let site = Site::start(ApiConfig {
        per_client,
        ..unlimited()
    })
    .await;
    let from = |address: &str| ping(address).header("x-forwarded-for", address);
    assert_eq!(from("1.1.1.1").send(site.address).await.status, 202);
    assert_eq!(from("2.2.2.2").send(site.address).await.status, 429);
}

/// The client's limit comes before anything that costs: also a request without a body is refused by it.
#[tokio::test]
async fn a_client_over_its_limit_is_refused_before_its_body_is_read() {
    let per_client = RateLimit::AtMost {
        requests: 1,
        within: Duration::from_secs(60),
    };
    let site = Site::start(ApiConfig {
        per_client,
        ..unlimited()
    })
    .await;
    assert_eq!(ping("a").send(site.address).await.status, 202);
    let announced = ping("b").body("").header("content-length", "1000000");
    assert_eq!(announced.send(site.address).await.status, 429);
}

/// Who sends rubbish does not use up the limit of a key.
#[tokio::test]
async fn requests_without_an_acceptable_key_count_against_no_key() {
    let site = Site::start(ApiConfig::default()).await;
    for _ in 0..10 {
        assert_eq!(post(PINGS, "k", "{").send(site.address).await.status, 400);
    }
    assert_eq!(ping("k").send(site.address).await.status, 202);
}

/// A body that never ends, and how much of it was taken.
struct Endless {
    chunk: usize,
    taken: Arc<AtomicUsize>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.fetch_add(self.chunk, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b' '; self.chunk])))))
    }
}

/// No length is announced, so only counting stops it: a server that reads first and counts afterwards
/// can be filled up.
#[tokio::test]
async fn a_body_without_an_end_is_read_to_the_limit_and_one_chunk_more() {
    const LIMIT: usize = 1_000;
    let max_body = LIMIT;
    let site = Site::start(ApiConfig {
        max_body,
        ..unlimited()
    })
    .await;
    for chunk in [1, 7, 999, 1_000, 1_001, 65_536] {
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Endless {
            chunk,
            taken: Arc::clone(&taken),
        };
        let request = Request::post(PINGS)
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        let request = request.body(Body::new(body)).unwrap();
        let answer = site.app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 413);
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken <= LIMIT + chunk, "{taken} bytes by {chunk}");
    }
}
