//! Loops that call a provider a known number of times, within one attempt.

use std::collections::{BTreeSet, HashMap};

use super::Check;
use super::mentions::once_bound;
use super::requests::Request;
use crate::model::infer::Walker;
use crate::syntax::{Expr, ExprKind, Span, visit};

/// A loop that calls a provider a known number of times.
pub(super) struct Repeated {
    pub(super) function: usize,
    /// What is iterated.
    pub(super) span: Span,
    pub(super) times: u64,
}

/// All of them in these functions.
pub(super) fn all(check: &Check<'_, '_>, functions: &BTreeSet<usize>) -> Vec<Repeated> {
    let loops = functions.iter().flat_map(|at| counted(check, *at));
    let loops: Vec<(Repeated, Span)> = loops.collect();
    if loops.is_empty() {
        return Vec::new();
    }
    let by_function = |at: &usize| (*at, sent_by(check, *at));
    let sent: HashMap<usize, Vec<Span>> = functions.iter().map(by_function).collect();
    let calling = loops.into_iter().filter(|(of, body)| {
        let mut own = sent[&of.function].iter();
        own.any(|span| body.contains(*span)) || calls_sender(check, of.function, *body, &sent)
    });
    calling.map(|(of, _)| of).collect()
}

/// The loops of a function over a known number of numbers, and their bodies.
fn counted(check: &Check<'_, '_>, at: usize) -> Vec<(Repeated, Span)> {
    let function = &check.functions[at];
    let mut loops: Vec<(&Expr, Span)> = Vec::new();
    visit::each_in_block(function.body, &mut |expr| {
        if let ExprKind::For { iter, body, .. } = &expr.kind {
            loops.push((iter, body.span));
        }
    });
    if loops.is_empty() {
        return Vec::new();
    }
    let bound = once_bound(function.body);
    let counted = loops.into_iter().filter_map(|(iter, body)| {
        let times = check.workspace.length_of_range(function, &bound, iter)?;
        let repeated = Repeated {
            function: at,
            span: iter.span,
            times,
        };
        Some((repeated, body))
    });
    counted.collect()
}

/// Whether a part of a function calls, for certain, a function that sends a request.
fn calls_sender(
    check: &Check<'_, '_>,
    at: usize,
    body: Span,
    sent: &HashMap<usize, Vec<Span>>,
) -> bool {
    let reached = check.calls.reached_from(at);
    let mut certain = reached.iter().filter(|of| !of.perhaps);
    certain.any(|of| {
        let sends = sent.get(&of.function).is_some_and(|own| !own.is_empty());
        let is_inside = || {
            of.way
                .first()
                .is_some_and(|(_, call)| body.contains(call.span))
        };
        sends && is_inside()
    })
}

/// Where a function sends requests itself.
fn sent_by(check: &Check<'_, '_>, at: usize) -> Vec<Span> {
    let function = &check.functions[at];
    let mut found = Vec::new();
    if !function.body.mentions(&["send", "post", "get"]) {
        return found;
    }
    let requests = HashMap::new();
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        let is_request = Request::of(walker, expr, &requests).is_some();
        if is_request || is_runtime_call(walker, expr) {
            found.push(expr.span);
        }
    });
    found
}

/// `client.post(..)` of the runtime's clients.
fn is_runtime_call<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    let ExprKind::Method { receiver, name, .. } = &expr.kind else {
        return false;
    };
    matches!(name.text.as_str(), "get" | "post")
        && walker.type_of(receiver).is_some_and(|ty| {
            let ty = ty.behind_pointers();
            ty.is_runtime("HttpGateway") || ty.is_runtime("JsonClient")
        })
}
