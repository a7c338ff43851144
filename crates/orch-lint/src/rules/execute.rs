//! What stands in the body of `Orchestrator::execute`. Shared by the rules about it.

use super::{At, Check};
use crate::known;
use crate::load::FileId;
use crate::model::calls::Reached;
use crate::model::infer::Walker;
use crate::model::{Res, Step};
use crate::syntax::{Block, Body, Expr, ExprKind, Path, Span, visit};

/// What was found somewhere in an `execute`.
pub(super) struct Found<T> {
    pub(super) at: At,
    pub(super) what: T,
}

/// Judges each expression of each `execute` by what is known of its body. Of two bodies the same spans are
/// different places.
pub(super) fn each_knowing<'a, K, T>(
    check: &Check<'_, 'a>,
    know: impl Fn(&'a Block) -> K,
    mut judge: impl FnMut(&K, &Walker<'_, 'a>, &'a Expr) -> Option<(Span, T)>,
) -> Vec<Found<T>> {
    let workspace = check.workspace;
    let mut found = Vec::new();
    for orchestrator in workspace.orchestrators() {
        let Some((function, _)) = orchestrator.execute else {
            continue;
        };
        let Some(body) = &function.body else {
            continue;
        };
        let scope = workspace.impl_scope(orchestrator.block);
        let item = format!("{}::execute", orchestrator.name);
        let file = orchestrator.block.file;
        let known = know(body);
        Walker::new(workspace, &scope, function).block(body, &mut |walker, expr| {
            found.extend(judge(&known, walker, expr).map(|(span, what)| Found {
                at: check.at(file, span, item.as_str()),
                what,
            }));
        });
    }
    found
}

/// Something in a function that an `execute` gets to.
pub(super) struct Through<T> {
    /// Where the way leaves `execute`.
    pub(super) at: At,
    /// The functions on the way, the first being `execute`, each where it is called.
    pub(super) chain: Vec<Step>,
    /// Where it is.
    cause: (FileId, Span),
    /// Whether the way is a guess by name.
    pub(super) perhaps: bool,
    pub(super) what: T,
}

impl<T> Through<T> {
    /// The name of the function that it is in.
    pub(super) fn within(&self) -> &str {
        self.chain.last().map_or("", |step| step.name.as_str())
    }

    /// The functions on the way, and then what was found, by its name.
    pub(super) fn chain_to(mut self, name: impl Into<String>) -> Vec<Step> {
        let (file, span) = self.cause;
        self.chain.push(Step::at(name, file, span));
        self.chain
    }
}

/// Places of a body that are left out.
pub(super) type LeftOut = fn(&Body) -> Vec<Span>;

/// Judges each expression of each function that an `execute` gets to; the first of a kind in a function
/// stands for all.
pub(super) fn each_beyond<'a, T>(
    check: &Check<'_, 'a>,
    judge: impl Fn(&Walker<'_, 'a>, &'a Expr) -> Option<T>,
) -> Vec<Through<T>> {
    let judge = |(): &(), walker: &Walker<'_, 'a>, expr: &'a Expr| judge(walker, expr);
    each_beyond_knowing(check, |_| Vec::new(), |_| Some(()), judge)
}

/// The same by what is known of the body of the function; nothing is found where that is nothing. Calls and
/// expressions in what is `left_out` do not count.
pub(super) fn each_beyond_knowing<'a, K, T>(
    check: &Check<'_, 'a>,
    left_out: LeftOut,
    know: impl Fn(&'a Body) -> Option<K>,
    judge: impl Fn(&K, &Walker<'_, 'a>, &'a Expr) -> Option<T>,
) -> Vec<Through<T>> {
    let calls = check.calls;
    let mut found = Vec::new();
    for orchestrator in check.workspace.orchestrators() {
        let execute = orchestrator.execute.map(|(function, _)| function);
        let Some(root) = execute.and_then(|function| calls.index_of(function)) else {
            continue;
        };
        for reached in calls.reached_from(root).iter() {
            let is_left_out = |(function, at): &(usize, &Expr)| {
                let places = left_out(check.functions[*function].body);
                places.iter().any(|outer| outer.contains(at.span))
            };
            if reached.way.iter().any(is_left_out) {
                continue;
            }
            let Some((span, what)) = first_in(check, reached.function, left_out, &know, &judge)
            else {
                continue;
            };
            found.push(Through {
                at: check.at(
                    orchestrator.block.file,
                    reached.first,
                    format!("{}::execute", orchestrator.name),
                ),
                chain: functions_on(check, reached),
                cause: (check.functions[reached.function].file, span),
                perhaps: reached.perhaps,
                what,
            });
        }
    }
    found
}

/// The functions on a way: the one that was asked about, and each of the others where it is called.
fn functions_on(check: &Check<'_, '_>, reached: &Reached<'_>) -> Vec<Step> {
    let functions = check.functions;
    let first = reached.way.first().map(|(function, _)| *function);
    let mut steps: Vec<Step> = first
        .map(|of| Step::named(functions[of].label()))
        .into_iter()
        .collect();
    let called = reached.way.iter().skip(1).map(|(function, _)| *function);
    let called = called.chain([reached.function]);
    steps.extend(reached.way.iter().zip(called).map(|((caller, at), of)| {
        Step::at(functions[of].label(), functions[*caller].file, head(at))
    }));
    steps
}

/// What stands for an expression: what it calls, or all of it.
fn head(expr: &Expr) -> Span {
    match &expr.kind {
        ExprKind::Path(path) => path.span,
        ExprKind::Method { name, .. } => name.span,
        ExprKind::Macro(call) => call.path.span,
        _ => expr.span,
    }
}

fn first_in<'a, K, T>(
    check: &Check<'_, 'a>,
    function: usize,
    left_out: LeftOut,
    know: &impl Fn(&'a Body) -> Option<K>,
    judge: &impl Fn(&K, &Walker<'_, 'a>, &'a Expr) -> Option<T>,
) -> Option<(Span, T)> {
    let function = &check.functions[function];
    let known = know(function.body)?;
    let mut found = None;
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        if found.is_none() {
            let is_left_out = || {
                let places = left_out(function.body);
                places.iter().any(|outer| outer.contains(expr.span))
            };
            found = judge(&known, walker, expr)
                .filter(|_| !is_left_out())
                .map(|what| (head(expr), what));
        }
    });
    found
}

/// What an expression names in another crate, with the runtime's re-exports seen through.
pub(super) fn external(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, Vec<String>)> {
    let ExprKind::Path(path) = &expr.kind else {
        return None;
    };
    Some((path.span, external_path(walker, path)?))
}

/// The same of a path.
pub(super) fn external_path(walker: &Walker<'_, '_>, path: &Path) -> Option<Vec<String>> {
    match walker.resolve(path) {
        Res::External(path) => Some(known::canonical(&path).to_vec()),
        _ => None,
    }
}

/// Where the arguments of calls by that name are: `sleep(..)`, `cell.get_or_init(..)`.
pub(super) fn arguments_of(block: &Block, name: &str) -> Vec<Span> {
    let mut found = Vec::new();
    visit::each_in_block(block, &mut |expr| {
        let (called, args) = match &expr.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Path(path) => (path.last().map(|last| &last.name.text), args),
                _ => (None, args),
            },
            ExprKind::Method { name, args, .. } => (Some(&name.text), args),
            _ => return,
        };
        if called.is_some_and(|called| called == name) {
            found.extend(args.iter().map(|arg| arg.span));
        }
    });
    found
}
