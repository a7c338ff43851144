//! The builders of sagas in one function: what each is made of, and what values stand for.

use std::ptr;

use crate::known;
use crate::model::{DefId, Function, ModuleId, Res, Workspace};
use crate::rules::Check;
use crate::syntax::{Expr, ExprKind, ItemKind, Path, Pos, Span, Stmt};

use super::plans::{Plan, peeled};
use super::scopes::Scopes;

/// What is registered for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Does {
    /// `Call::new(..)` at this place, and whether something undoes it.
    Call(Span, bool),
    /// `Local::new(..)` of this type.
    Local(DefId),
    /// A step of this type of the project.
    Own(DefId),
    /// It cannot be told.
    Unclear,
}

/// Where a builder comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// It is made of this plan.
    Made(&'a Expr),
    /// It is this parameter.
    Given(usize),
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Origin::Made(of), Origin::Made(other)) => ptr::eq(*of, *other),
            (Origin::Given(of), Origin::Given(other)) => of == other,
            (Origin::Made(_), Origin::Given(_)) | (Origin::Given(_), Origin::Made(_)) => false,
        }
    }
}

/// The builders of one function.
pub(super) struct Builders<'f, 'w, 'a> {
    pub(super) check: &'f Check<'w, 'a>,
    pub(super) function: &'f Function<'a>,
    scopes: Scopes<'a>,
}

impl<'f, 'w, 'a> Builders<'f, 'w, 'a> {
    /// Reads a function.
    pub(super) fn of(check: &'f Check<'w, 'a>, function: &'f Function<'a>) -> Self {
        Builders {
            check,
            function,
            scopes: Scopes::of(check.workspace, function),
        }
    }

    pub(super) fn workspace(&self) -> &'w Workspace<'a> {
        self.check.workspace
    }

    pub(super) fn module(&self) -> ModuleId {
        self.function.module
    }

    /// What a name is bound to at a place; the last one counts.
    pub(super) fn bound(&self, name: &str, at: Pos) -> Option<&'a Expr> {
        self.scopes.value(name, at)
    }

    /// Where the builder comes from that an expression is.
    pub(super) fn origin(&self, expr: &'a Expr) -> Option<Origin<'a>> {
        match &expr.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
            } => match (name.text.as_str(), args.as_slice()) {
                ("sagas", [_, plan]) => Some(Origin::Made(plan)),
                ("build", _) => None,
                _ => self.origin(receiver),
            },
            ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
                (ExprKind::Path(path), [_, _, plan]) if self.makes(path) => {
                    Some(Origin::Made(plan))
                }
                _ => None,
            },
            ExprKind::Place(inner) | ExprKind::Try(inner) => self.origin(inner),
            ExprKind::Path(path) => {
                let name = path.as_ident()?;
                if let Some(init) = self.bound(name, expr.span.start) {
                    return self.origin(init);
                }
                let params = self.function.def.params.iter();
                let at = params
                    .into_iter()
                    .position(|of| of.pat.name() == Some(name));
                let walker = self.function.walker(self.workspace());
                let ty = walker.parameter(&self.function.def.params[at?]);
                ty.is_runtime("SagasBuilder").then_some(Origin::Given(at?))
            }
            _ => None,
        }
    }

    /// Whether a path is `Sagas::builder`.
    fn makes(&self, path: &Path) -> bool {
        let found = self.workspace().resolve_value(self.module(), path);
        found
            .external()
            .is_some_and(|path| match path.split_last() {
                Some((last, of)) => last == "builder" && known::is_runtime(of, "Sagas"),
                None => false,
            })
    }

    /// The function of the project that a path names.
    pub(super) fn called(&self, path: &Path) -> Option<&'w Function<'a>> {
        let Res::Def(id) = self.workspace().resolve_value(self.module(), path) else {
            return None;
        };
        let ItemKind::Fn(function) = &self.workspace().def(id).item.kind else {
            return None;
        };
        let at = self.check.calls.index_of(function)?;
        Some(&self.check.functions[at])
    }

    /// A plan that is named or written here.
    pub(super) fn plan(&self, list: &'a Expr, plans: &mut Vec<Plan<'a>>) -> Option<usize> {
        let list = peeled(list);
        if let ExprKind::Path(path) = &list.kind {
            if let Some(init) = path
                .as_ident()
                .and_then(|name| self.bound(name, list.span.start))
            {
                return self.plan(init, plans);
            }
            let Res::Def(id) = self.workspace().resolve_value(self.module(), path) else {
                return None;
            };
            let ItemKind::Const(_, value) = &self.workspace().def(id).item.kind else {
                return None;
            };
            return plans.iter().position(|plan| plan.is(value));
        }
        let known = plans.iter().position(|plan| plan.is(list));
        known.or_else(|| {
            let (module, file) = (self.module(), self.function.file);
            let item = self.function.path(self.workspace());
            plans.push(Plan::read(self.workspace(), module, file, item, list)?);
            Some(plans.len() - 1)
        })
    }

    /// What is registered.
    pub(super) fn does(&self, expr: &'a Expr) -> Does {
        let mut undone = false;
        let mut at = expr;
        loop {
            at = match &at.kind {
                ExprKind::Method { receiver, name, .. } => {
                    undone |= name.text == "undone_by";
                    receiver
                }
                ExprKind::Path(path) => {
                    let start = at.span.start;
                    let name = path.as_ident();
                    if name.is_some_and(|of| self.scopes.is_unclear(of, start)) {
                        return Does::Unclear;
                    }
                    match name.and_then(|of| self.bound(of, start)) {
                        Some(init) => init,
                        None => return self.own(at),
                    }
                }
                ExprKind::Block(block) if block.has_value => match block.stmts.last() {
                    Some(Stmt::Expr(value)) => value,
                    _ => return Does::Unclear,
                },
                ExprKind::Call { callee, args } => {
                    let (ExprKind::Path(path), Some(first)) = (&callee.kind, args.first()) else {
                        return self.own(at);
                    };
                    return match self.made_by(path) {
                        Some("Call") => Does::Call(path.span, undone),
                        Some(_) => self.type_of(first).map_or(Does::Unclear, Does::Local),
                        None => self.own(at),
                    };
                }
                _ => return self.own(at),
            };
        }
    }

    /// `Call` of `Call::new`, `Local` of `Local::new` and of `Local(..)`.
    fn made_by(&self, path: &Path) -> Option<&'static str> {
        let found = self.workspace().resolve_value(self.module(), path);
        let path = found.external()?;
        let of = path.strip_suffix(&["new".to_owned()]).unwrap_or(path);
        let mut names = ["Call", "Local"].into_iter();
        names.find(|name| known::is_runtime(of, name))
    }

    fn own(&self, expr: &'a Expr) -> Does {
        self.type_of(expr).map_or(Does::Unclear, Does::Own)
    }

    /// The type of the project that a value is: `Pack`, `Pack { .. }`, `Pack::new(..)`.
    fn type_of(&self, expr: &'a Expr) -> Option<DefId> {
        let (workspace, module) = (self.workspace(), self.module());
        let is_struct = |id: &DefId| matches!(workspace.def(*id).item.kind, ItemKind::Struct(..));
        let found = match &expr.kind {
            ExprKind::Path(path) => match path
                .as_ident()
                .and_then(|of| self.bound(of, expr.span.start))
            {
                Some(init) => return self.type_of(init),
                None => workspace.resolve_value(module, path),
            },
            ExprKind::Struct { path, .. } => workspace.resolve_type(module, path),
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => match workspace.resolve_value(module, path) {
                    Res::Assoc(id, _) => Res::Def(id),
                    found => found,
                },
                _ => return None,
            },
            _ => return None,
        };
        match found {
            Res::Def(id) => Some(id).filter(is_struct),
            _ => None,
        }
    }
}
