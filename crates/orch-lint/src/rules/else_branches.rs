//! `if let … else` and `let … else` that name some variants of the runtime's enums, and leave to the `else`
//! what is not known.
//!
//! An `else` that mentions the value hands it on or looks at it again, and so may what comes after an
//! `if let`: neither is found. Nor is an `else` that says that nothing is known.

use super::handed_on::{Said, names};
use super::matched_else::{Matched, Place};
use super::mentions::{Carriers, once_bound};
use super::remaining_variants::{Closed, OpenMatch, enum_of, names_unknown, unknown_of};
use super::said_unknown;
use crate::model::calls::Calls;
use crate::model::{Function, ModuleId, Workspace};
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Pos, Span, Stmt, visit};

/// An `else` that decides about what is not known.
pub(super) struct Open {
    /// The pattern.
    pub(super) span: Span,
    /// The enum.
    pub(super) name: &'static str,
    /// Its variant that says that nothing is known.
    pub(super) unknown: &'static str,
    /// The same as a `match`, where it can be written as one.
    pub(super) matched: Option<Matched>,
}

/// A pattern with an `else`.
struct Refutable<'e> {
    pat: &'e Pat,
    value: &'e Expr,
    otherwise: &'e Expr,
    rest: Rest,
    /// Where it stands, when it is alone in its condition.
    place: Option<Place>,
}

/// What may run where a pattern does not match.
enum Rest {
    /// The `else` of a `let`.
    Else,
    /// What stands behind the beginning of an `if`, and neither in its condition nor in its first branch.
    Behind(Pos, [Span; 2]),
}

/// All of them in a function.
pub(super) fn open<'a>(
    workspace: &Workspace<'a>,
    calls: &Calls<'_, 'a>,
    function: &Function<'a>,
) -> Vec<Open> {
    let body: &Block = function.body;
    if !function.body.mentions(&["else"]) {
        return Vec::new();
    }
    let mut patterns = Vec::new();
    visit::each_in_block(body, &mut |expr| patterns.extend(of_if(expr)));
    visit::each_block(body, &mut |block| {
        patterns.extend(block.stmts.iter().filter_map(of_let));
    });
    let bound = once_bound(body);
    let mut found = Vec::new();
    for refutable in patterns {
        let (pat, value) = (refutable.pat, refutable.value);
        let is_handed_on = || {
            names(value, &bound).is_some_and(|names| {
                let rest = refutable.rest(body);
                Carriers::of(names, body).are_used_among(&rest)
            })
        };
        let otherwise = refutable.otherwise;
        let is_unknown = || {
            Said::by(workspace, function, otherwise).is_unknown()
                || said_unknown::is_said_by(workspace, calls, function, otherwise)
        };
        let open =
            left_open(workspace, function.module, pat).filter(|_| !is_handed_on() && !is_unknown());
        found.extend(open.map(|open| Open {
            matched: refutable.place.and_then(|place| {
                let closed = Closed::Runtime(open.name);
                let rest = OpenMatch::behind(workspace, function.module, closed, pat)?;
                Some(Matched::new(place, pat, rest))
            }),
            ..open
        }));
    }
    found
}

impl<'e> Refutable<'e> {
    fn rest(&self, body: &'e Block) -> Vec<&'e Expr> {
        let mut found = Vec::new();
        match &self.rest {
            Rest::Else => visit::each(self.otherwise, &mut |expr| found.push(expr)),
            Rest::Behind(start, others) => visit::each_in_block(body, &mut |expr| {
                let is_other = others.iter().any(|other| other.contains(expr.span));
                if *start < expr.span.start && !is_other {
                    found.push(expr);
                }
            }),
        }
        found
    }
}

/// `if let pat = value { .. } else { .. }`.
fn of_if(expr: &Expr) -> Vec<Refutable<'_>> {
    let ExprKind::If {
        cond,
        then,
        otherwise: Some(otherwise),
    } = &expr.kind
    else {
        return Vec::new();
    };
    let place = match (&cond.kind, &otherwise.kind) {
        (ExprKind::Let { .. }, ExprKind::Block(block)) => Some(Place::If {
            start: expr.span.start,
            then: then.span,
            otherwise: block.span,
        }),
        _ => None,
    };
    let conditions = conditions(cond).into_iter();
    let pattern = |(pat, value)| Refutable {
        pat,
        value,
        otherwise,
        rest: Rest::Behind(expr.span.start, [cond.span, then.span]),
        place,
    };
    conditions.map(pattern).collect()
}

/// `let pat = value else { .. }`.
fn of_let(stmt: &Stmt) -> Option<Refutable<'_>> {
    let Stmt::Let {
        pat,
        init: Some(value),
        otherwise: Some(otherwise),
    } = stmt
    else {
        return None;
    };
    Some(Refutable {
        pat,
        value,
        otherwise,
        rest: Rest::Else,
        place: Some(Place::Let {
            otherwise: otherwise.span,
        }),
    })
}

/// `let pat = value` in a condition, also among others.
fn conditions(cond: &Expr) -> Vec<(&Pat, &Expr)> {
    match &cond.kind {
        ExprKind::Let { pat, value } => vec![(pat, value)],
        ExprKind::Group(parts) => parts.iter().flat_map(conditions).collect(),
        _ => Vec::new(),
    }
}

/// What a pattern leaves open, when it names variants of an enum of the runtime and not the unknown one.
fn left_open(workspace: &Workspace<'_>, module: ModuleId, pat: &Pat) -> Option<Open> {
    let inside = match &pat.kind {
        PatKind::TupleStruct(_, parts) if parts.len() == 1 => {
            let own = enum_of(workspace, module, pat);
            own.map_or(&parts[0], |_| pat)
        }
        _ => pat,
    };
    let name = enum_of(workspace, module, inside)?;
    let is_named = names_unknown(workspace, module, inside, name);
    (!is_named).then(|| Open {
        span: pat.span,
        name,
        unknown: unknown_of(name),
        matched: None,
    })
}
