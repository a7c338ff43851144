//! What a body names, as one flat list: all that most questions need, and much less than the body.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::expr::{Block, Expr, ExprKind, Pat, PatKind};
use super::patterns::{each_in_block, each_in_value, each_part};
use super::span::Span;
use super::ty::{Bound, Path, Ty, TyKind};

/// A name or a path, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Named<'b> {
    /// `a::b::C`, without arguments.
    #[cfg_attr(feature = "cache", serde(borrow))]
    pub(crate) text: Cow<'b, str>,
    /// `::` in front.
    pub(crate) global: bool,
    /// Where it stands.
    pub(crate) span: Span,
    /// What it stands for.
    pub(crate) role: Role,
}

/// What a name in a body stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Role {
    /// A variable that a pattern makes, or a constant it is compared with. These come first.
    Binding,
    /// A type.
    Type,
    /// A value that is no variable.
    Value,
    /// A value, or a variable.
    Ident,
    /// What is called, once more: a function, or a variable.
    Called,
    /// A word among tokens that do not read as Rust.
    Word,
}

/// Calls `see` for all that a body names, where it does so first: variables, then patterns, then expressions.
pub(crate) fn in_block<'b>(body: &'b Block, see: &mut dyn FnMut(Named<'b>)) {
    let (mut patterns, mut exprs) = (Vec::new(), Vec::new());
    let mut see_pattern = |pat| patterns.push(pat);
    each_in_block(body, &mut see_pattern, &mut |expr| {
        exprs.extend(names_anything(expr).then_some(expr));
    });
    let mut seen = FxHashSet::default();
    in_parts(&patterns, &exprs, &mut |named| {
        if seen.insert((named.text.clone(), named.global, named.role)) {
            see(named);
        }
    });
}

/// Calls `see` for all that the value of a constant names, in the same order, each time.
pub(crate) fn in_value<'b>(value: &'b Expr, see: &mut dyn FnMut(Named<'b>)) {
    let (mut patterns, mut exprs) = (Vec::new(), Vec::new());
    let mut see_pattern = |pat| patterns.push(pat);
    each_in_value(value, &mut see_pattern, &mut |expr| {
        exprs.extend(names_anything(expr).then_some(expr));
    });
    in_parts(&patterns, &exprs, see);
}

/// Calls `see` for the paths of a type, inner ones first.
pub(crate) fn in_ty<'b>(ty: &'b Ty, see: &mut dyn FnMut(Named<'b>)) {
    match &ty.kind {
        TyKind::Path(path) => in_path(path, Role::Type, see),
        TyKind::Ref(inner, _) | TyKind::Slice(inner) => in_ty(inner, see),
        TyKind::Tuple(parts) => parts.iter().for_each(|part| in_ty(part, see)),
        TyKind::Bounds(bounds) => in_bounds(bounds, see),
        TyKind::Fn | TyKind::Never | TyKind::Opaque => {}
    }
}

/// Calls `see` for the paths of bounds.
pub(crate) fn in_bounds<'b>(bounds: &'b [Bound], see: &mut dyn FnMut(Named<'b>)) {
    let paths = bounds.iter().map(|bound| &bound.path);
    paths.for_each(|path| in_path(path, Role::Type, see));
}

/// Calls `see` for the types that are written in a path, then for the path.
pub(crate) fn in_path<'b>(path: &'b Path, role: Role, see: &mut dyn FnMut(Named<'b>)) {
    for segment in &path.segments {
        segment.args.iter().for_each(|ty| in_ty(ty, see));
        segment.bindings.iter().for_each(|(_, ty)| in_ty(ty, see));
    }
    path.qself.iter().for_each(|of| in_ty(of, see));
    see(named(path, role));
}

fn in_parts<'b>(patterns: &[&'b Pat], exprs: &[&'b Expr], see: &mut dyn FnMut(Named<'b>)) {
    for pat in patterns {
        in_bindings(pat, see);
    }
    for pat in patterns {
        in_pattern(pat, see);
    }
    for expr in exprs {
        in_expr(expr, see);
    }
}

/// Calls `see` for the variables of a pattern.
pub(crate) fn in_bindings<'b>(pat: &'b Pat, see: &mut dyn FnMut(Named<'b>)) {
    each_part(pat, &mut |part| {
        if let PatKind::Bind { name, .. } = &part.kind {
            see(word(&name.text, name.span, Role::Binding));
        }
    });
}

fn in_pattern<'b>(pat: &'b Pat, see: &mut dyn FnMut(Named<'b>)) {
    each_part(pat, &mut |part| match &part.kind {
        PatKind::Path(path) | PatKind::TupleStruct(path, _) => in_path(path, Role::Value, see),
        PatKind::Struct(path, _) => in_path(path, Role::Type, see),
        PatKind::Typed(_, ty) => in_ty(ty, see),
        PatKind::Bind { name, .. } if name.text.starts_with(char::is_uppercase) => {
            see(word(&name.text, name.span, Role::Value));
        }
        _ => {}
    });
}

fn in_expr<'b>(expr: &'b Expr, see: &mut dyn FnMut(Named<'b>)) {
    match &expr.kind {
        ExprKind::Path(path) => match path.as_ident() {
            Some(_) => in_path(path, Role::Ident, see),
            None => in_path(path, Role::Value, see),
        },
        ExprKind::Call { callee, .. } => {
            if let ExprKind::Path(path) = &callee.kind
                && path.as_ident().is_some()
            {
                see(named(path, Role::Called));
            }
        }
        ExprKind::Struct { path, .. } => in_path(path, Role::Type, see),
        ExprKind::Macro(call) => {
            let names = call.body.opaque.iter();
            names.for_each(|name| see(word(&name.text, name.span, Role::Word)));
        }
        _ => {}
    }
}

fn word(text: &str, span: Span, role: Role) -> Named<'_> {
    Named {
        text: Cow::Borrowed(text),
        global: false,
        span,
        role,
    }
}

fn named(path: &Path, role: Role) -> Named<'_> {
    let text = match path.segments.as_slice() {
        [only] => Cow::Borrowed(only.name.text.as_str()),
        _ => Cow::Owned(path.text()),
    };
    Named {
        text,
        global: path.global,
        span: path.span,
        role,
    }
}

/// Whether an expression has a name of its own.
fn names_anything(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Path(_) | ExprKind::Call { .. } | ExprKind::Struct { .. } | ExprKind::Macro(_)
    )
}
