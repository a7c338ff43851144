//! Statements and expressions.
//!
//! Each arm finds its own end, so that no place is computed twice.

use syn::{Expr as E, Stmt as S};

use super::patterns::{member, pat};
use super::types::{qualified, ty};
use super::{Lowering, name, span};
use crate::syntax::Span;
use crate::syntax::expr::{Arm, Block, Exit, Expr, ExprKind, Stmt};

impl Lowering {
    /// Lowers a block and notes its statements.
    pub(super) fn block(&mut self, from: &syn::Block) -> Block {
        let stmts = self.stmts(&from.stmts);
        Block {
            stmts,
            has_value: has_value(&from.stmts),
            span: span(from.brace_token.span.join()),
        }
    }

    /// Lowers statements; items among them go to the enclosing function.
    pub(super) fn stmts(&mut self, from: &[S]) -> Vec<Stmt> {
        let mut stmts = Vec::with_capacity(from.len());
        for stmt in from {
            match stmt {
                S::Item(item) => {
                    let lowered = self.item(item);
                    self.nested.extend(lowered);
                }
                S::Local(local) => stmts.push(self.local(local)),
                S::Expr(expr, semi) => {
                    let lowered = self.expr(expr);
                    self.note_stmt(lowered.span, semi.map(|semi| span(semi.spans[0])));
                    stmts.push(Stmt::Expr(lowered));
                }
                S::Macro(mac) => {
                    let call = self.macro_expr(&mac.mac);
                    self.note_stmt(call.span, mac.semi_token.map(|semi| span(semi.spans[0])));
                    stmts.push(Stmt::Expr(call));
                }
            }
        }
        stmts
    }

    fn local(&mut self, from: &syn::Local) -> Stmt {
        self.note_stmt(
            span(from.let_token.span),
            Some(span(from.semi_token.spans[0])),
        );
        let init = from.init.as_ref();
        Stmt::Let {
            pat: Box::new(pat(&from.pat)),
            init: init.map(|init| Box::new(self.expr(&init.expr))),
            otherwise: init
                .and_then(|init| init.diverge.as_ref())
                .map(|(_, diverge)| Box::new(self.expr(diverge))),
        }
    }

    /// Lowers an expression.
    pub(super) fn expr(&mut self, from: &E) -> Expr {
        let (span, kind) = match from {
            E::Paren(inner) => return self.expr(&inner.expr),
            E::Group(inner) => return self.expr(&inner.expr),
            E::Path(path) => {
                let path = qualified(path.qself.as_ref(), &path.path);
                (path.span, ExprKind::Path(path))
            }
            E::Lit(lit) => literal(&lit.lit),
            E::Call(call) => {
                let callee = Box::new(self.expr(&call.func));
                let at = callee.span.to(span(call.paren_token.span.close()));
                let args = self.exprs(&call.args);
                (at, ExprKind::Call { callee, args })
            }
            E::MethodCall(call) => self.method(call),
            E::Field(field) => {
                let base = Box::new(self.expr(&field.base));
                let name = member(&field.member);
                (base.span.to(name.span), ExprKind::Field { base, name })
            }
            E::Macro(mac) => return self.macro_expr(&mac.mac),
            E::Await(wait) => {
                let base = Box::new(self.expr(&wait.base));
                let at = base.span.to(span(wait.await_token.span));
                (at, ExprKind::Await(base))
            }
            E::Try(of) => {
                let inner = Box::new(self.expr(&of.expr));
                let at = inner.span.to(span(of.question_token.spans[0]));
                (at, ExprKind::Try(inner))
            }
            E::Struct(literal) => self.record(literal),
            E::Closure(closure) => {
                let body = Box::new(self.expr(&closure.body));
                let at = span(closure.inputs_begin.spans[0]).to(body.span);
                let params = closure.inputs.iter().map(pat).collect();
                (at, ExprKind::Closure { params, body })
            }
            other => self.control(other),
        };
        Expr { span, kind }
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> (Span, ExprKind) {
        let receiver = Box::new(self.expr(&call.receiver));
        let at = receiver.span.to(span(call.paren_token.span.close()));
        let name = name(&call.method);
        let args = self.exprs(&call.args);
        (
            at,
            ExprKind::Method {
                receiver,
                name,
                args,
            },
        )
    }

    fn record(&mut self, literal: &syn::ExprStruct) -> (Span, ExprKind) {
        let path = qualified(literal.qself.as_ref(), &literal.path);
        let at = path.span.to(span(literal.brace_token.span.close()));
        let fields = literal.fields.iter();
        let fields = fields.map(|field| (member(&field.member), self.expr(&field.expr)));
        let fields = fields.collect();
        let rest = literal.rest.as_ref().map(|rest| Box::new(self.expr(rest)));
        (at, ExprKind::Struct { path, fields, rest })
    }

    fn control(&mut self, from: &E) -> (Span, ExprKind) {
        match from {
            E::Block(inner) => self.braces(&inner.block, ExprKind::Block),
            E::Unsafe(inner) => self.braces(&inner.block, ExprKind::Block),
            E::Const(inner) => self.braces(&inner.block, ExprKind::Block),
            E::TryBlock(inner) => self.braces(&inner.block, ExprKind::Block),
            E::Async(inner) => {
                let (block, kind) = self.braces(&inner.block, ExprKind::Async);
                (span(inner.async_token.span).to(block), kind)
            }
            E::If(branch) => {
                let cond = Box::new(self.expr(&branch.cond));
                let then = self.block(&branch.then_branch);
                let otherwise = branch.else_branch.as_ref();
                let otherwise = otherwise.map(|(_, other)| Box::new(self.expr(other)));
                let last = otherwise.as_ref().map_or(then.span, |other| other.span);
                let kind = ExprKind::If {
                    cond,
                    then,
                    otherwise,
                };
                (span(branch.if_token.span).to(last), kind)
            }
            E::Let(condition) => {
                let value = Box::new(self.expr(&condition.expr));
                let at = span(condition.let_token.span).to(value.span);
                let pat = Box::new(pat(&condition.pat));
                (at, ExprKind::Let { pat, value })
            }
            E::Match(branch) => {
                let scrutinee = Box::new(self.expr(&branch.expr));
                let arms = branch.arms.iter().map(|arm| self.arm(arm)).collect();
                let close = span(branch.brace_token.span.close());
                let kind = ExprKind::Match { scrutinee, arms };
                (span(branch.match_token.span).to(close), kind)
            }
            other => self.loops(other),
        }
    }

    fn loops(&mut self, from: &E) -> (Span, ExprKind) {
        match from {
            E::ForLoop(of) => {
                let body = self.block(&of.body);
                let at = span(of.for_token.span).to(body.span);
                let iter = Box::new(self.expr(&of.expr));
                let pat = Box::new(pat(&of.pat));
                (at, ExprKind::For { pat, iter, body })
            }
            E::While(of) => {
                let body = self.block(&of.body);
                let at = span(of.while_token.span).to(body.span);
                let cond = Box::new(self.expr(&of.cond));
                (at, ExprKind::While { cond, body })
            }
            E::Loop(of) => {
                let body = self.block(&of.body);
                (span(of.loop_token.span).to(body.span), ExprKind::Loop(body))
            }
            E::Return(of) => {
                self.leave(Exit::Return, span(of.return_token.span), of.expr.as_deref())
            }
            E::Break(of) => {
                let exit = of.label.as_ref().map_or(Exit::Break, |_| Exit::BreakOf);
                self.leave(exit, span(of.break_token.span), of.expr.as_deref())
            }
            E::Yield(of) => self.leave(Exit::Return, span(of.yield_token.span), of.expr.as_deref()),
            E::Continue(of) => self.leave(Exit::Continue, span(of.continue_token.span), None),
            other => self.operators(other),
        }
    }

    fn operators(&mut self, from: &E) -> (Span, ExprKind) {
        match from {
            E::Reference(of) => {
                let inner = Box::new(self.expr(&of.expr));
                let at = span(of.and_token.spans[0]).to(inner.span);
                (at, ExprKind::Place(inner))
            }
            E::RawAddr(of) => {
                let inner = Box::new(self.expr(&of.expr));
                let at = span(of.and_token.spans[0]).to(inner.span);
                (at, ExprKind::Place(inner))
            }
            E::Unary(of) => {
                let inner = Box::new(self.expr(&of.expr));
                match of.op {
                    syn::UnOp::Deref(star) => {
                        let at = span(star.spans[0]).to(inner.span);
                        (at, ExprKind::Place(inner))
                    }
                    _ => (inner.span, ExprKind::Derived(inner)),
                }
            }
            E::Cast(of) => {
                let inner = Box::new(self.expr(&of.expr));
                (inner.span.to(ty(&of.ty).span), ExprKind::Derived(inner))
            }
            E::Assign(of) => self.pair(&of.left, &of.right),
            E::Binary(of) => self.pair(&of.left, &of.right),
            E::Index(of) => self.pair(&of.expr, &of.index),
            E::Range(of) => self.group(of.start.as_deref().into_iter().chain(of.end.as_deref())),
            E::Tuple(of) => {
                let (_, kind) = self.group(&of.elems);
                (span(of.paren_token.span.join()), kind)
            }
            E::Array(of) => self.group(&of.elems),
            E::Repeat(of) => self.pair(&of.expr, &of.len),
            _ => (Span::default(), ExprKind::Opaque),
        }
    }

    fn braces(&mut self, from: &syn::Block, kind: fn(Block) -> ExprKind) -> (Span, ExprKind) {
        let block = self.block(from);
        (block.span, kind(block))
    }

    fn leave(&mut self, exit: Exit, keyword: Span, value: Option<&E>) -> (Span, ExprKind) {
        let value = value.map(|value| Box::new(self.expr(value)));
        let last = value.as_ref().map_or(keyword, |value| value.span);
        (keyword.to(last), ExprKind::Leave(exit, value))
    }

    fn pair(&mut self, left: &E, right: &E) -> (Span, ExprKind) {
        self.group([left, right])
    }

    fn group<'e>(&mut self, from: impl IntoIterator<Item = &'e E>) -> (Span, ExprKind) {
        let parts: Vec<Expr> = from.into_iter().map(|part| self.expr(part)).collect();
        let first = parts.first().map(|part| part.span).unwrap_or_default();
        let last = parts.last().map_or(first, |part| part.span);
        (first.to(last), ExprKind::Group(parts))
    }

    fn exprs<'e>(&mut self, from: impl IntoIterator<Item = &'e E>) -> Vec<Expr> {
        from.into_iter().map(|part| self.expr(part)).collect()
    }

    fn arm(&mut self, from: &syn::Arm) -> Arm {
        let (bare, guard) = match &from.pat {
            syn::Pat::Guard(guarded) => (&*guarded.pat, Some(&guarded.guard)),
            bare => (bare, None),
        };
        let arm = Arm {
            pat: pat(bare),
            guard: guard.map(|guard| Box::new(self.expr(guard))),
            body: self.expr(&from.body),
        };
        self.note_stmt(arm.pat.span, Some(arm.body.span));
        arm
    }
}

fn has_value(stmts: &[S]) -> bool {
    match stmts.last() {
        Some(S::Expr(_, semi)) => semi.is_none(),
        Some(S::Macro(of)) => of.semi_token.is_none(),
        _ => false,
    }
}

fn literal(lit: &syn::Lit) -> (Span, ExprKind) {
    let kind = match lit {
        syn::Lit::Str(text) => ExprKind::Str(text.value()),
        syn::Lit::Bool(literal) => ExprKind::Bool(literal.value),
        _ => ExprKind::Lit,
    };
    (span(lit.span()), kind)
}
