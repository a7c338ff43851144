//! How long an operation belongs to a worker that says nothing.
//!
//! The runtime's default, unless the project makes an `EngineConfig` with a `lease` of its own.

use std::time::Duration;

use super::Check;
use super::mentions::once_bound;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{DefId, Function, ModuleId, Scope};
use crate::syntax::{AssocKind, Expr, ExprKind, ItemKind, visit};

/// The leases of a project.
pub(super) struct Leases {
    /// Where each is set, and how long it is where that is known.
    set: Vec<(ModuleId, Option<Duration>)>,
}

impl Leases {
    pub(super) fn of(check: &Check<'_, '_>) -> Self {
        let mut set = Vec::new();
        for function in check.functions {
            if function.body.mentions(&["lease", "for_lease"]) {
                let own = in_function(check, function).into_iter();
                set.extend(own.map(|length| (function.module, length)));
            }
        }
        let workspace = check.workspace;
        for id in workspace.def_ids().filter(|id| !workspace.def(*id).test) {
            let own = in_item(check, id).into_iter();
            set.extend(own.map(|length| (workspace.def(id).module, length)));
        }
        // Constants of an `impl` count, and are not worked out.
        for block in workspace.impls.iter().filter(|block| !block.test) {
            let values = block.def.items.iter().filter_map(|item| match &item.kind {
                AssocKind::Const(value) => value.as_ref(),
                _ => None,
            });
            for value in values {
                visit::each(value, &mut |expr| {
                    let found = in_literal(check, block.module, expr);
                    set.extend(found.map(|_| (block.module, None)));
                });
            }
        }
        Leases { set }
    }

    /// The leases that operations of a module may have: those of its domain; else those of its package; else
    /// all. `None` among them where one is not known.
    pub(super) fn around(&self, check: &Check<'_, '_>, module: ModuleId) -> Vec<Option<Duration>> {
        let workspace = check.workspace;
        let domain = workspace.domains_around(module).next();
        let in_domain = |of: ModuleId| domain.is_some_and(|outer| workspace.is_within(of, outer));
        let package = workspace.krate(module).package;
        let in_package = |of: ModuleId| workspace.krate(of).package == package;
        let own = self.where_set(in_domain);
        let own = own.or_else(|| self.where_set(in_package));
        own.or_else(|| self.where_set(|_| true))
            .unwrap_or_else(|| vec![Some(known::DEFAULT_LEASE)])
    }

    fn where_set(&self, is_it: impl Fn(ModuleId) -> bool) -> Option<Vec<Option<Duration>>> {
        let found = self.set.iter().filter(|(module, _)| is_it(*module));
        let found: Vec<_> = found.map(|(_, length)| *length).collect();
        (!found.is_empty()).then_some(found)
    }
}

fn in_function<'a>(check: &Check<'_, 'a>, function: &Function<'a>) -> Vec<Option<Duration>> {
    let workspace = check.workspace;
    let bound = once_bound(function.body);
    let mut found = Vec::new();
    let mut walker = function.walker(workspace);
    walker.block(function.body, &mut |walker, expr| {
        if let Some(value) = set_by(check, walker, function, expr) {
            found.push(workspace.duration(function, &bound, value));
        }
    });
    found
}

/// The value in `EngineConfig { lease: value, .. }`, `Intervals::for_lease(value)` and
/// `config.lease = value`.
fn set_by<'a>(
    check: &Check<'_, 'a>,
    walker: &Walker<'_, 'a>,
    function: &Function<'a>,
    expr: &'a Expr,
) -> Option<&'a Expr> {
    match &expr.kind {
        ExprKind::Struct { .. } => in_literal(check, function.module, expr),
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let found = walker.resolve(path);
            let is_it = found
                .external()
                .is_some_and(|path| known::is_runtime(path, "for_lease"));
            args.first().filter(|_| is_it)
        }
        ExprKind::Group(parts) => {
            let [place, value] = parts.as_slice() else {
                return None;
            };
            let ExprKind::Field { base, name } = &place.kind else {
                return None;
            };
            let is_config = || match walker.type_of(base) {
                Some(ty) => ty.behind_pointers().is_runtime("EngineConfig"),
                None => matches!(&base.kind, ExprKind::Field { name, .. } if name.text == "engine"),
            };
            let is_set = name.text == "lease"
                && is_config()
                && check.workspace.operator(function.file, place, value) == "=";
            is_set.then_some(value)
        }
        _ => None,
    }
}

fn in_literal<'a>(check: &Check<'_, '_>, module: ModuleId, expr: &'a Expr) -> Option<&'a Expr> {
    let ExprKind::Struct { path, fields, .. } = &expr.kind else {
        return None;
    };
    let (_, value) = fields.iter().find(|(name, _)| name.text == "lease")?;
    let found = check.workspace.resolve_type(module, path);
    let is_config = found
        .external()
        .is_some_and(|path| known::is_runtime(path, "EngineConfig"));
    is_config.then_some(value)
}

/// The leases in the value of a constant; that of a `static` is not looked into.
fn in_item(check: &Check<'_, '_>, id: DefId) -> Vec<Option<Duration>> {
    let workspace = check.workspace;
    let def = workspace.def(id);
    match &def.item.kind {
        ItemKind::Const(_, value) => {
            let mut found = Vec::new();
            visit::each(value, &mut |expr| {
                if let Some(value) = in_literal(check, def.module, expr) {
                    found.push(workspace.duration_of_const(id, value));
                }
            });
            found
        }
        ItemKind::Static(ty, _) => {
            let ty = workspace.lower(ty, &Scope::of_module(def.module));
            let kinds = ["EngineConfig", "Intervals"];
            let is_it = kinds
                .iter()
                .any(|kind| workspace.holds_runtime(&ty, kind, 2));
            is_it.then_some(None).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
