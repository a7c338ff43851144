//! The whole router of a service: the controllers, `/health`, `/ready`, `/metrics`, and problems for
//! everything else.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::json;

use crate::metrics::Metrics;

use super::api::Api;
use super::error::{no_such_method, no_such_path};
use super::observe::observe;

/// Whether the service can do its work.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Looks now.
    ///
    /// # Errors
    /// The reason why it cannot. It is logged; clients see only that it cannot.
    async fn check(&self) -> Result<(), String>;
}

#[derive(Clone)]
struct Ops {
    readiness: Arc<dyn Readiness>,
    metrics: Metrics,
}

/// Puts `routes` behind the log, the measurements and the problem bodies of `api`, and adds the routes
/// for operators.
///
/// `/metrics` and `/ready` ask for no owner and have no limit: let the outside not reach them.
pub fn app(routes: Router, api: &Api, readiness: Arc<dyn Readiness>, metrics: &Metrics) -> Router {
    finish(routes.merge(operational(readiness, metrics)), api)
}

/// What an operator asks: `/health`, `/ready` and `/metrics`.
pub(crate) fn operational(readiness: Arc<dyn Readiness>, metrics: &Metrics) -> Router {
    let ops = Ops {
        readiness,
        metrics: metrics.clone(),
    };
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(render))
        .with_state(ops)
}

/// Puts `routes` behind the log, the measurements and the problem bodies of `api`, to be merged into a
/// router of somebody else, whose fallback stays its own.
pub(crate) fn within(routes: Router, api: &Api) -> Router {
    routes
        .method_not_allowed_fallback(no_such_method)
        .route_layer(middleware::from_fn_with_state(api.clone(), observe))
}

/// Puts `routes` behind the log, the measurements and the problem bodies of `api`.
pub fn finish(routes: Router, api: &Api) -> Router {
    routes
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(api.clone(), observe))
}

/// Alive: this answers without looking at anything.
async fn health() -> Response {
    Json(json!({"status": "UP"})).into_response()
}

async fn ready(State(ops): State<Ops>) -> Response {
    match ops.readiness.check().await {
        Ok(()) => Json(json!({"status": "READY"})).into_response(),
        Err(reason) => {
            tracing::warn!(reason, "not ready");
            let body = Json(json!({"status": "NOT_READY"}));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

async fn render(State(ops): State<Ops>) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, ops.metrics.render()).into_response()
}
