//! The places that make a scheduler, and what becomes of it there.

use rustc_hash::FxHashMap;

use super::super::Check;
use super::super::leading_words::LeadingWords;
use crate::model::orchestration::type_of_value;
use crate::model::{DefId, Function, ModuleId, RTy, Res, Workspace};
use crate::syntax::flow::{Fate, Flow};
use crate::syntax::{Expr, ExprKind, Path, visit};

/// The method of `Workers` that registers a scheduler.
pub(super) const REGISTER: &str = "with";

/// A place that makes a scheduler.
pub(super) struct Made<'w, 'a> {
    /// The function of the place.
    pub(super) function: &'w Function<'a>,
    /// The module that declares its type; absent for the runtime's own.
    pub(super) declared: Option<ModuleId>,
    /// Whether it reaches a call of `.with(..)` there.
    pub(super) fate: Fate,
}

/// All places outside tests that make a scheduler, its own `impl` left out.
pub(super) fn all<'w, 'a>(check: &Check<'w, 'a>, name: &str) -> Vec<Made<'w, 'a>> {
    let workspace = check.workspace;
    let mut known: FxHashMap<DefId, bool> = FxHashMap::default();
    let mut is_it = |ty: &RTy| match ty {
        RTy::Local(id, args) if args.is_empty() => *known
            .entry(*id)
            .or_insert_with(|| is_scheduler(workspace, ty, name)),
        ty => is_scheduler(workspace, ty, name),
    };
    let mut made = Vec::new();
    let words = LeadingWords::to_types(workspace, name);
    let may_make = |of: &&Function<'_>| words.are_in(of);
    for function in check.functions.iter().filter(may_make) {
        // A wrapper makes what it wraps; that registers nothing.
        let owner = function.owner.map(|id| RTy::Local(id, Vec::new()));
        if owner.is_some_and(|owner| is_it(&owner)) {
            continue;
        }
        let mut found: Vec<(&Expr, RTy)> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            let ty = made_type(workspace, function.module, expr);
            found.extend(ty.filter(&mut is_it).map(|ty| (expr, ty)));
        });
        if found.is_empty() {
            continue;
        }
        let flow = Flow::new(function.body, REGISTER);
        made.extend(found.iter().map(|(expr, ty)| Made {
            function,
            declared: match ty {
                RTy::Local(id, _) => Some(workspace.def(*id).module),
                _ => None,
            },
            fate: flow.fate(expr),
        }));
    }
    made
}

/// The type of which an expression makes a value: `Finalizer::new` and `Finalizer { .. }`.
pub(super) fn made_type(workspace: &Workspace<'_>, module: ModuleId, expr: &Expr) -> Option<RTy> {
    match &expr.kind {
        ExprKind::Path(path) if names_a_type(path) => {
            type_of_value(&workspace.resolve_value(module, path))
        }
        ExprKind::Struct { path, .. } => match workspace.resolve_type(module, path) {
            Res::Def(id) => Some(RTy::Local(id, Vec::new())),
            Res::External(path) => Some(RTy::External(path, Vec::new())),
            _ => None,
        },
        _ => None,
    }
}

/// `Finalizer::new`, but not `crate::workers`.
fn names_a_type(path: &Path) -> bool {
    let front = path.segments.iter().rev().nth(1);
    front.is_some_and(|of| of.name.text.starts_with(|first: char| first.is_uppercase()))
}

/// Whether a type is the runtime's scheduler, is named after it, or holds it.
pub(super) fn is_scheduler(workspace: &Workspace<'_>, ty: &RTy, name: &str) -> bool {
    match ty {
        RTy::Local(id, _) => {
            let own = &workspace.def(*id).item.name.text;
            own.ends_with(name) || workspace.holds_runtime(ty, name, 2)
        }
        _ => ty.is_runtime(name),
    }
}
