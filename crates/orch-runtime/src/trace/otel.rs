//! What OpenTelemetry knows of a span, where the program exports spans.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::TraceParent;

/// The place of `span`; `None` where no spans are exported.
pub(super) fn of(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let span = context.span();
    let known = span.span_context();
    TraceParent::new(
        u128::from_be_bytes(known.trace_id().to_bytes()),
        u64::from_be_bytes(known.span_id().to_bytes()),
        known.is_sampled(),
    )
}

/// Calls a request by its method and route, as OpenTelemetry wants it; in the log these are fields.
pub(super) fn name(span: &Span, method: &str, route: &str) {
    let context = span.context();
    if context.has_active_span() {
        context.span().update_name(format!("{method} {route}"));
    }
}

/// Puts `span` below `parent`. It must be new.
pub(super) fn adopt(span: &Span, parent: TraceParent) {
    let parent = SpanContext::new(
        TraceId::from_bytes(parent.trace_id().to_be_bytes()),
        SpanId::from_bytes(parent.span_id().to_be_bytes()),
        TraceFlags::default().with_sampled(parent.is_sampled()),
        true,
        TraceState::NONE,
    );
    // It fails where no spans are exported, and there is nothing to put anywhere then.
    drop(span.set_parent(Context::new().with_remote_span_context(parent)));
}
