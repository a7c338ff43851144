//! Where the values of a body go: into a call of a method, somewhere else, or nowhere.
//!
//! A value is followed through local bindings, tuples, branches and blocks of one body. What leaves
//! the body, or goes into something that cannot be looked into, is [`Fate::Unclear`].
//!
//! **Deliberately absent:** shadowing. A name that is bound twice has the uses of both, so that a
//! value is called lost only when it is.

use std::ptr;

use rustc_hash::FxHashMap;

use super::expr::{Block, Expr, ExprKind, Pat, PatKind, Stmt};

/// What becomes of a value, from the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Nothing: it is dropped.
    Lost,
    /// Not known: it is returned, stored, or passed to a function.
    Unclear,
    /// It is an argument of the method.
    Passed,
}

/// Where the value of one expression goes.
#[derive(Debug, Clone, Copy)]
enum Goes<'e> {
    To(Fate),
    Bound(&'e Pat),
    /// A method is called on it, by this expression.
    Receiver(&'e Expr),
}

/// The values of one body.
#[derive(Debug)]
pub(crate) struct Flow<'e> {
    method: &'static str,
    goes: FxHashMap<*const Expr, Goes<'e>>,
    uses: FxHashMap<&'e str, Vec<&'e Expr>>,
}

impl<'e> Flow<'e> {
    /// Reads a body, with the method that values are looked for in.
    pub(crate) fn new(body: &'e Block, method: &'static str) -> Self {
        let mut flow = Self {
            method,
            goes: FxHashMap::default(),
            uses: FxHashMap::default(),
        };
        flow.block(body, Goes::To(Fate::Unclear));
        flow
    }

    /// What becomes of the value of an expression of the body.
    pub(crate) fn fate(&self, of: &Expr) -> Fate {
        self.follow(of, &mut Vec::new())
    }

    fn follow(&self, of: &Expr, names: &mut Vec<&'e str>) -> Fate {
        match self.goes.get(&ptr::from_ref(of)) {
            Some(Goes::To(fate)) => *fate,
            Some(Goes::Bound(pat)) => self.bound(pat, names),
            // What the method does is not known, but a value that it gives may be the same one.
            Some(Goes::Receiver(call)) => self.follow(call, names).max(Fate::Unclear),
            None => Fate::Unclear,
        }
    }

    /// The best that any of the names of a pattern comes to.
    fn bound(&self, pat: &'e Pat, names: &mut Vec<&'e str>) -> Fate {
        let parts = match &pat.kind {
            PatKind::Wild => return Fate::Lost,
            PatKind::Bind { name, .. } if names.contains(&name.text.as_str()) => return Fate::Lost,
            PatKind::Bind { name, sub } => {
                names.push(&name.text);
                let uses = self.uses.get(name.text.as_str()).into_iter().flatten();
                let used = uses.map(|used| self.follow(used, names)).max();
                let sub = sub.as_ref().map(|sub| self.bound(sub, names));
                return used.max(sub).unwrap_or(Fate::Lost);
            }
            PatKind::Ref(inner) | PatKind::Typed(inner, _) => return self.bound(inner, names),
            PatKind::Group(parts) | PatKind::Or(parts) | PatKind::TupleStruct(_, parts) => parts,
            PatKind::Struct(..) | PatKind::Path(_) | PatKind::Other => return Fate::Unclear,
        };
        let fates = parts.iter().map(|part| self.bound(part, names));
        fates.max().unwrap_or(Fate::Unclear)
    }

    fn block(&mut self, block: &'e Block, goes: Goes<'e>) {
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            let is_value = block.has_value && at == last;
            let goes = if is_value { goes } else { Goes::To(Fate::Lost) };
            self.stmt(stmt, goes);
        }
    }

    fn stmt(&mut self, stmt: &'e Stmt, goes: Goes<'e>) {
        match stmt {
            Stmt::Let {
                pat,
                init,
                otherwise,
            } => {
                if let Some(init) = init {
                    self.expr(init, Goes::Bound(pat));
                }
                if let Some(otherwise) = otherwise {
                    self.expr(otherwise, Goes::To(Fate::Lost));
                }
            }
            Stmt::Expr(expr) => self.expr(expr, goes),
        }
    }

    fn expr(&mut self, expr: &'e Expr, goes: Goes<'e>) {
        self.goes.insert(ptr::from_ref(expr), goes);
        match &expr.kind {
            ExprKind::Path(path) => {
                if let [only] = path.segments.as_slice() {
                    self.uses.entry(&only.name.text).or_default().push(expr);
                }
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee, goes);
                let into = self.argument(callee, goes);
                self.each(args, into);
            }
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                self.expr(receiver, Goes::Receiver(expr));
                let is_it = name.text == self.method;
                let into = if is_it {
                    Goes::To(Fate::Passed)
                } else {
                    inside(goes)
                };
                self.each(args, into);
            }
            ExprKind::Await(inner) | ExprKind::Try(inner) | ExprKind::Place(inner) => {
                self.expr(inner, goes);
            }
            ExprKind::Group(parts) => self.group(parts, goes),
            ExprKind::Struct { fields, rest, .. } => {
                let values = fields.iter().map(|(_, value)| value);
                self.each(values.chain(rest.as_deref()), inside(goes));
            }
            ExprKind::Macro(call) => {
                for part in &call.body.parts {
                    self.stmt(part, inside(goes));
                }
            }
            _ => self.control(expr, goes),
        }
    }

    /// Forms that run other expressions.
    fn control(&mut self, expr: &'e Expr, goes: Goes<'e>) {
        let unclear = Goes::To(Fate::Unclear);
        match &expr.kind {
            ExprKind::Block(block) => self.block(block, goes),
            ExprKind::Async(block) | ExprKind::Loop(block) => self.block(block, unclear),
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.expr(cond, unclear);
                self.block(then, goes);
                self.each(otherwise.as_deref(), goes);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee, unclear);
                for arm in arms {
                    self.each(arm.guard.as_deref(), unclear);
                    self.expr(&arm.body, goes);
                }
            }
            ExprKind::Let { pat, value } => self.expr(value, Goes::Bound(pat)),
            ExprKind::For { pat, iter, body } => {
                self.expr(iter, Goes::Bound(pat));
                self.block(body, Goes::To(Fate::Lost));
            }
            ExprKind::While { cond, body } => {
                self.expr(cond, unclear);
                self.block(body, Goes::To(Fate::Lost));
            }
            ExprKind::Closure { body, .. } => self.expr(body, unclear),
            ExprKind::Field { base, .. } => self.expr(base, unclear),
            ExprKind::Derived(inner) => self.expr(inner, unclear),
            ExprKind::Leave(_, value) => self.each(value.as_deref(), unclear),
            _ => {}
        }
    }

    /// Tuples, arrays and operators; an assignment stores what it is given, unless it is to `_`.
    fn group(&mut self, parts: &'e [Expr], goes: Goes<'e>) {
        let goes = match (goes, parts) {
            (Goes::Bound(pat), _) => match &pat.kind {
                PatKind::Group(pats) if pats.len() == parts.len() => {
                    for (part, pat) in parts.iter().zip(pats) {
                        self.expr(part, Goes::Bound(pat));
                    }
                    return;
                }
                _ => goes,
            },
            (Goes::To(Fate::Lost), [place, _]) if matches!(place.kind, ExprKind::Opaque) => goes,
            _ => inside(goes),
        };
        self.each(parts, goes);
    }

    fn each(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, goes: Goes<'e>) {
        for expr in exprs {
            self.expr(expr, goes);
        }
    }

    /// Where the arguments of a function go. `drop` keeps nothing.
    fn argument(&self, callee: &Expr, goes: Goes<'e>) -> Goes<'e> {
        let ExprKind::Path(path) = &callee.kind else {
            return inside(goes);
        };
        match path.last().map(|last| last.name.text.as_str()) {
            Some("drop" | "forget") => Goes::To(Fate::Lost),
            Some(name) if name == self.method => Goes::To(Fate::Passed),
            _ => inside(goes),
        }
    }
}

/// Where a part of a value goes: with the whole when that is passed on right here.
fn inside(goes: Goes<'_>) -> Goes<'_> {
    match goes {
        Goes::To(Fate::Passed) => goes,
        _ => Goes::To(Fate::Unclear),
    }
}
