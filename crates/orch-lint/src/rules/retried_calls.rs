//! Loops that call again because the call failed.
//!
//! Such a loop is left because a call succeeded. One that is left for another reason goes on after success: it
//! beats, or asks for one page after the other.

use super::mentions::{Carriers, once_bound};
use crate::model::constants::Bound;
use crate::syntax::{Arm, Block, Exit, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

/// What a condition or a pattern says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Succeeded,
    Failed,
    Unclear,
}

impl Said {
    fn opposite(self) -> Self {
        match self {
            Said::Succeeded => Said::Failed,
            Said::Failed => Said::Succeeded,
            Said::Unclear => Said::Unclear,
        }
    }

    /// What those say that say something, when they agree.
    fn by_all(all: impl IntoIterator<Item = Self>) -> Self {
        let mut clear = all.into_iter().filter(|said| *said != Said::Unclear);
        match clear.next() {
            Some(first) if clear.all(|said| said == first) => first,
            _ => Said::Unclear,
        }
    }

    fn by_pattern(pat: &Pat) -> Self {
        match &pat.kind {
            PatKind::TupleStruct(path, parts) => match path.last() {
                Some(last) if last.name.text == "Ok" => {
                    let inside = parts.iter().map(Said::by_pattern);
                    match Said::by_all(inside) {
                        Said::Failed => Said::Failed,
                        _ => Said::Succeeded,
                    }
                }
                Some(last) if last.name.text == "Err" => Said::Failed,
                _ => Said::Unclear,
            },
            PatKind::Path(path) => path
                .last()
                .map_or(Said::Unclear, |of| by_name(&of.name.text)),
            PatKind::Bind { sub: Some(sub), .. } => Said::by_pattern(sub),
            PatKind::Or(cases) => Said::by_all(cases.iter().map(Said::by_pattern)),
            PatKind::Ref(inner) | PatKind::Typed(inner, _) => Said::by_pattern(inner),
            _ => Said::Unclear,
        }
    }
}

/// What the name of a method, a variant or a status says.
fn by_name(name: &str) -> Said {
    match name {
        "is_ok" | "is_ok_and" | "is_success" | "ACCEPTED" | "CREATED" | "NO_CONTENT" | "OK"
        | "Ok" => Said::Succeeded,
        "is_client_error" | "is_err" | "is_err_and" | "is_server_error" | "is_timeout" | "Err" => {
            Said::Failed
        }
        _ => Said::Unclear,
    }
}

/// What led to an expression.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// The last condition was that the call succeeded.
    succeeded: bool,
    failed: bool,
    /// It leads into a loop within the loop.
    is_inner: bool,
}

impl Way {
    /// Behind a condition, which says nothing of the call when that is absent.
    fn behind(self, said: Option<Said>) -> Self {
        let failed = self.failed || said == Some(Said::Failed);
        Self {
            succeeded: !failed && said == Some(Said::Succeeded),
            failed,
            ..self
        }
    }

    fn into_loop(self) -> Self {
        Self {
            is_inner: true,
            ..self.behind(None)
        }
    }
}

/// Whether a loop is left because the call in it succeeded.
pub(super) fn ends_with_success(repeated: &Expr, call: Span) -> bool {
    let (cond, body) = match &repeated.kind {
        ExprKind::While { cond, body } => (Some(cond), body),
        ExprKind::Loop(body) | ExprKind::For { body, .. } => (None, body),
        _ => return false,
    };
    let mut exits = Exits {
        call,
        given: Carriers::of(given_by(body, call), body),
        bound: once_bound(body),
        goes_on: false,
        found: false,
    };
    let asked = cond.and_then(|cond| exits.asked(cond));
    exits.block(body, Way::default());
    exits.found || asked == Some(Said::Failed)
}

/// The names that get what a call gives.
fn given_by(body: &Block, call: Span) -> Vec<&str> {
    let mut bound: Vec<(&Pat, &Expr)> = Vec::new();
    visit::each_block(body, &mut |block| {
        bound.extend(block.stmts.iter().filter_map(of_let))
    });
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Macro(of) => bound.extend(of.body.parts.iter().filter_map(of_let)),
        ExprKind::Let { pat, value } => bound.push((pat, value)),
        ExprKind::Match { scrutinee, arms } => {
            bound.extend(arms.iter().map(|arm| (&arm.pat, &**scrutinee)));
        }
        _ => {}
    });
    let mut names = Vec::new();
    for (pat, _) in bound.iter().filter(|(_, from)| from.span.contains(call)) {
        pat.each_name(&mut |name| names.push(name));
    }
    names
}

fn of_let(stmt: &Stmt) -> Option<(&Pat, &Expr)> {
    match stmt {
        Stmt::Let {
            pat,
            init: Some(init),
            ..
        } => Some((pat, init)),
        _ => None,
    }
}

/// The ways out of a loop.
struct Exits<'e> {
    call: Span,
    /// What carries what the call gave.
    given: Carriers<'e>,
    bound: Bound<'e>,
    /// Whether a failed call begins the next turn.
    goes_on: bool,
    /// Whether a call that succeeded leaves the loop.
    found: bool,
}

impl<'e> Exits<'e> {
    fn block(&mut self, block: &'e Block, mut way: Way) {
        for stmt in &block.stmts {
            let before = std::mem::take(&mut self.goes_on);
            match stmt {
                Stmt::Let {
                    pat,
                    init,
                    otherwise,
                } => {
                    init.iter().for_each(|init| self.expr(init, way));
                    let is_asked = init.as_ref().is_some_and(|init| self.is_about(init));
                    let said = is_asked.then(|| Said::by_pattern(pat).opposite());
                    otherwise
                        .iter()
                        .for_each(|other| self.expr(other, way.behind(said)));
                }
                Stmt::Expr(expr) => self.expr(expr, way),
            }
            way.succeeded |= self.goes_on && !way.failed;
            self.goes_on |= before;
        }
    }

    fn expr(&mut self, expr: &'e Expr, way: Way) {
        match &expr.kind {
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let said = self.asked(cond);
                self.expr(cond, way);
                self.block(then, way.behind(said));
                let said = said.map(Said::opposite);
                otherwise
                    .iter()
                    .for_each(|other| self.expr(other, way.behind(said)));
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee, way);
                let is_asked = self.is_about(scrutinee);
                for (at, arm) in arms.iter().enumerate() {
                    let said = is_asked.then(|| self.said_by_arm(&arms[..at], arm));
                    self.expr(&arm.body, way.behind(said));
                }
            }
            ExprKind::Loop(body) | ExprKind::For { body, .. } | ExprKind::While { body, .. } => {
                self.block(body, way.into_loop());
            }
            ExprKind::Block(block) => self.block(block, way),
            ExprKind::Macro(of) => self.arms_of_select(&of.body.parts, way),
            ExprKind::Leave(exit, value) => {
                value.iter().for_each(|value| self.expr(value, way));
                self.leave(*exit, value.as_deref(), way);
            }
            // What they leave is not the loop.
            ExprKind::Closure { .. } | ExprKind::Async(_) => {}
            _ => visit::parts(expr, &mut |part| self.expr(part, way)),
        }
    }

    fn leave(&mut self, exit: Exit, value: Option<&Expr>, way: Way) {
        let is_error = || match value.map(|value| &value.kind) {
            Some(ExprKind::Call { callee, .. }) => match &callee.kind {
                ExprKind::Path(path) => path.as_ident() == Some("Err"),
                _ => false,
            },
            _ => false,
        };
        match exit {
            Exit::Continue => self.goes_on |= way.failed && !way.is_inner,
            Exit::Break if way.is_inner => {}
            _ => self.found |= way.succeeded && !is_error(),
        }
    }

    /// Each arm waits for something else.
    fn arms_of_select(&mut self, parts: &'e [Stmt], way: Way) {
        let mut arm = way.behind(None);
        for part in parts {
            match part {
                Stmt::Let { pat, init, .. } => {
                    let is_asked = init.as_ref().is_some_and(|init| self.is_about(init));
                    arm = way.behind(is_asked.then(|| Said::by_pattern(pat)));
                }
                Stmt::Expr(expr) => self.expr(expr, arm),
            }
        }
    }

    /// Whether an expression is about what the call gave.
    fn is_about(&self, expr: &Expr) -> bool {
        expr.span.contains(self.call) || self.given.are_in(expr)
    }

    /// What a condition says of the call; absent when it is about something else.
    fn asked(&self, cond: &Expr) -> Option<Said> {
        self.is_about(cond).then(|| self.said(cond, true))
    }

    fn said(&self, expr: &Expr, follows_names: bool) -> Said {
        let by_parts = || {
            let mut all = Vec::new();
            visit::parts(expr, &mut |part| all.push(self.said(part, follows_names)));
            Said::by_all(all)
        };
        match &expr.kind {
            ExprKind::Let { pat, .. } => Said::by_pattern(pat),
            ExprKind::Derived(inner) => self.said(inner, follows_names).opposite(),
            ExprKind::Method { name, .. } => match by_name(&name.text) {
                Said::Unclear => by_parts(),
                said => said,
            },
            ExprKind::Path(path) => {
                let init = path.as_ident().and_then(|name| self.bound.get(name));
                match (init, path.last()) {
                    (Some(init), _) if follows_names => self.said(init, false),
                    (None, Some(last)) => by_name(&last.name.text),
                    _ => Said::Unclear,
                }
            }
            _ => by_parts(),
        }
    }

    /// What an arm says, behind others.
    fn said_by_arm(&self, before: &[Arm], arm: &Arm) -> Said {
        let by_pattern = match &arm.pat.kind {
            PatKind::Wild | PatKind::Bind { sub: None, .. } if arm.guard.is_none() => {
                let before = before.iter().map(|arm| Said::by_pattern(&arm.pat));
                Said::by_all(before).opposite()
            }
            _ => Said::by_pattern(&arm.pat),
        };
        let by_guard = arm.guard.as_ref().map(|guard| self.said(guard, true));
        match (by_pattern, by_guard) {
            (_, Some(Said::Failed)) => Said::Failed,
            (Said::Unclear, Some(said)) => said,
            (said, _) => said,
        }
    }
}
