//! The workers that a domain hands to the service in its `Parts`.
//!
//! A function that registers every scheduler is worth nothing while the domain starts with
//! `workers: Workers::new()`.

use rustc_hash::FxHashMap;

use super::super::Check;
use super::made::{REGISTER, is_scheduler, made_type};
use crate::model::{Function, ModuleId};
use crate::syntax::{Expr, ExprKind, PatKind, Path, Stmt, visit};

/// The field of `Parts` with the workers of a domain.
const FIELD: &str = "workers";

/// The first function of each domain that hands over workers among which there is no scheduler of
/// the kind `name` for certain.
pub(super) fn lacking<'w, 'a>(
    check: &Check<'w, 'a>,
    name: &str,
) -> FxHashMap<ModuleId, &'w Function<'a>> {
    let mut lacking = FxHashMap::default();
    let hand_over = |of: &&Function<'_>| of.body.mentions(&[FIELD]);
    for function in check.functions.iter().filter(hand_over) {
        let mut found = false;
        visit::each_in_block(function.body, &mut |expr| {
            let workers = handed_over(check, function, expr);
            found |= workers.is_some_and(|value| lacks(check, function, value, name));
        });
        if found {
            for domain in check.workspace.domains_around(function.module) {
                lacking.entry(domain).or_insert(function);
            }
        }
    }
    lacking
}

/// The value of `workers` in `Parts { workers, .. }`.
fn handed_over<'e>(
    check: &Check<'_, '_>,
    function: &Function<'_>,
    expr: &'e Expr,
) -> Option<&'e Expr> {
    let ExprKind::Struct { fields, .. } = &expr.kind else {
        return None;
    };
    let ty = made_type(check.workspace, function.module, expr)?;
    let mut named = fields.iter().filter(|(field, _)| field.text == FIELD);
    named
        .next()
        .filter(|_| ty.is_runtime("Parts"))
        .map(|(_, value)| value)
}

/// Whether it is `Workers::new()`, and every `.with(..)` behind it makes something else right there.
fn lacks(check: &Check<'_, '_>, function: &Function<'_>, value: &Expr, name: &str) -> bool {
    let made = |expr: &Expr| match &expr.kind {
        ExprKind::Call { callee, .. } => made_type(check.workspace, function.module, callee),
        _ => None,
    };
    match &value.kind {
        ExprKind::Method {
            receiver,
            name: method,
            args,
        } if method.text == REGISTER => {
            let is_other =
                |arg| made(arg).is_some_and(|ty| !is_scheduler(check.workspace, &ty, name));
            args.iter().all(is_other) && lacks(check, function, receiver, name)
        }
        ExprKind::Path(path) => {
            only_value(function, path).is_some_and(|bound| lacks(check, function, bound, name))
        }
        _ => made(value).is_some_and(|ty| ty.is_runtime("Workers")),
    }
}

/// What a local name was bound to, when it is named once only: nothing was added since.
fn only_value<'e>(function: &Function<'e>, path: &Path) -> Option<&'e Expr> {
    let local = path.text();
    let mut uses = 0;
    visit::each_in_block(function.body, &mut |expr| {
        uses += usize::from(matches!(&expr.kind, ExprKind::Path(of) if of.text() == local));
    });
    match inits(function, path).as_slice() {
        [only] if uses == 1 => Some(only),
        _ => None,
    }
}

/// What the variable of this name is bound to, each time.
fn inits<'e>(function: &Function<'e>, path: &Path) -> Vec<&'e Expr> {
    let local = path.text();
    let bound = function.body.stmts.iter().filter_map(|stmt| match stmt {
        Stmt::Let { pat, init, .. } => match &pat.kind {
            PatKind::Bind { name, .. } if name.text == local => init.as_deref(),
            _ => None,
        },
        Stmt::Expr(_) => None,
    });
    bound.collect()
}

/// Whether anything outside tests names a function, or may. Methods, and functions of others than
/// the domain, are not looked for.
pub(super) fn is_used(check: &Check<'_, '_>, function: &Function<'_>, domain: ModuleId) -> bool {
    let workspace = check.workspace;
    let is_entry = function.path(workspace).ends_with("::main");
    if is_entry || !function.is_free() || !workspace.is_within(function.module, domain) {
        return true;
    }
    function.id.is_some_and(|id| workspace.is_used(id))
}
