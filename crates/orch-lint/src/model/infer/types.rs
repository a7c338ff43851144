//! The type of an expression: from variables, fields, signatures and well-known constructors.

use std::sync::Arc;

use super::Walker;
use crate::known;
use crate::model::{RTy, Res, Scope};
use crate::syntax::{Expr, ExprKind, FnDef, ItemKind, Path, Stmt, Ty, TyKind};

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

impl<'a> Walker<'_, 'a> {
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
            ExprKind::Str(_) => Some(RTy::std("str", Vec::new())),
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
                ItemKind::Static(ty, _) | ItemKind::Const(ty, _) => {
                    let scope = Scope::of_module(self.workspace.def(id).module);
                    Some(self.workspace.lower(ty, &scope))
                }
                ItemKind::Struct(_, fields) if !fields.tuple => Some(RTy::Local(id, Vec::new())),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of a field, looked up through smart pointers.
    pub(super) fn field(&self, base: &RTy, name: &str) -> Option<RTy> {
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

    /// The type of a part of a tuple struct or variant that a pattern takes apart.
    pub(super) fn part(&self, whole: &RTy, path: &Path, at: usize) -> Option<RTy> {
        let name = path.last()?.name.text.as_str();
        if matches!(name, "Ok" | "Some" | "Ready") {
            return Some(whole.settled().clone());
        }
        match whole {
            // What hands a value to a handler is a tuple struct around it: `State`, `Extension`, `Json`, `Data`.
            RTy::External(of, args) => match args.as_slice() {
                [held] if of.last().is_some_and(|last| last == name) => Some(held.clone()),
                _ => None,
            },
            _ => self.field(whole, &at.to_string()),
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
            RTy::External(path, _) if behind.is_database() => opened(path, name),
            _ => None,
        }
    }

    /// The result of a method or associated function that the project declares.
    fn declared(&self, of: &RTy, name: &str) -> Option<RTy> {
        let called = self.method_of(of, name)?;
        Some(self.output(called.def, &called.scope))
    }

    pub(super) fn output(&self, function: &'a FnDef, scope: &Scope<'a>) -> RTy {
        let scope = scope.in_fn(function);
        let lower = |ty| self.workspace.lower(ty, &scope);
        function
            .output
            .as_ref()
            .map_or(RTy::Tuple(Vec::new()), lower)
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
                    let scope = Scope::of_module(self.workspace.def(id).module);
                    Some(self.output(function, &scope))
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
        let written = Ty {
            span: front.span,
            kind: TyKind::Path(front.clone()),
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
        if of.is_database() {
            return Some(of.clone());
        }
        let last = path.last()?.as_str();
        let wraps = params.is_empty() && matches!(name, "new" | "from" | "clone" | "pin");
        let is_pointer = matches!(last, "Arc" | "Box" | "Rc" | "Mutex" | "RwLock" | "RefCell");
        if wraps && is_pointer {
            return self.type_of(args.first()?);
        }
        matches!(name, "new" | "default" | "builder" | "current").then(|| of.clone())
    }
}

/// A transaction or a connection of the same library.
fn opened(path: &[String], name: &str) -> Option<RTy> {
    let is_opening = known::is_opener(name) || known::is_pool_opener(name);
    let first = path.first()?.clone();
    is_opening.then(|| RTy::External(Arc::new([first, "Transaction".into()]), Vec::new()))
}

fn is_wrapping(path: &[String]) -> bool {
    path.last()
        .is_some_and(|last| matches!(last.as_str(), "Ok" | "Some"))
}
