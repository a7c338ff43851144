//! A client of a router in the same process: no port, no network.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use tower_service::Service as _;

use crate::http::{Api, finish};

/// Sends requests to a router.
#[derive(Debug, Clone)]
pub struct Client {
    router: Router,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `null` when it is no JSON.
    pub body: Json,
}

impl Reply {
    /// The header's text, if it is there.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The text of a field of the body; empty when there is none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }
}

impl Client {
    /// A client of `routes`, under the limits of `api`.
    #[must_use]
    pub fn new(routes: Router, api: &Api) -> Self {
        Self {
            router: finish(routes, api),
        }
    }

    /// Posts `body` as JSON under `key`; without a key when it is empty.
    pub async fn post(&self, path: &str, key: &str, body: &str) -> Reply {
        let headers = [("idempotency-key", key)];
        let headers = if key.is_empty() {
            &[][..]
        } else {
            &headers[..]
        };
        self.send(Method::POST, path, headers, body).await
    }

    /// Gets `path` as `owner`; anonymous when it is empty.
    pub async fn get(&self, path: &str, owner: &str) -> Reply {
        let headers = [("x-owner-id", owner)];
        let headers = if owner.is_empty() {
            &[][..]
        } else {
            &headers[..]
        };
        self.send(Method::GET, path, headers, "").await
    }

    /// Sends one request.
    ///
    /// # Panics
    /// When `path` or a header is not valid in HTTP.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let answer = self.router.clone().call(request).await;
        let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let bytes = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let body = bytes
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.unwrap_or_default(),
        }
    }
}
