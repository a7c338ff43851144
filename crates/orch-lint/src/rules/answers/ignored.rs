//! The second pass: results are followed to what is decided about an error that nobody looked at.

use std::ptr;

use super::{Answers, Decided, ErrorOf, Ignored, wrapped};
use crate::syntax::{Arm, Block, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

/// Methods of `Result` that keep its error.
const KEEPING: &[&str] = &[
    "and_then",
    "as_mut",
    "as_ref",
    "inspect",
    "inspect_err",
    "map",
];

/// Methods of `Result` that call their first argument with the error.
pub(super) const TAKING_ERROR: &[&str] = &["map_err", "map_or_else", "or_else", "unwrap_or_else"];

impl<'e> Answers<'e> {
    /// Which error a value may have.
    fn result(&self, value: &'e Expr, depth: usize) -> Option<ErrorOf> {
        const MAX_DEPTH: usize = 16;
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(known) = self.results.get(&ptr::from_ref(value)) {
            return Some(*known);
        }
        match &value.kind {
            ExprKind::Place(inner) => self.result(inner, depth + 1),
            ExprKind::Path(path) => match self.bound.get(path.as_ident()?)?.as_slice() {
                [only] => self.result(only, depth + 1),
                _ => None,
            },
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                let keeps = KEEPING.contains(&name.text.as_str())
                    || name.text == "map_err" && args.first().is_some_and(is_plain_closure);
                keeps.then(|| self.result(receiver, depth + 1)).flatten()
            }
            ExprKind::Await(inner) => match &inner.kind {
                ExprKind::Async(block) => self.tried_in(block, depth),
                _ => None,
            },
            _ => None,
        }
    }

    /// The error that a `?` of an async block hands on.
    fn tried_in(&self, block: &'e Block, depth: usize) -> Option<ErrorOf> {
        let mut found = None;
        visit::each_in_block(block, &mut |expr| {
            if let ExprKind::Try(inner) = &expr.kind {
                found = found.or_else(|| self.result(inner, depth + 1));
            }
        });
        found
    }

    /// What a value decides, when it decides the same on every way to it.
    pub(in crate::rules) fn decides(&self, value: &Expr) -> Option<(Decided, Span)> {
        if let Some(decided) = self.decisions.get(&ptr::from_ref(value)) {
            return Some((*decided, value.span));
        }
        match &value.kind {
            ExprKind::Block(block) => self.block_decides(block),
            ExprKind::Leave(_, Some(inner)) | ExprKind::Try(inner) => self.decides(inner),
            ExprKind::Call { callee, args } => match (&callee.kind, args.as_slice()) {
                (ExprKind::Path(path), [only])
                    if matches!(path.as_ident(), Some("Ok" | "Err" | "Some")) =>
                {
                    self.decides(only)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What the last statement of a block decides, when none before it may leave.
    pub(in crate::rules) fn block_decides(&self, block: &Block) -> Option<(Decided, Span)> {
        let (last, before) = block.stmts.split_last()?;
        let mut leaves = false;
        for stmt in before {
            visit::each_in_stmt(stmt, &mut |expr| {
                leaves |= matches!(expr.kind, ExprKind::Leave(..) | ExprKind::Try(_));
            });
        }
        match last {
            Stmt::Expr(last) if !leaves => self.decides(last),
            _ => None,
        }
    }

    /// Decisions about errors that nobody looked at.
    pub(in crate::rules) fn ignored(&self) -> Vec<Ignored> {
        let mut found = Vec::new();
        visit::each_in_block(self.body, &mut |expr| self.ignored_by(expr, &mut found));
        visit::each_block(self.body, &mut |block| {
            for stmt in &block.stmts {
                if let Stmt::Let {
                    pat,
                    init: Some(init),
                    otherwise: Some(otherwise),
                } = stmt
                    && let Some(result) = succeeds(pat, init)
                {
                    found.extend(self.judge(result, self.decides(otherwise)));
                }
            }
        });
        found
    }

    fn judge(&self, result: &'e Expr, decided: Option<(Decided, Span)>) -> Option<Ignored> {
        let error = self.result(result, 0)?;
        let (decided, span) = decided?;
        let is_open = decided != Decided::Unknown && !self.is_looked_at_before(result);
        is_open.then_some(Ignored {
            error,
            decided,
            span,
        })
    }

    fn ignored_by(&self, expr: &'e Expr, found: &mut Vec<Ignored>) {
        match &expr.kind {
            ExprKind::Match { scrutinee, arms } => {
                let (result, done) = match without_error(scrutinee) {
                    Some(result) => (result, "Some"),
                    None if arms.iter().any(looks) => return,
                    None => (&**scrutinee, "Ok"),
                };
                let open = arms.iter().filter(|arm| wrapped(&arm.pat, done).is_none());
                found.extend(open.filter_map(|arm| self.judge(result, self.decides(&arm.body))));
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let then = || self.block_decides(then);
                let other = || otherwise.as_ref().and_then(|other| self.decides(other));
                found.extend(match asked(cond) {
                    Some((result, Asked::Success)) => self.judge(result, other()),
                    Some((result, Asked::Error)) => self.judge(result, then()),
                    None => None,
                });
            }
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                let first = args.first();
                let name = name.text.as_str();
                let decided = match name {
                    "unwrap_or" | "map_or" => first.and_then(|arg| self.decides(arg)),
                    _ if TAKING_ERROR.contains(&name) => {
                        first.and_then(|arg| match &self.behind_name(arg).kind {
                            ExprKind::Closure { body, .. } => self.decides(body),
                            _ => self.decides(arg),
                        })
                    }
                    _ => None,
                };
                found.extend(self.judge(receiver, decided));
            }
            _ => {}
        }
    }
}

/// What a condition asks of a result.
enum Asked {
    Success,
    Error,
}

/// Whether a condition asks of a result only if there is an error.
fn asked(cond: &Expr) -> Option<(&Expr, Asked)> {
    match &cond.kind {
        ExprKind::Let { pat, value } => match succeeds(pat, value) {
            Some(result) => Some((result, Asked::Success)),
            None => wrapped(pat, "Err")
                .is_some_and(is_open)
                .then_some((value, Asked::Error)),
        },
        ExprKind::Method { receiver, name, .. } => match name.text.as_str() {
            "is_ok" => Some((receiver, Asked::Success)),
            "is_err" => Some((receiver, Asked::Error)),
            _ => None,
        },
        ExprKind::Derived(inner) => {
            let (result, asked) = asked(inner)?;
            let opposite = match asked {
                Asked::Success => Asked::Error,
                Asked::Error => Asked::Success,
            };
            Some((result, opposite))
        }
        _ => None,
    }
}

/// The result that a pattern takes the success of: `Ok(..) = result`, `Some(..) = result.ok()`.
fn succeeds<'e>(pat: &Pat, value: &'e Expr) -> Option<&'e Expr> {
    match without_error(value) {
        Some(result) => wrapped(pat, "Some").map(|_| result),
        None => wrapped(pat, "Ok").map(|_| value),
    }
}

/// The result of which `ok()` leaves the success alone.
fn without_error(value: &Expr) -> Option<&Expr> {
    match &value.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => (name.text == "ok" && args.is_empty()).then_some(receiver),
        _ => None,
    }
}

/// A closure that asks nothing: what it makes of the error says no more than the error.
fn is_plain_closure(expr: &Expr) -> bool {
    let ExprKind::Closure { body, .. } = &expr.kind else {
        return false;
    };
    let mut asks = false;
    visit::each(body, &mut |expr| {
        asks |= match &expr.kind {
            ExprKind::If { .. } | ExprKind::Match { .. } => true,
            ExprKind::Method { name, args, .. } => !args.is_empty() || name.text == "into",
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => !path
                    .last()
                    .is_some_and(|last| last.name.text.starts_with(char::is_uppercase)),
                _ => true,
            },
            _ => false,
        };
    });
    !asks
}

/// Whether an arm asks what error it is.
pub(super) fn looks(arm: &Arm) -> bool {
    if wrapped(&arm.pat, "Ok").is_some() {
        return false;
    }
    let inner = wrapped(&arm.pat, "Err").unwrap_or(&arm.pat);
    arm.guard.is_some() || !is_open(inner)
}

/// Whether a pattern takes everything.
pub(super) fn is_open(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Wild => true,
        PatKind::Bind { name, sub: None } => !name.text.starts_with(char::is_uppercase),
        PatKind::Ref(inner) | PatKind::Typed(inner, _) => is_open(inner),
        _ => false,
    }
}
