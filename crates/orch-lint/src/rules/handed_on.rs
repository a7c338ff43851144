//! Branches that decide nothing: they hand on what they got, or say that nothing is known.

use std::collections::HashSet;

use super::mentions::{Carriers, once_bound};
use super::remaining_variants::{ENUMS, takes_all};
use super::said_unknown;
use crate::model::calls::Calls;
use crate::model::constants::Bound;
use crate::model::{Function, Workspace};
use crate::syntax::{Arm, Block, Expr, ExprKind, Path, Span, visit};

/// What a branch says of a call, by the runtime's names.
#[derive(Default)]
pub(super) struct Said {
    unknown: bool,
    /// Where it says something else.
    decided: Vec<Span>,
}

impl Said {
    /// Reads a branch.
    pub(super) fn by(workspace: &Workspace<'_>, function: &Function<'_>, branch: &Expr) -> Self {
        let mut said = Self::default();
        visit::each(
            branch,
            &mut |expr| match says_unknown(workspace, function, expr) {
                Some(true) => said.unknown = true,
                Some(false) => said.decided.push(expr.span),
                None => {}
            },
        );
        said
    }

    /// Whether it says that nothing is known, and nothing else.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown && self.decided.is_empty()
    }
}

/// Whether a value of the runtime's enums says that nothing is known; absent for all else.
pub(super) fn says_unknown(
    workspace: &Workspace<'_>,
    function: &Function<'_>,
    expr: &Expr,
) -> Option<bool> {
    let found = workspace.resolve_value(function.module, value_path(expr)?);
    let mut enums = ENUMS.iter();
    let variant = enums.find_map(|name| found.runtime_variant(name))?;
    let unknown = ["NoAnswer", "StillUnknown", "Unknown", "unknown"];
    Some(unknown.contains(&variant))
}

/// The path of a struct, a call or a variant without fields.
fn value_path(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Struct { path, .. } | ExprKind::Path(path) => Some(path),
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => Some(path),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an arm says that nothing is known, or does something else with the value than decide about it; so
/// may what comes after the `match`.
pub(super) fn decides_nothing<'a>(
    workspace: &Workspace<'a>,
    calls: &Calls<'_, 'a>,
    function: &Function<'a>,
    matched: Matched<'a>,
    arm: &'a Arm,
) -> bool {
    let said = Said::by(workspace, function, &arm.body);
    if said.is_unknown() {
        return true;
    }
    let body: &'a Block = function.body;
    let whole = names_in(matched.scrutinee, &once_bound(body));
    let mut names = whole.clone();
    arm.pat.each_name(&mut |name| {
        names.insert(name);
    });
    let mut here = Vec::new();
    visit::each(&arm.body, &mut |expr| {
        if !said.decided.iter().any(|of| of.contains(expr.span)) {
            here.push(expr);
        }
    });
    Carriers::of(names, body).are_used_among(&here)
        || Carriers::only(whole).are_used_among(&behind(body, matched.span))
        || said_unknown::is_said_by(workspace, calls, function, &arm.body)
}

/// What comes after an expression, without what is only looked at by a `match` that leaves something open, too.
fn behind(body: &Block, span: Span) -> Vec<&Expr> {
    let (mut found, mut matched) = (Vec::new(), Vec::new());
    visit::each_in_block(body, &mut |expr| {
        if span.end <= expr.span.start {
            found.push(expr);
        }
        match &expr.kind {
            ExprKind::Match { scrutinee, arms } if arms.iter().any(|arm| takes_all(&arm.pat)) => {
                matched.push(scrutinee.span);
            }
            _ => {}
        }
    });
    found.retain(|expr| !matched.contains(&expr.span));
    found
}

/// A `match`.
#[derive(Clone, Copy)]
pub(super) struct Matched<'e> {
    /// All of it.
    pub(super) span: Span,
    /// The value looked at.
    pub(super) scrutinee: &'e Expr,
}

/// The names that the parts of a value go by.
fn names_in<'e>(value: &'e Expr, bound: &Bound<'e>) -> HashSet<&'e str> {
    match &value.kind {
        ExprKind::Group(parts) => parts
            .iter()
            .flat_map(|part| names_in(part, bound))
            .collect(),
        _ => names(value, bound).unwrap_or_default(),
    }
}

/// The names that the value goes by; absent when it is gone once it was looked at.
pub(super) fn names<'e>(value: &'e Expr, bound: &Bound<'e>) -> Option<HashSet<&'e str>> {
    let name = name(value)?;
    let mut found = HashSet::from([name]);
    let source = bound.get(name).and_then(|init| self::name(init));
    found.extend(source);
    Some(found)
}

/// The variable that a value is, or is a part of.
fn name(value: &Expr) -> Option<&str> {
    const SAME: &[&str] = &[
        "as_deref", "as_mut", "as_ref", "borrow", "clone", "to_owned",
    ];
    match &value.kind {
        ExprKind::Path(path) => path.as_ident(),
        ExprKind::Field { base: inner, .. } | ExprKind::Place(inner) => name(inner),
        ExprKind::Method {
            receiver, name: of, ..
        } if SAME.contains(&of.text.as_str()) => name(receiver),
        _ => None,
    }
}
