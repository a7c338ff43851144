//! The places that make a scheduler, and what becomes of it there.

use rustc_hash::FxHashMap;

use super::super::Check;
use super::super::leading_words::LeadingWords;
use crate::model::infer::Walker;
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
    /// It is made elsewhere, and only registered there.
    pub(super) is_kept: bool,
}

/// All places outside tests that make a scheduler, or register one that is kept. In its own `impl` only what is
/// registered right there counts.
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
    for function in check.functions {
        let may_make = words.are_in(function);
        let may_register = function.body.mentions(&[REGISTER]);
        if !may_make && !may_register {
            continue;
        }
        let owner = function.owner.map(|id| RTy::Local(id, Vec::new()));
        let is_own = owner.is_some_and(|owner| is_it(&owner));
        if may_register && (is_own || gets_one(workspace, function, &mut is_it)) {
            made.extend(registers_kept(check, function, &mut is_it));
        }
        if !may_make {
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
        let all = found.iter().map(|(expr, ty)| Made {
            function,
            declared: match ty {
                RTy::Local(id, _) => Some(workspace.def(*id).module),
                _ => None,
            },
            fate: flow.fate(expr),
            is_kept: false,
        });
        // A wrapper makes what it wraps; that registers nothing.
        made.extend(all.filter(|of| !is_own || of.fate == Fate::Passed));
    }
    made
}

/// Whether a function gets something that is a scheduler or holds one.
fn gets_one<'a>(
    workspace: &Workspace<'a>,
    function: &Function<'a>,
    is_it: &mut impl FnMut(&RTy) -> bool,
) -> bool {
    let walker = function.walker(workspace);
    let params = function.def.params.iter();
    let mut types = params.map(|param| walker.parameter(param));
    types.any(|ty| is_it(ty.behind_pointers()))
}

/// A function that registers what is not made there, and may be a scheduler that was kept in a field or is
/// given: who makes it is not looked for.
fn registers_kept<'w, 'a>(
    check: &Check<'w, 'a>,
    function: &'w Function<'a>,
    is_it: &mut impl FnMut(&RTy) -> bool,
) -> Option<Made<'w, 'a>> {
    let mut found = false;
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        if let ExprKind::Method {
            receiver,
            name,
            args,
        } = &expr.kind
            && name.text == REGISTER
            && may_be_workers(walker, receiver)
        {
            let mut kept = args
                .iter()
                .filter(|arg| !matches!(arg.kind, ExprKind::Call { .. }));
            found |= kept.any(|arg| match walker.type_of(arg) {
                None | Some(RTy::Unknown(_)) => true,
                Some(ty) => is_it(ty.behind_pointers()),
            });
        }
    });
    found.then_some(Made {
        function,
        declared: None,
        fate: Fate::Unclear,
        is_kept: true,
    })
}

fn may_be_workers<'e>(walker: &Walker<'_, 'e>, receiver: &'e Expr) -> bool {
    let ty = walker.type_of(receiver);
    ty.is_none_or(|ty| matches!(ty, RTy::Unknown(_)) || ty.is_runtime("Workers"))
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
