//! Which expressions give a transaction that was just opened.

use std::collections::HashSet;
use std::ptr;

use crate::known;
use crate::model::infer::Walker;
use crate::model::{Function, RTy, Res, Workspace};
use crate::syntax::{Arm, Block, Expr, ExprKind, Pat, PatKind, Stmt};

/// Methods of databases that give a transaction.
pub(super) const OPENERS: &[&str] = &[
    "begin",
    "begin_transaction",
    "begin_with",
    "begin_with_config",
    "savepoint",
    "start_transaction",
    "transaction",
    "try_begin",
    "try_begin_with",
    "unchecked_transaction",
];
/// Methods of databases that give a transaction to a closure.
const LENDERS: &[&str] = &["transaction", "transaction_with_config"];
/// Methods that hand on what they are called on.
const CARRIERS: &str = "attach attach_with change_context context expect inspect inspect_err map_err ok \
    ok_or ok_or_else or_else unwrap unwrap_or_else with_context wrap_err wrap_err_with";
/// Functions that give what a future gives.
const LIMITS: &str = "timeout timeout_at";
/// Macros behind which nothing is reached.
pub(super) const DIVERGING: &[&str] = &["bail", "panic", "todo", "unimplemented", "unreachable"];

/// The calls of a body that open transactions.
#[derive(Default)]
pub(super) struct Openers {
    giving: HashSet<*const Expr>,
    /// Those that lend it to a closure, and end it themselves.
    lending: HashSet<*const Expr>,
}

impl Openers {
    /// Those of a function.
    pub(super) fn of<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> Self {
        let mut found = Openers::default();
        function
            .walker(workspace)
            .block(function.body, &mut |walker, expr| {
                if gives(walker, expr) {
                    found.giving.insert(ptr::from_ref(expr));
                } else if lends(walker, expr) {
                    found.lending.insert(ptr::from_ref(expr));
                }
            });
        found
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.giving.is_empty() && self.lending.is_empty()
    }

    /// Whether a call opens a transaction and lends it to a closure.
    pub(super) fn lend(&self, call: &Expr) -> bool {
        self.lending.contains(&ptr::from_ref(call))
    }

    /// Whether the value of an expression is a transaction that it opens, on every way that gives one.
    pub(super) fn give(&self, expr: &Expr) -> bool {
        if self.giving.contains(&ptr::from_ref(expr)) {
            return true;
        }
        match &expr.kind {
            ExprKind::Await(inner) | ExprKind::Try(inner) | ExprKind::Place(inner) => {
                self.give(inner)
            }
            ExprKind::Method { receiver, name, .. } => {
                known::has(CARRIERS, &name.text) && self.give(receiver)
            }
            ExprKind::Call { callee, args } => {
                is_limit(callee) && args.iter().any(|arg| self.give(arg))
            }
            ExprKind::Block(block) => value(block).is_some_and(|value| self.give(value)),
            ExprKind::If {
                then,
                otherwise: Some(otherwise),
                ..
            } => {
                let first = value(then).is_some_and(|value| self.give(value));
                let other = self.give(otherwise);
                (first || is_left(then)) && (other || diverges(otherwise)) && (first || other)
            }
            ExprKind::Match { scrutinee, arms } => {
                let given = self.give(scrutinee);
                let mut left = arms.iter().filter(|arm| !diverges(&arm.body)).peekable();
                left.peek().is_some() && left.all(|arm| self.arm_gives(arm, given))
            }
            _ => false,
        }
    }

    /// Whether an arm gives a transaction: a new one, or the one that is matched.
    fn arm_gives(&self, arm: &Arm, is_matched: bool) -> bool {
        let body = match &arm.body.kind {
            ExprKind::Block(block) => value(block).unwrap_or(&arm.body),
            _ => &arm.body,
        };
        let is_it = match &body.kind {
            ExprKind::Path(path) => {
                let name = path.as_ident();
                is_matched && name.is_some() && name == bound(&arm.pat)
            }
            _ => false,
        };
        is_it || self.give(body)
    }
}

/// Whether a call gives a transaction that it opens.
fn gives<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    let is_given = || {
        let ty = walker.type_of(expr);
        ty.is_some_and(|ty| is_transaction(ty.settled()))
    };
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => {
            let is_opener = OPENERS.contains(&name.text.as_str());
            is_opener && !take_a_closure(args) && (is_of_database(walker, receiver) || is_given())
        }
        ExprKind::Call { callee, args } => {
            is_given() || walker.called(expr).is_none() && is_by_path(walker, callee, args)
        }
        _ => false,
    }
}

/// `PgPool::begin(&pool)`, `sqlx::Acquire::begin(&pool)`.
fn is_by_path<'a>(walker: &Walker<'_, 'a>, callee: &'a Expr, args: &'a [Expr]) -> bool {
    let (ExprKind::Path(path), [of, rest @ ..]) = (&callee.kind, args) else {
        return false;
    };
    let is_opener = path
        .last()
        .is_some_and(|last| OPENERS.contains(&last.name.text.as_str()));
    let is_method = path.segments.len() > 1 || path.qself.is_some();
    is_opener && is_method && !take_a_closure(rest) && is_of_database(walker, of)
}

/// Whether a call opens a transaction for a closure.
fn lends<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> bool {
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => {
            let is_lender = LENDERS.contains(&name.text.as_str());
            is_lender && take_a_closure(args) && is_of_database(walker, receiver)
        }
        _ => false,
    }
}

fn take_a_closure(args: &[Expr]) -> bool {
    let is_closure = |arg: &Expr| matches!(arg.kind, ExprKind::Closure { .. });
    args.iter().any(is_closure)
}

fn is_of_database<'a>(walker: &Walker<'_, 'a>, receiver: &'a Expr) -> bool {
    let of = walker.type_of(receiver);
    of.is_some_and(|of| is_database(of.behind_pointers()))
}

/// Whether a type is a database, or all that is known of it is that it is one.
fn is_database(ty: &RTy) -> bool {
    match ty {
        RTy::Bounds(bounds) => bounds.iter().any(|bound| match &bound.name {
            Res::External(path) => known::is_database(path),
            _ => false,
        }),
        _ => ty.is_database(),
    }
}

/// Whether a type is a transaction of a database.
pub(super) fn is_transaction(ty: &RTy) -> bool {
    match ty.behind_pointers() {
        RTy::External(path, _) => {
            let last = path.last().map_or("", String::as_str);
            let is_named = last.ends_with("Transaction") || matches!(last, "Savepoint" | "HookTx");
            is_named && known::is_database(path)
        }
        _ => false,
    }
}

/// The one name that a pattern gives to a value, or to what is in its `Ok` or `Some`.
pub(super) fn bound(pat: &Pat) -> Option<&str> {
    match &pat.kind {
        PatKind::Bind { name, .. } => Some(&name.text),
        PatKind::Typed(inner, _) | PatKind::Ref(inner) => bound(inner),
        PatKind::TupleStruct(path, parts) => match parts.as_slice() {
            [only] if matches!(path.text().as_str(), "Ok" | "Some") => bound(only),
            _ => None,
        },
        _ => None,
    }
}

fn is_limit(callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Path(path) => {
            let last = path.last();
            last.is_some_and(|last| known::has(LIMITS, &last.name.text))
        }
        _ => false,
    }
}

/// The value of a block.
fn value(block: &Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(last)) if block.has_value && !diverges(last) => Some(last),
        _ => None,
    }
}

/// Whether nothing is reached behind an expression.
fn diverges(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Leave(..) => true,
        ExprKind::Macro(call) => call.path.last().is_some_and(|last| {
            let name = last.name.text.as_str();
            DIVERGING.contains(&name)
        }),
        ExprKind::Block(block) => is_left(block),
        _ => false,
    }
}

fn is_left(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(last)) => diverges(last),
        _ => false,
    }
}
