//! What is seen of every request: one log line, one measurement, and a problem instead of a panic.
//!
//! **Deliberately absent:** query strings, bodies and headers; they may hold secrets. Of `traceparent` only
//! the ids are seen. Routes are logged and counted by their template, so that no client can make up new
//! label values.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus::{HistogramOpts, HistogramVec};

use crate::metrics::Metrics;
use crate::trace;

use super::api::Api;
use super::client::peer;
use super::error::ApiError;

/// Routes that are asked all the time by machines and are worth a log line only when one looks for it.
const QUIET: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Durations by method, route template and status.
#[derive(Debug)]
pub(super) struct HttpMetrics {
    seconds: HistogramVec,
}

impl HttpMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let help = "How long requests take.";
        let opts = HistogramOpts::new("http_request_duration_seconds", help);
        let seconds = HistogramVec::new(opts, &["method", "route", "status"]);
        Self {
            seconds: metrics
                .register(seconds.expect("the name and labels are valid for Prometheus")),
        }
    }
}

/// The layer around every route.
pub(super) async fn observe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let quiet = QUIET.contains(&route);
    let caller = trace::caller(request.headers());
    let traced = trace::request(method, route, quiet, caller);
    let peer = peer(request.extensions());
    let started = Instant::now();
    let run = async {
        let mut response = answer(next.run(request)).await;
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .entry(CACHE_CONTROL)
            .or_insert(no_store);
        api.audit().note(api.clock().now(), peer, &response);
        let (status, took) = (response.status(), started.elapsed());
        let labels = [method, route, status.as_str()];
        let seconds = api.metrics().seconds.with_label_values(&labels);
        seconds.observe(took.as_secs_f64());
        let duration_ms = took.as_secs_f64() * 1_000.0;
        if quiet {
            tracing::debug!(status = status.as_u16(), duration_ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_ms, "answered");
        }
        response
    };
    let response = traced.clone().run(run).await;
    traced.span().record("status", response.status().as_u16());
    response
}

/// The methods of the standard by name, all others as one.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// Runs a handler; its panic is a 500 and stays within this request.
async fn answer(handler: impl Future<Output = Response>) -> Response {
    let mut handler = pin!(handler);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => {
                let cause = format!("the handler panicked: {}", message(panic.as_ref()));
                Poll::Ready(ApiError::internal(cause).into_response())
            }
        },
    )
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
