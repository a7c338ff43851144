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

use super::futures::{behind, joined, limited_by_timeout, parts_of_join};
use super::mentions::bindings;
use super::requests::Request;
use crate::model::infer::Walker;
use crate::model::{Function, Res, Workspace};
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Path, Span, visit};
use calls::{decision, decision_of, error_of, has_effect, waited_for};
use ignored::TAKING_ERROR;

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
            if let Some(decided) = decision(workspace, function.module, expr) {
                answers.decisions.insert(ptr::from_ref(expr), decided);
            }
            answers.decisions.extend(by_name(workspace, function, expr));
        });
        if answers.decisions.is_empty() {
            return None;
        }
        for (name, init) in bindings(function.body) {
            answers.bound.entry(name).or_default().push(init);
        }
        visit::each_block(function.body, &mut |block| {
            for (pat, part) in block.stmts.iter().flat_map(parts_of_join) {
                pat.each_name(&mut |name| {
                    answers.bound.insert(name, vec![part]);
                });
            }
        });
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                answers.read(walker, expr)
            });
        Some(answers)
    }

    fn read(&mut self, walker: &Walker<'_, 'e>, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Await(inner) => {
                let call = self.behind(walker, inner);
                let error = self.error_of_call(walker, call, true);
                let error = error.or_else(|| self.error_of_body(walker, call));
                self.note(expr, error);
            }
            ExprKind::Method { .. } | ExprKind::Call { .. } => {
                if self.call_acts(walker, expr) {
                    self.acting.insert(ptr::from_ref(expr));
                }
                self.note(expr, self.error_of_call(walker, expr, false));
            }
            ExprKind::Macro(call) => {
                for part in joined(call).into_iter().flatten() {
                    let call = self.behind(walker, part);
                    self.note(part, self.error_of_call(walker, call, true));
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, result: &'e Expr, error: Option<ErrorOf>) {
        if let Some(error) = error {
            self.results.entry(ptr::from_ref(result)).or_insert(error);
        }
    }

    /// The error of reading what a request with an effect was answered with: that it was answered is known, and
    /// not with what.
    fn error_of_body(&self, walker: &Walker<'_, 'e>, call: &'e Expr) -> Option<ErrorOf> {
        const READS: &[&str] = &["bytes", "json", "text"];
        let ExprKind::Method {
            receiver,
            name,
            args,
        } = &call.kind
        else {
            return None;
        };
        let reads = args.is_empty() && READS.contains(&name.text.as_str());
        let sent = reads.then(|| self.answered(receiver)).flatten()?;
        self.is_request(walker, sent).then_some(ErrorOf::Client)
    }

    /// The request that an answer came to, when nobody asks about the answer in between.
    fn answered(&self, answer: &'e Expr) -> Option<&'e Expr> {
        match &answer.kind {
            ExprKind::Path(path) => {
                let name = path.as_ident()?;
                let init = self.behind_name(answer);
                let mut uses = 0;
                visit::each_in_block(self.body, &mut |expr| {
                    let is_it = |path: &Path| path.as_ident() == Some(name);
                    uses += usize::from(matches!(&expr.kind, ExprKind::Path(path) if is_it(path)));
                });
                (!ptr::eq(init, answer) && uses == 1)
                    .then(|| self.answered(init))
                    .flatten()
            }
            ExprKind::Try(inner) | ExprKind::Place(inner) => self.answered(inner),
            ExprKind::Await(inner) => Some(inner),
            ExprKind::Method { receiver, name, .. }
                if matches!(name.text.as_str(), "context" | "inspect_err" | "map_err") =>
            {
                self.answered(receiver)
            }
            _ => None,
        }
    }

    fn error_of_call(
        &self,
        walker: &Walker<'_, 'e>,
        call: &'e Expr,
        is_awaited: bool,
    ) -> Option<ErrorOf> {
        if let Some(limited) = limited_by_timeout(walker, call) {
            let waited = waited_for(self.behind(walker, limited)).into_iter();
            let mut waited = waited.map(|call| self.behind(walker, call));
            let acts = waited.any(|call| self.call_acts(walker, call));
            return acts.then_some(ErrorOf::Timeout);
        }
        if let Some(called) = walker.called(call) {
            let is_settled = is_awaited || !walker.is_asynchronous(&called);
            let acts = is_settled && has_effect(walker, call, &called);
            return acts.then(|| error_of(&walker.result_of(&called))).flatten();
        }
        (is_awaited && self.is_request(walker, call)).then_some(ErrorOf::Client)
    }

    /// The call that a future waits for.
    fn behind(&self, walker: &Walker<'_, 'e>, future: &'e Expr) -> &'e Expr {
        let named = |name: &str| match self.bound.get(name)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        behind(walker, future, &named)
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

    /// Whether a future waits for a call that may have an effect at a provider.
    pub(super) fn awaits_effect(&self, future: &'e Expr) -> bool {
        let named = waited_for(future).into_iter();
        let named = named.map(|part| self.behind_name(part));
        let mut waited = named.flat_map(waited_for);
        waited.any(|call| self.acting.contains(&ptr::from_ref(call)))
    }
}

/// What a function decides that is given by its name to a method which calls it with the error.
fn by_name<'e>(
    workspace: &Workspace<'e>,
    function: &Function<'e>,
    expr: &'e Expr,
) -> Option<(*const Expr, Decided)> {
    let ExprKind::Method { name, args, .. } = &expr.kind else {
        return None;
    };
    let first = args
        .first()
        .filter(|_| TAKING_ERROR.contains(&name.text.as_str()))?;
    let ExprKind::Path(path) = &first.kind else {
        return None;
    };
    let Res::Def(id) = workspace.resolve_value(function.module, path) else {
        return None;
    };
    Some((ptr::from_ref(first), decision_of(workspace, id)?))
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
