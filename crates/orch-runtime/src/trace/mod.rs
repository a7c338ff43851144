//! Traces: one request and everything that it leads to, under one id, through several processes.
//!
//! ```text
//!  traceparent ─▶ request ─▶ orchestration.accept ─▶ trace_parent, with the operation
//!                                                         │ now, or later, or in another process
//!                            orchestration.execute ◀──────┤   one for each attempt
//!                              │ └ orchestration.finalize │
//!                              └▶ traceparent, with the call to the provider
//!                            orchestration.probe ◀────────┤
//!                            orchestration.finalize ◀─────┘   by the Finalizer, or by a callback
//! ```
//!
//! The place in a trace is a [`TraceParent`]. The HTTP layer reads it from the request, the engine keeps
//! it with the operation, and calls of [`gateway`](crate::gateway) send it on. With the cargo feature
//! `otlp` and a collector, each span has an id of its own, and the next one refers to it. Without, there
//! is nothing that could be referred to: what the client sent is kept and sent on unchanged.
//!
//! An attempt has the request as its parent however late it is. OpenTelemetry would also allow a link
//! there; with a parent, the attempts are found where the request is.
//!
//! **Deliberately absent:** payloads, results, messages and owners; spans leave the house. Of
//! `tracestate` nothing is kept, which the standard allows.

#[cfg(feature = "otlp")]
mod otel;
mod parent;
mod span;

use std::future::Future;

use axum::http::{HeaderMap, HeaderName};
use tracing::Span;

use crate::store::hook::Hook;

pub use self::parent::TraceParent;
pub(crate) use self::span::{Traced, accept, callback, execute, finalize, probe, recover, request};

tokio::task_local! {
    static CURRENT: Option<TraceParent>;
}

/// The header that carries a [`TraceParent`].
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The place in a trace that a request names. One that names several names none.
pub(crate) fn caller(headers: &HeaderMap) -> Option<TraceParent> {
    let mut named = headers.get_all(TRACEPARENT).iter();
    let (Some(header), None) = (named.next(), named.next()) else {
        return None;
    };
    TraceParent::parse(header.to_str().ok()?)
}

/// Runs `future` as a part of the trace that `parent` names, or of none. What is submitted in there
/// belongs to that trace, and calls to providers name it.
pub fn scope<F: Future>(parent: Option<TraceParent>, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(parent, future)
}

/// `work` as a part of the trace that this task is at, wherever the database runs it.
pub(crate) fn carried(mut work: Hook) -> Hook {
    let place = current();
    if place.is_none() {
        return work;
    }
    Box::new(move |tx| Box::pin(scope(place, work(tx))))
}

/// The place in a trace that this task is at, if it is in one.
#[must_use]
pub fn current() -> Option<TraceParent> {
    let scope = CURRENT.try_with(|parent| *parent).ok().flatten();
    match (scope, of(&Span::current())) {
        // A span inside the scope is nearer; one of another trace is what the scope took us out of.
        (Some(scope), Some(span)) if span.trace_id() == scope.trace_id() => Some(span),
        (Some(scope), _) => Some(scope),
        (None, span) => span,
    }
}

#[cfg(feature = "otlp")]
use self::otel::{adopt, name, of};

/// The place of `span`, if spans have one.
#[cfg(not(feature = "otlp"))]
fn of(_span: &Span) -> Option<TraceParent> {
    None
}

/// Names the span of a request.
#[cfg(not(feature = "otlp"))]
fn name(_span: &Span, _method: &str, _route: &str) {}

/// Puts `span` below `parent`.
#[cfg(not(feature = "otlp"))]
fn adopt(_span: &Span, _parent: TraceParent) {}
