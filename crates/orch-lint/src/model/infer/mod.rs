//! Types of expressions, as far as names and signatures give them.
//!
//! A [`Walker`] goes through a body in order and keeps what `let`, parameters and patterns say.
//! An expression it knows nothing of has no type, and rules then answer "unknown".

mod calls;
mod types;

use rustc_hash::FxHashMap;

use super::{RTy, Res, Scope, Workspace};
use crate::syntax::{Block, Expr, ExprKind, FnDef, Param, Pat, PatKind, Path, Stmt, Ty};

pub(crate) use calls::Called;

/// What is known while walking one body.
pub(crate) struct Walker<'w, 'a> {
    workspace: &'w Workspace<'a>,
    scope: Scope<'a>,
    locals: Vec<FxHashMap<&'a str, Option<RTy>>>,
}

/// Called for each expression, outer ones first.
pub(crate) type See<'s, 'w, 'a> = &'s mut dyn FnMut(&Walker<'w, 'a>, &'a Expr);

impl<'w, 'a> Walker<'w, 'a> {
    /// A walk through the body of a function.
    pub(crate) fn new(
        workspace: &'w Workspace<'a>,
        scope: &Scope<'a>,
        function: &'a FnDef,
    ) -> Self {
        let mut scope = scope.in_fn(function);
        scope.module = workspace.body_module(function, scope.module);
        let mut walker = Walker {
            workspace,
            scope,
            locals: vec![FxHashMap::default()],
        };
        for param in &function.params {
            let ty = workspace.lower(&param.ty, &walker.scope);
            walker.bind(&param.pat, Some(ty));
        }
        walker
    }

    /// The project.
    pub(crate) fn workspace(&self) -> &'w Workspace<'a> {
        self.workspace
    }

    /// Resolves a path in expression position; local variables are nothing that resolves.
    pub(crate) fn resolve(&self, path: &Path) -> Res {
        if path
            .as_ident()
            .is_some_and(|name| self.local(name).is_some())
        {
            return Res::Unknown;
        }
        self.workspace.resolve_value(self.scope.module, path)
    }

    /// A type as it is written here.
    pub(crate) fn written(&self, ty: &Ty) -> RTy {
        self.workspace.lower(ty, &self.scope)
    }

    /// The type of a parameter.
    pub(crate) fn parameter(&self, param: &Param) -> RTy {
        self.workspace.lower(&param.ty, &self.scope)
    }

    /// The type of a variable by its name, as a format string captures it.
    pub(crate) fn type_of_name(&self, name: &str) -> Option<RTy> {
        self.local(name).cloned().flatten()
    }

    fn local(&self, name: &str) -> Option<&Option<RTy>> {
        self.locals.iter().rev().find_map(|scope| scope.get(name))
    }

    fn bind(&mut self, pat: &'a Pat, ty: Option<RTy>) {
        match &pat.kind {
            PatKind::Bind { name, sub } => {
                if let Some(scope) = self.locals.last_mut() {
                    scope.insert(name.text.as_str(), ty.clone());
                }
                if let Some(sub) = sub {
                    self.bind(sub, ty.clone());
                }
            }
            PatKind::Ref(inner) => self.bind(inner, ty),
            PatKind::Typed(inner, written) => {
                let ty = self.workspace.lower(written, &self.scope);
                self.bind(inner, Some(ty));
            }
            PatKind::TupleStruct(path, parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let own = ty.as_ref().and_then(|ty| self.part(ty, path, at));
                    self.bind(part, own);
                }
            }
            PatKind::Group(parts) => self.bind_group(parts, ty.as_ref()),
            PatKind::Struct(_, fields) => {
                for (name, part) in fields {
                    let own = ty.as_ref().and_then(|ty| self.field(ty, name));
                    self.bind(part, own);
                }
            }
            PatKind::Or(cases) => cases.iter().for_each(|case| self.bind(case, None)),
            PatKind::Wild | PatKind::Path(_) | PatKind::Other => {}
        }
    }

    fn bind_group(&mut self, parts: &'a [Pat], ty: Option<&RTy>) {
        for (at, part) in parts.iter().enumerate() {
            let own = match ty {
                Some(RTy::Tuple(types)) if types.len() == parts.len() => types.get(at).cloned(),
                _ => None,
            };
            self.bind(part, own);
        }
    }

    /// Walks a block.
    pub(crate) fn block(&mut self, block: &'a Block, see: See<'_, 'w, 'a>) {
        self.locals.push(FxHashMap::default());
        for stmt in &block.stmts {
            self.stmt(stmt, see);
        }
        self.locals.pop();
    }

    fn stmt(&mut self, stmt: &'a Stmt, see: See<'_, 'w, 'a>) {
        match stmt {
            Stmt::Let {
                pat,
                init,
                otherwise,
            } => {
                if let Some(init) = init {
                    self.expr(init, see);
                }
                if let Some(other) = otherwise {
                    self.expr(other, see);
                }
                let ty = init.as_ref().and_then(|init| self.type_of(init));
                self.bind(pat, ty);
            }
            Stmt::Expr(expr) => self.expr(expr, see),
        }
    }

    /// Walks an expression.
    pub(crate) fn expr(&mut self, expr: &'a Expr, see: See<'_, 'w, 'a>) {
        see(self, expr);
        match &expr.kind {
            ExprKind::Call { callee, args } => {
                self.expr(callee, see);
                for arg in args {
                    self.expr(arg, see);
                }
            }
            ExprKind::Method { receiver, args, .. } => {
                self.expr(receiver, see);
                for arg in args {
                    self.expr(arg, see);
                }
            }
            ExprKind::Field { base, .. } => self.expr(base, see),
            ExprKind::Macro(call) => self.scoped(|walker| {
                for part in &call.body.parts {
                    walker.stmt(part, see);
                }
            }),
            ExprKind::Await(inner)
            | ExprKind::Try(inner)
            | ExprKind::Place(inner)
            | ExprKind::Derived(inner) => self.expr(inner, see),
            ExprKind::Closure { params, body } => self.scoped(|walker| {
                for param in params {
                    walker.bind(param, None);
                }
                walker.expr(body, see);
            }),
            ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
                self.block(block, see);
            }
            ExprKind::Struct { fields, rest, .. } => {
                for (_, value) in fields {
                    self.expr(value, see);
                }
                if let Some(rest) = rest {
                    self.expr(rest, see);
                }
            }
            ExprKind::Group(parts) => parts.iter().for_each(|part| self.expr(part, see)),
            ExprKind::Leave(_, value) => value.iter().for_each(|value| self.expr(value, see)),
            _ => self.branch(expr, see),
        }
    }

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        self.locals.push(FxHashMap::default());
        walk(self);
        self.locals.pop();
    }

    fn branch(&mut self, expr: &'a Expr, see: See<'_, 'w, 'a>) {
        match &expr.kind {
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.scoped(|walker| {
                    walker.expr(cond, see);
                    walker.block(then, see);
                });
                if let Some(other) = otherwise {
                    self.expr(other, see);
                }
            }
            ExprKind::Let { pat, value } => {
                self.expr(value, see);
                let ty = self.type_of(value);
                self.bind(pat, ty);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee, see);
                let ty = self.type_of(scrutinee);
                for arm in arms {
                    self.scoped(|walker| {
                        walker.bind(&arm.pat, ty.clone());
                        if let Some(guard) = &arm.guard {
                            walker.expr(guard, see);
                        }
                        walker.expr(&arm.body, see);
                    });
                }
            }
            ExprKind::For { pat, iter, body } => {
                self.expr(iter, see);
                let each = self.type_of(iter).and_then(|all| all.each().cloned());
                self.scoped(|walker| {
                    walker.bind(pat, each);
                    walker.block(body, see);
                });
            }
            ExprKind::While { cond, body } => self.scoped(|walker| {
                walker.expr(cond, see);
                walker.block(body, see);
            }),
            _ => {}
        }
    }
}
