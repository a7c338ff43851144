//! What a body turns the answers of providers into.
//!
//! Two passes: one knows types and finds calls with an effect, their results, and what is decided; the other
//! follows results through names and methods to the place where an error that nobody looked at becomes a
//! decision.

mod calls;
mod ignored;
mod looked_at;

use std::collections::{HashMap, HashSet};
use std::ptr;

use super::mentions::bindings;
use super::requests::Request;
use crate::model::infer::Walker;
use crate::model::{Function, Workspace};
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Span, visit};
use calls::{decision, error_of, has_effect, limited_by_timeout};

/// Which error a result may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorOf {
    /// The runtime's `GatewayError`.
    Gateway,
    /// The error of a client, such as `reqwest::Error`.
    Client,
    /// The call did not end in time.
    Timeout,
}

/// What is said of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decided {
    /// `Outcome::Ok`.
    Done,
    /// `Outcome::Fail`, `GatewayError::Refused`.
    Refused,
    /// `Outcome::Retry`, `GatewayError::Unavailable`.
    NotNow,
    /// `Outcome::Unknown`, `GatewayError::NoAnswer`.
    Unknown,
}

/// A decision that nothing of the error has a part in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ignored {
    pub(super) error: ErrorOf,
    pub(super) decided: Decided,
    /// The decision.
    pub(super) span: Span,
}

/// What was found in one body.
pub(super) struct Answers<'e> {
    body: &'e Block,
    /// Calls that may have an effect at a provider.
    acting: HashSet<*const Expr>,
    results: HashMap<*const Expr, ErrorOf>,
    decisions: HashMap<*const Expr, Decided>,
    bound: HashMap<&'e str, Vec<&'e Expr>>,
}

impl<'e> Answers<'e> {
    /// Reads the body of a function; nothing when it decides nothing.
    pub(super) fn of(workspace: &Workspace<'e>, function: &Function<'e>) -> Option<Self> {
        if !workspace.knows_runtime(function.module) {
            return None;
        }
        let mut answers = Self {
            body: function.body,
            acting: HashSet::new(),
            results: HashMap::new(),
            decisions: HashMap::new(),
            bound: HashMap::new(),
        };
        visit::each_in_block(function.body, &mut |expr| {
            if let Some(decided) = decision(workspace, function, expr) {
                answers.decisions.insert(ptr::from_ref(expr), decided);
            }
        });
        if answers.decisions.is_empty() {
            return None;
        }
        for (name, init) in bindings(function.body) {
            answers.bound.entry(name).or_default().push(init);
        }
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                answers.read(walker, expr)
            });
        Some(answers)
    }

    fn read(&mut self, walker: &Walker<'_, 'e>, expr: &'e Expr) {
        let call = match &expr.kind {
            ExprKind::Await(inner) => inner,
            ExprKind::Method { .. } | ExprKind::Call { .. } => expr,
            _ => return,
        };
        let is_awaited = !ptr::eq(call, expr);
        if !is_awaited && self.call_acts(walker, call) {
            self.acting.insert(ptr::from_ref(call));
        }
        if let Some(error) = self.error_of_call(walker, call, is_awaited) {
            self.results.insert(ptr::from_ref(expr), error);
        }
    }

    fn error_of_call(
        &self,
        walker: &Walker<'_, 'e>,
        call: &'e Expr,
        is_awaited: bool,
    ) -> Option<ErrorOf> {
        if let Some(limited) = limited_by_timeout(walker, call) {
            let limited = self.behind_name(limited);
            return self.call_acts(walker, limited).then_some(ErrorOf::Timeout);
        }
        if let Some(called) = walker.called(call) {
            let is_settled = is_awaited || !walker.is_asynchronous(&called);
            let acts = is_settled && has_effect(walker, call, &called);
            return acts.then(|| error_of(&walker.result_of(&called))).flatten();
        }
        (is_awaited && self.is_request(walker, call)).then_some(ErrorOf::Client)
    }

    /// What a name stands for that is bound once; anything else is what it is.
    fn behind_name(&self, expr: &'e Expr) -> &'e Expr {
        let ExprKind::Path(path) = &expr.kind else {
            return expr;
        };
        let bound = path.as_ident().and_then(|name| self.bound.get(name));
        match bound.map(Vec::as_slice) {
            Some([only]) => only,
            _ => expr,
        }
    }

    /// Whether a call may have an effect at a provider once it is awaited.
    fn call_acts(&self, walker: &Walker<'_, 'e>, call: &'e Expr) -> bool {
        match walker.called(call) {
            Some(called) => walker.is_asynchronous(&called) && has_effect(walker, call, &called),
            None => self.is_request(walker, call),
        }
    }

    fn is_request(&self, walker: &Walker<'_, 'e>, call: &'e Expr) -> bool {
        Request::of(walker, call, &self.bound).is_some_and(|request| request.acts())
    }

    /// Whether an expression is a call that may have an effect at a provider.
    pub(super) fn acts(&self, call: &Expr) -> bool {
        self.acting.contains(&ptr::from_ref(call))
    }
}

/// The pattern inside of `Ok(..)` or `Err(..)`.
pub(super) fn wrapped<'p>(pat: &'p Pat, name: &str) -> Option<&'p Pat> {
    match &pat.kind {
        PatKind::TupleStruct(path, parts) => match parts.as_slice() {
            [only] if path.last().is_some_and(|last| last.name.text == name) => Some(only),
            _ => None,
        },
        PatKind::Ref(inner) => wrapped(inner, name),
        _ => None,
    }
}
