//! Types of expressions, as far as names and signatures give them.
//!
//! A [`Walker`] goes through a body in order and keeps what `let`, parameters and patterns say.
//! An expression it knows nothing of has no type, and rules then answer "unknown".

use std::collections::HashMap;

use super::{RTy, Res, Scope, Workspace};
use crate::known;
use crate::syntax::{Block, Expr, ExprKind, FnDef, ItemKind, Pat, PatKind, Path, Stmt};

/// What is known while walking one body.
pub(crate) struct Walker<'w, 'a> {
    workspace: &'w Workspace<'a>,
    scope: Scope<'a>,
    locals: Vec<HashMap<&'a str, Option<RTy>>>,
}

/// Called for each expression, outer ones first.
pub(crate) type See<'s, 'w, 'a> = &'s mut dyn FnMut(&Walker<'w, 'a>, &'a Expr);

/// Methods that give the receiver again, or what it holds.
const TRANSPARENT: &[&str] = &[
    "as_deref",
    "as_mut",
    "as_ref",
    "await",
    "borrow",
    "borrow_mut",
    "by_ref",
    "clone",
    "cloned",
    "deref",
    "deref_mut",
    "downgrade",
    "expect",
    "get_or_init",
    "lock",
    "map_err",
    "read",
    "to_owned",
    "unwrap",
    "unwrap_or_default",
    "upgrade",
    "write",
    "context",
    "with_context",
    "blocking_lock",
];

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
            locals: vec![HashMap::new()],
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

    fn local(&self, name: &str) -> Option<&Option<RTy>> {
        self.locals.iter().rev().find_map(|scope| scope.get(name))
    }

    fn bind(&mut self, pat: &'a Pat, ty: Option<RTy>) {
        match &pat.kind {
            PatKind::Bind { name, sub } => {
                if let Some(scope) = self.locals.last_mut() {
                    scope.insert(name.text.as_str(), ty.clone());
                }
                sub.iter().for_each(|sub| self.bind(sub, ty.clone()));
            }
            PatKind::Ref(inner) => self.bind(inner, ty),
            PatKind::Typed(inner, written) => {
                let ty = self.workspace.lower(written, &self.scope);
                self.bind(inner, Some(ty));
            }
            PatKind::TupleStruct(path, parts) => {
                let carries = path
                    .last()
                    .is_some_and(|last| matches!(last.name.text.as_str(), "Ok" | "Some" | "Ready"));
                let inner = ty.filter(|_| carries).map(|ty| ty.settled().clone());
                parts.iter().for_each(|part| self.bind(part, inner.clone()));
            }
            PatKind::Group(parts) => self.bind_group(parts, ty.as_ref()),
            PatKind::Struct(_, fields) => {
                fields.iter().for_each(|(_, part)| self.bind(part, None));
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
        self.locals.push(HashMap::new());
        block.stmts.iter().for_each(|stmt| self.stmt(stmt, see));
        self.locals.pop();
    }

    fn stmt(&mut self, stmt: &'a Stmt, see: See<'_, 'w, 'a>) {
        match stmt {
            Stmt::Let {
                pat,
                init,
                otherwise,
            } => {
                init.iter().for_each(|init| self.expr(init, see));
                otherwise.iter().for_each(|other| self.expr(other, see));
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
                args.iter().for_each(|arg| self.expr(arg, see));
            }
            ExprKind::Method { receiver, args, .. } => {
                self.expr(receiver, see);
                args.iter().for_each(|arg| self.expr(arg, see));
            }
            ExprKind::Field { base, .. } => self.expr(base, see),
            ExprKind::Macro(call) => self.scoped(|walker| {
                call.body
                    .parts
                    .iter()
                    .for_each(|part| walker.stmt(part, see));
            }),
            ExprKind::Await(inner)
            | ExprKind::Try(inner)
            | ExprKind::Place(inner)
            | ExprKind::Derived(inner) => self.expr(inner, see),
            ExprKind::Closure { params, body } => self.scoped(|walker| {
                params.iter().for_each(|param| walker.bind(param, None));
                walker.expr(body, see);
            }),
            ExprKind::Async(block) | ExprKind::Block(block) | ExprKind::Loop(block) => {
                self.block(block, see);
            }
            ExprKind::Struct { fields, rest, .. } => {
                fields.iter().for_each(|(_, value)| self.expr(value, see));
                rest.iter().for_each(|rest| self.expr(rest, see));
            }
            ExprKind::Group(parts) => parts.iter().for_each(|part| self.expr(part, see)),
            ExprKind::Leave(value) => value.iter().for_each(|value| self.expr(value, see)),
            _ => self.branch(expr, see),
        }
    }

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        self.locals.push(HashMap::new());
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
                otherwise.iter().for_each(|other| self.expr(other, see));
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
                        arm.guard.iter().for_each(|guard| walker.expr(guard, see));
                        walker.expr(&arm.body, see);
                    });
                }
            }
            ExprKind::For { pat, iter, body } => {
                self.expr(iter, see);
                self.scoped(|walker| {
                    walker.bind(pat, None);
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

    /// The type of an expression, when it is known.
    pub(crate) fn type_of(&self, expr: &'a Expr) -> Option<RTy> {
        match &expr.kind {
            ExprKind::Path(path) => self.type_of_path(path),
            ExprKind::Place(inner) => self.type_of(inner),
            ExprKind::Await(inner) | ExprKind::Try(inner) => {
                self.type_of(inner).map(|ty| ty.settled().clone())
            }
            ExprKind::Field { base, name } => self.field(&self.type_of(base)?, &name.text),
            ExprKind::Method { receiver, name, .. } => {
                let receiver = self.type_of(receiver)?;
                self.type_of_method(&receiver, &name.text)
            }
            ExprKind::Call { callee, args } => self.type_of_call(callee, args),
            ExprKind::Struct { path, .. } => {
                if path.as_ident() == Some("Self") {
                    return self.scope.self_ty.clone();
                }
                match self.workspace.resolve_type(self.scope.module, path) {
                    Res::Def(id) => Some(RTy::Local(id, Vec::new())),
                    Res::External(path) => Some(RTy::External(path, Vec::new())),
                    _ => None,
                }
            }
            ExprKind::Block(block) => match block.stmts.last()? {
                Stmt::Expr(last) => self.type_of(last),
                Stmt::Let { .. } => None,
            },
            ExprKind::Str(_) => Some(RTy::External(vec!["std".into(), "str".into()], Vec::new())),
            _ => None,
        }
    }

    fn type_of_path(&self, path: &Path) -> Option<RTy> {
        if let Some(name) = path.as_ident() {
            if name == "self" {
                return self.scope.self_ty.clone();
            }
            if let Some(local) = self.local(name) {
                return local.clone();
            }
        }
        match self.resolve(path) {
            Res::Def(id) => match &self.workspace.def(id).item.kind {
                ItemKind::Static(ty) | ItemKind::Const(ty, _) => {
                    let scope = Scope::of_module(self.workspace.def(id).module);
                    Some(self.workspace.lower(ty, &scope))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of a field, looked up through smart pointers.
    fn field(&self, base: &RTy, name: &str) -> Option<RTy> {
        match base.behind_pointers() {
            RTy::Local(id, args) => {
                let ItemKind::Struct(_, fields) = &self.workspace.def(*id).item.kind else {
                    return None;
                };
                let field = fields.list.iter().find(|field| field.name.text == name)?;
                let scope = self.workspace.def_scope(*id, args);
                Some(self.workspace.lower(&field.ty, &scope))
            }
            RTy::Tuple(parts) => parts.get(name.parse::<usize>().ok()?).cloned(),
            _ => None,
        }
    }

    /// What a method gives, by its name and the type of the receiver.
    pub(crate) fn type_of_method(&self, receiver: &RTy, name: &str) -> Option<RTy> {
        let behind = receiver.behind_pointers();
        if receiver.behind_deref() != behind && matches!(name, "get" | "get_mut" | "take" | "wait")
        {
            return Some(behind.clone());
        }
        if let Some(found) = self.declared(behind, name) {
            return Some(found);
        }
        if TRANSPARENT.contains(&name) {
            return Some(receiver.settled().clone());
        }
        match behind {
            RTy::External(path, _) if known::is_database(path) => self.opened(path, name),
            _ => None,
        }
    }

    /// A transaction or a connection of the same library.
    fn opened(&self, path: &[String], name: &str) -> Option<RTy> {
        let is_opening = known::is_opener(name) || known::is_pool_opener(name);
        let first = path.first()?.clone();
        is_opening.then(|| RTy::External(vec![first, "Transaction".into()], Vec::new()))
    }

    /// The result of a method or associated function that the project declares.
    fn declared(&self, of: &RTy, name: &str) -> Option<RTy> {
        match of {
            RTy::Local(id, _) => self.workspace.impls_of(*id).find_map(|block| {
                let (_, function) = block.def.method(name)?;
                let mut scope = self.workspace.impl_scope(block);
                scope.self_ty = Some(of.clone());
                self.output(function, &scope)
            }),
            RTy::Bounds(bounds) => bounds.iter().find_map(|bound| {
                let Res::Def(id) = bound.name else {
                    return None;
                };
                let def = self.workspace.def(id);
                let ItemKind::Trait(declared) = &def.item.kind else {
                    return None;
                };
                let item = declared.items.iter().find(|item| item.name.text == name)?;
                let mut scope = Scope::of_module(def.module);
                scope.self_ty = Some(of.clone());
                self.output(item.function()?, &scope)
            }),
            _ => None,
        }
    }

    fn output(&self, function: &'a FnDef, scope: &Scope<'a>) -> Option<RTy> {
        let scope = scope.in_fn(function);
        let nothing = RTy::Tuple(Vec::new());
        Some(
            function
                .output
                .as_ref()
                .map_or(nothing, |ty| self.workspace.lower(ty, &scope)),
        )
    }

    fn type_of_call(&self, callee: &'a Expr, args: &'a [Expr]) -> Option<RTy> {
        let ExprKind::Path(path) = &callee.kind else {
            return None;
        };
        let name = path.last()?.name.text.as_str();
        let of = self.type_before(path);
        if let Some(of) = &of {
            if let Some(found) = self.declared(of, name) {
                return Some(found);
            }
            return self.type_of_constructor(of, name, args);
        }
        match self.resolve(path) {
            Res::Def(id) => match &self.workspace.def(id).item.kind {
                ItemKind::Fn(function) => {
                    self.output(function, &Scope::of_module(self.workspace.def(id).module))
                }
                ItemKind::Struct(..) => Some(RTy::Local(id, Vec::new())),
                _ => None,
            },
            Res::External(path) if is_wrapping(&path) => self.type_of(args.first()?),
            _ => None,
        }
    }

    /// The type before the last `::` of a path.
    pub(crate) fn type_before(&self, path: &Path) -> Option<RTy> {
        if let Some(of) = &path.qself {
            return Some(self.workspace.lower(of, &self.scope));
        }
        let front = path.parent()?;
        if front.as_ident() == Some("Self") {
            return self.scope.self_ty.clone();
        }
        let written = crate::syntax::Ty {
            span: front.span,
            kind: crate::syntax::TyKind::Path(front.clone()),
        };
        let is_type = front
            .last()?
            .name
            .text
            .starts_with(|first: char| first.is_uppercase());
        let lowered = self.workspace.lower(&written, &self.scope);
        (is_type && !matches!(lowered, RTy::Unknown(_))).then_some(lowered)
    }

    fn type_of_constructor(&self, of: &RTy, name: &str, args: &'a [Expr]) -> Option<RTy> {
        let RTy::External(path, params) = of else {
            return None;
        };
        if known::is_database(path) {
            return Some(of.clone());
        }
        let last = path.last()?.as_str();
        let wraps = params.is_empty() && matches!(name, "new" | "from" | "clone" | "pin");
        let is_pointer = matches!(last, "Arc" | "Box" | "Rc" | "Mutex" | "RwLock" | "RefCell");
        if wraps && is_pointer {
            return self.type_of(args.first()?);
        }
        matches!(name, "new" | "default" | "builder").then(|| of.clone())
    }
}

fn is_wrapping(path: &[String]) -> bool {
    path.last()
        .is_some_and(|last| matches!(last.as_str(), "Ok" | "Some"))
}
