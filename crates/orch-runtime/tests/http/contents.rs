//! Uploads of contents: whole and under their own hash, or not at all.

use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body as HttpBody, Frame};
use orch_runtime::OwnerId;
use orch_runtime::axum::Router;
use orch_runtime::axum::body::{Body, Bytes};
use orch_runtime::axum::http::request::Parts;
use orch_runtime::axum::http::{Request, StatusCode};
use orch_runtime::http::{
    Api, ApiConfig, ApiError, Authenticator, TrustedHeader, contents, finish,
};
use orch_runtime::metrics::Metrics;
use orch_runtime::spool::Spool;
use tower::ServiceExt as _;

use crate::site::{Site, unlimited};

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const MOST: u64 = 10;

struct Uploads {
    site: Site,
    app: Router,
}

impl Uploads {
    async fn start(config: ApiConfig, authenticator: impl Authenticator) -> Self {
        let site = Site::start(unlimited()).await;
        let clock = Arc::new(site.clock.clone());
        let api = Api::with(config, clock, Arc::new(authenticator), &Metrics::new());
        let spool = Spool::open(site.folder.path().join("spool"), MOST).unwrap();
        let routes = contents(&api.endpoint(&site.engine), "/api/pings", spool);
        let app = finish(routes, &api);
        Self { site, app }
    }

    async fn usual() -> Self {
        Self::start(unlimited(), TrustedHeader::default()).await
    }

    async fn put(&self, name: &str, body: impl Into<Body>) -> (StatusCode, String) {
        self.send(Request::put(format!("/api/pings/contents/{name}")), body)
            .await
    }

    async fn send(
        &self,
        request: orch_runtime::axum::http::request::Builder,
        body: impl Into<Body>,
    ) -> (StatusCode, String) {
        let request = request.body(body.into()).unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = orch_runtime::axum::body::to_bytes(answer.into_body(), 4_096).await;
        (status, String::from_utf8(body.unwrap().to_vec()).unwrap())
    }

    /// All files of the spool.
    fn files(&self) -> Vec<String> {
        fn below(folder: &Path, files: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".gitignore") {
                    continue;
                }
                if path.is_dir() {
                    below(&path, files);
                } else {
                    files.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let mut files = Vec::new();
        below(&self.site.folder.path().join("spool"), &mut files);
        files
    }
}

#[tokio::test]
async fn a_content_is_stored_once_and_said_to_be_there_afterwards() {
    let uploads = Uploads::usual().await;
    let (status, body) = uploads.put(HELLO, "hello").await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(body, format!(r#"{{"sha256":"{HELLO}","size":5}}"#));
    assert_eq!(uploads.put(HELLO, "hello").await.0, StatusCode::OK);
    let shouted = HELLO.to_uppercase();
    assert_eq!(uploads.put(&shouted, "hello").await.0, StatusCode::OK);
    assert_eq!(uploads.files(), [HELLO]);
}

/// A client that asks first is told before it has sent anything.
#[tokio::test]
async fn what_is_there_already_need_not_be_sent_again() {
    let uploads = Uploads::usual().await;
    uploads.put(HELLO, "hello").await;
    let asking = Request::put(format!("/api/pings/contents/{HELLO}"));
    let asking = asking.header("expect", "100-continue");
    let (status, _) = uploads.send(asking, Body::new(Never)).await;
    assert_eq!(status, StatusCode::OK);
}

/// What is stored under a wrong name would be sent to the provider as something else.
#[tokio::test]
async fn what_has_another_hash_is_too_large_or_has_no_name_is_refused_and_leaves_nothing() {
    let uploads = Uploads::usual().await;
    let refused = async |name: &str, body: Body| uploads.put(name, body).await;
    let (status, body) = refused(HELLO, "hell0".into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("CONTENT_MISMATCH"), "{body}");
    let (status, body) = refused("..%2f..%2fetc", "hello".into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("sha256"), "{body}");
    let (status, body) = refused(HELLO, "hello, world".into()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body.contains("larger than 10 bytes"), "{body}");
    let unannounced = Body::new(Parts4(4));
    assert_eq!(
        refused(HELLO, unannounced).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let packed = Request::put(format!("/api/pings/contents/{HELLO}"));
    let packed = packed.header("content-encoding", "gzip");
    let (status, _) = uploads.send(packed, "hello").await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(uploads.put(HELLO, "hello").await.0.is_success());
    assert_eq!(uploads.files(), [HELLO]);
}

/// A client that stops sending would hold a thread and a file for ever.
#[tokio::test]
async fn an_upload_that_stops_is_given_up() {
    let uploads = Uploads::usual().await;
    let clock = uploads.site.clock.clone();
    let pause = ApiConfig::default().body_timeout;
    let put = uploads.put(HELLO, Body::new(Never));
    let wind = async {
        // The file is made by another thread, and only then its clock runs.
        loop {
            tokio::task::yield_now().await;
            clock.advance(pause / 100);
        }
    };
    let status = tokio::select! {
        (status, _) = put => status,
        never = wind => never,
    };
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

struct Nobody;

impl Authenticator for Nobody {
    fn owner(&self, _: &Parts) -> Result<OwnerId, ApiError> {
        Err(ApiError::unauthenticated("Bearer"))
    }
}

#[tokio::test]
async fn owners_and_limits_are_those_of_every_route() {
    let uploads = Uploads::start(unlimited(), Nobody).await;
    let (status, _) = uploads.put(HELLO, "hello").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(uploads.files().is_empty());
    let config = ApiConfig {
        per_client: "1/60s".parse().unwrap(),
        ..unlimited()
    };
    let uploads = Uploads::start(config, TrustedHeader::default()).await;
    assert_eq!(uploads.put(HELLO, "hello").await.0, StatusCode::CREATED);
    let (status, _) = uploads.put(HELLO, "hello").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

/// Says nothing more, and does not end.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// So many parts of four bytes, without saying how many there are.
struct Parts4(usize);

impl HttpBody for Parts4 {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = (self.0 > 0).then(|| Ok(Frame::data(Bytes::from_static(b"1234"))));
        self.0 = self.0.saturating_sub(1);
        Poll::Ready(part)
    }
}
