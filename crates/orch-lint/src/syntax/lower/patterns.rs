//! Patterns.

use smol_str::{SmolStr, ToSmolStr};

use super::types::{qualified, ty};
use super::{name, span};
use crate::syntax::Span;
use crate::syntax::expr::{Pat, PatKind};
use crate::syntax::span::Name;

/// Lowers a pattern. A guard is the business of the arm.
pub(super) fn pat(from: &syn::Pat) -> Pat {
    use syn::Pat as P;
    let (span, kind) = match from {
        P::Wild(wild) => (span(wild.underscore_token.spans[0]), PatKind::Wild),
        P::Ident(ident) => bind(ident),
        P::Guard(guard) => return pat(&guard.pat),
        P::Paren(paren) => return pat(&paren.pat),
        P::Or(or) => {
            let cases: Vec<Pat> = or.cases.iter().map(pat).collect();
            (around(&cases), PatKind::Or(cases))
        }
        P::Reference(reference) => {
            let inner = pat(&reference.pat);
            let at = span(reference.and_token.spans[0]).to(inner.span);
            (at, PatKind::Ref(Box::new(inner)))
        }
        P::Path(path) => {
            let path = qualified(path.qself.as_ref(), &path.path);
            (path.span, PatKind::Path(path))
        }
        P::TupleStruct(tuple) => {
            let path = qualified(tuple.qself.as_ref(), &tuple.path);
            let at = path.span.to(span(tuple.paren_token.span.close()));
            let parts = tuple.elems.iter().map(pat).collect();
            (at, PatKind::TupleStruct(path, parts))
        }
        P::Struct(record) => {
            let path = qualified(record.qself.as_ref(), &record.path);
            let at = path.span.to(span(record.brace_token.span.close()));
            let fields = record.fields.iter().map(field).collect();
            (at, PatKind::Struct(path, fields))
        }
        other => grouping(other),
    };
    Pat { span, kind }
}

fn grouping(from: &syn::Pat) -> (Span, PatKind) {
    use syn::Pat as P;
    match from {
        P::Tuple(tuple) => {
            let parts = tuple.elems.iter().map(pat).collect();
            (span(tuple.paren_token.span.join()), PatKind::Group(parts))
        }
        P::Slice(slice) => {
            let parts = slice.elems.iter().map(pat).collect();
            (span(slice.bracket_token.span.join()), PatKind::Group(parts))
        }
        P::Type(typed) => {
            let inner = pat(&typed.pat);
            let ty = ty(&typed.ty);
            (inner.span.to(ty.span), PatKind::Typed(Box::new(inner), ty))
        }
        P::Lit(lit) => (span(lit.lit.span()), PatKind::Other),
        P::Range(range) => (around_range(range), PatKind::Other),
        _ => (Span::default(), PatKind::Other),
    }
}

/// From the first number of a range to the last one, as far as they are written there.
fn around_range(from: &syn::PatRange) -> Span {
    let dots = match &from.limits {
        syn::RangeLimits::HalfOpen(dots) => span(dots.spans[0]).to(span(dots.spans[1])),
        syn::RangeLimits::Closed(dots) => span(dots.spans[0]).to(span(dots.spans[2])),
    };
    let number = |of: &Option<Box<syn::Expr>>| match of.as_deref() {
        Some(syn::Expr::Lit(lit)) => span(lit.lit.span()),
        _ => dots,
    };
    number(&from.start).to(number(&from.end))
}

fn bind(from: &syn::PatIdent) -> (Span, PatKind) {
    let name = name(&from.ident);
    let sub = from.subpat.as_ref().map(|(_, sub)| Box::new(pat(sub)));
    let by_ref = from.by_ref.map(|token| span(token.span));
    let start = by_ref.or_else(|| from.mutability.map(|token| span(token.span)));
    let end = sub.as_ref().map_or(name.span, |sub| sub.span);
    let whole = start.unwrap_or(name.span).to(end);
    (whole, PatKind::Bind { name, sub })
}

fn field(from: &syn::FieldPat) -> (SmolStr, Pat) {
    (member(&from.member).text, pat(&from.pat))
}

/// The name of a field, or its number.
pub(super) fn member(from: &syn::Member) -> Name {
    match from {
        syn::Member::Named(ident) => name(ident),
        syn::Member::Unnamed(index) => Name {
            text: index.index.to_smolstr(),
            span: span(index.span),
        },
    }
}

fn around(cases: &[Pat]) -> Span {
    let first = cases.first().map(|case| case.span).unwrap_or_default();
    first.to(cases.last().map_or(first, |case| case.span))
}
