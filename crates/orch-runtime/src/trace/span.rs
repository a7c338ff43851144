//! The spans of an operation: their names and their fields, in one place.

use std::future::Future;

use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span, info_span};

use crate::operation::outcome::Outcome;
use crate::operation::state::OperationState;
use crate::store::Lease;

use super::{TraceParent, adopt, current, name, of, scope};

/// A span, and the place in a trace from which goes on what happens in it.
#[derive(Debug, Clone)]
pub(crate) struct Traced {
    span: Span,
    place: Option<TraceParent>,
}

impl Traced {
    fn below(parent: Option<TraceParent>, span: Span) -> Self {
        if let Some(parent) = parent {
            adopt(&span, parent);
        }
        let place = of(&span).or(parent);
        if let Some(place) = place {
            let trace_id = format_args!("{:032x}", place.trace_id());
            span.record("trace_id", display(trace_id));
        }
        Self { span, place }
    }

    /// Runs `future` in it.
    pub(crate) fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        scope(self.place, future).instrument(self.span)
    }

    /// The span, for what is only known later.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Notes what came of an attempt or a question, and the state that the operation reached by it.
    pub(crate) fn note(&self, outcome: &Outcome, reached: Option<OperationState>) {
        self.span.record("outcome", outcome.kind());
        if let Some(state) = reached {
            self.span.record("state", display(state));
        }
    }
}

/// One request. Machines ask some routes all the time; those are `quiet`, and spans for debugging only.
pub(crate) fn request(
    method: &str,
    route: &str,
    quiet: bool,
    caller: Option<TraceParent>,
) -> Traced {
    macro_rules! request {
        ($span:ident) => {
            tracing::$span!(
                "request",
                method,
                route,
                status = Empty,
                trace_id = Empty,
                otel.kind = Empty
            )
        };
    }
    let span = if quiet {
        request!(debug_span)
    } else {
        request!(info_span)
    };
    if cfg!(feature = "otlp") {
        span.record("otel.kind", "server");
    }
    let traced = Traced::below(caller, span);
    name(&traced.span, method, route);
    traced
}

/// Taking a command in, where this task stands.
pub(crate) fn accept(domain: &str, event_type: &str) -> Traced {
    let span = info_span!(
        "orchestration.accept",
        domain,
        event_type,
        op_id = Empty,
        outcome = Empty,
        trace_id = Empty,
    );
    Traced::below(current(), span)
}

/// A span about a leased operation. Those that do not run inside another one have the operation's own
/// place as their parent, whoever happens to run them.
macro_rules! of_operation {
    ($(parent: $parent:expr,)? $name:literal, $domain:expr, $lease:expr) => {
        info_span!(
            $(parent: $parent,)?
            $name,
            domain = $domain,
            op_id = %$lease.op_id(),
            attempt = $lease.facts.attempts,
            event_type = $lease.event_type,
            outcome = Empty,
            state = Empty,
            trace_id = Empty,
        )
    };
}

/// One attempt, from its lease to its settled answer.
pub(crate) fn execute(domain: &str, lease: &Lease) -> Traced {
    let span = of_operation!(parent: None, "orchestration.execute", domain, lease);
    Traced::below(lease.trace_parent, span)
}

/// One question to the provider about a lost answer.
pub(crate) fn probe(domain: &str, lease: &Lease) -> Traced {
    let span = of_operation!(parent: None, "orchestration.probe", domain, lease);
    Traced::below(lease.trace_parent, span)
}

/// What the provider reported by itself. The request that brought it is another trace.
pub(crate) fn callback(domain: &str, lease: &Lease) -> Traced {
    let span = of_operation!(parent: None, "orchestration.callback", domain, lease);
    span.follows_from(Span::current());
    Traced::below(lease.trace_parent, span)
}

/// Ending an operation, by the attempt, question or callback that this task runs.
pub(crate) fn finalize(domain: &str, lease: &Lease) -> Traced {
    let span = of_operation!("orchestration.finalize", domain, lease);
    Traced::below(current(), span)
}

/// Ending an operation by an answer that is in the log.
pub(crate) fn recover(domain: &str, lease: &Lease) -> Traced {
    let span = of_operation!(parent: None, "orchestration.finalize", domain, lease);
    Traced::below(lease.trace_parent, span)
}
