//! The route on which a provider reports by itself.
//!
//! | request | answer |
//! |---|---|
//! | a signed event | 200, `{"status":"RECEIVED"}`: it is durable, whether or not it could be applied yet |
//! | the same event again | 200, the same; nothing changed |
//! | a signed event that ends no operation | 200, `{"status":"IGNORED"}`; nothing was written |
//! | a wrong or missing signature | 401; nothing was written |
//! | a signed body that cannot be read | 400; nothing was written |
//! | the database fails | 503 or 500: the provider sends it again |
//!
//! **Deliberately absent:** owners and idempotency keys. The signature says who sent it, and the event
//! names itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use crate::callback::{CallbackReceiver, CallbackRefused, CallbackRequest};
use crate::metrics::CallbackMetrics;

use super::body::{self, Limits};
use super::endpoint::Endpoint;
use super::error::ApiError;

/// `POST path`, for the callbacks that `receiver` understands. Requests count against the limit per
/// client of the address they come from.
///
/// # Panics
/// When the engine of `endpoint` was built without
/// [`callbacks`](crate::engine::EngineBuilder::callbacks): nothing would apply what arrives.
pub fn callbacks(endpoint: &Endpoint, path: &str, receiver: impl CallbackReceiver) -> Router {
    let metrics = endpoint.engine().inner.callbacks.clone();
    let inbox = Inbox {
        endpoint: endpoint.clone(),
        receiver: Arc::new(receiver),
        metrics: metrics.expect("an engine that takes callbacks: EngineBuilder::callbacks"),
    };
    Router::new().route(path, post(receive)).with_state(inbox)
}

#[derive(Clone)]
struct Inbox {
    endpoint: Endpoint,
    receiver: Arc<dyn CallbackReceiver>,
    metrics: CallbackMetrics,
}

async fn receive(State(inbox): State<Inbox>, request: Request) -> Result<Response, ApiError> {
    let api = inbox.endpoint.api();
    let (parts, body) = request.into_parts();
    api.admit_unnamed(&parts)?;
    let limits = Limits {
        bytes: api.config().max_body,
        time: api.config().body_timeout,
    };
    let body = body::read(api.clock(), limits, &parts.headers, body).await?;
    let refused = |error: ApiError| {
        inbox.metrics.refused.inc();
        error
    };
    let now = api.clock().now();
    let request = CallbackRequest {
        query: parts.uri.query().unwrap_or_default(),
        head: &parts.headers,
        body: &body,
    };
    let verified = inbox.receiver.verify(&request, now);
    verified.map_err(|why| refused(unsigned(why)))?;
    let read = inbox.receiver.read(&request);
    let Some(callback) = read.map_err(|why| refused(unreadable(&why)))? else {
        inbox.metrics.ignored.inc();
        return Ok(Json(json!({"status": "IGNORED"})).into_response());
    };
    let _ = inbox.endpoint.engine().receive_callback(callback).await?;
    Ok(Json(json!({"status": "RECEIVED"})).into_response())
}

/// Whoever guesses learns nothing; the audit line says why.
fn unsigned(why: CallbackRefused) -> ApiError {
    ApiError::unauthenticated("Signature").with_reason(why.into_reason())
}

fn unreadable(why: &CallbackRefused) -> ApiError {
    let detail = format!("the callback cannot be read: {why}");
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_CALLBACK", detail)
}
