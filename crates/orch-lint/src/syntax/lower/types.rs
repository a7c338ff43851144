//! Types, paths, bounds and generics.

use syn::{GenericArgument, PathArguments, TypeParamBound};

use super::{name, span};
use crate::syntax::Span;
use crate::syntax::ty::{Bound, Generics, Given, Path, Segment, Ty, TyKind, TypeParam};

/// Lowers a type.
pub(super) fn ty(from: &syn::Type) -> Ty {
    use syn::Type;
    let (span, kind) = match from {
        Type::Path(path) => {
            let path = qualified(path.qself.as_ref(), &path.path);
            (path.span, TyKind::Path(path))
        }
        Type::Reference(inner) => {
            let elem = ty(&inner.elem);
            let at = span(inner.and_token.spans[0]).to(elem.span);
            (at, TyKind::Ref(Box::new(elem), inner.mutability.is_some()))
        }
        Type::Ptr(inner) => {
            let elem = ty(&inner.elem);
            let is_mut = matches!(inner.mutability, syn::PointerMutability::Mut(_));
            let at = span(inner.star_token.spans[0]).to(elem.span);
            (at, TyKind::Ref(Box::new(elem), is_mut))
        }
        Type::Group(inner) => return ty(&inner.elem),
        Type::Paren(inner) => return ty(&inner.elem),
        Type::Slice(inner) => {
            let elem = Box::new(ty(&inner.elem));
            (span(inner.bracket_token.span.join()), TyKind::Slice(elem))
        }
        Type::Array(inner) => {
            let elem = Box::new(ty(&inner.elem));
            (span(inner.bracket_token.span.join()), TyKind::Slice(elem))
        }
        Type::Tuple(inner) => {
            let elems = inner.elems.iter().map(ty).collect();
            (span(inner.paren_token.span.join()), TyKind::Tuple(elems))
        }
        other => rare(other),
    };
    Ty { span, kind }
}

fn rare(from: &syn::Type) -> (Span, TyKind) {
    use syn::Type;
    match from {
        Type::TraitObject(object) => {
            let bounds = bounds(&object.bounds);
            let start = object.dyn_token.map(|token| span(token.span));
            (bounds_span(start, &bounds), TyKind::Bounds(bounds))
        }
        Type::ImplTrait(object) => {
            let bounds = bounds(&object.bounds);
            let start = Some(span(object.impl_token.span));
            (bounds_span(start, &bounds), TyKind::Bounds(bounds))
        }
        Type::FnPtr(pointer) => (span(pointer.fn_token.span), TyKind::Fn),
        Type::Never(never) => (span(never.bang_token.spans[0]), TyKind::Never),
        Type::Infer(infer) => (span(infer.underscore_token.spans[0]), TyKind::Opaque),
        Type::Macro(mac) => (path(&mac.mac.path).span, TyKind::Opaque),
        _ => (Span::default(), TyKind::Opaque),
    }
}

fn bounds_span(start: Option<Span>, bounds: &[Bound]) -> Span {
    let last = bounds.last().map(|bound| bound.path.span);
    let start = start.or(last).unwrap_or_default();
    start.to(last.unwrap_or(start))
}

/// Lowers a path.
pub(super) fn path(from: &syn::Path) -> Path {
    let segments: Vec<Segment> = from.segments.iter().map(segment).collect();
    let start = match from.leading_colon {
        Some(colons) => span(colons.spans[0]),
        None => segments
            .first()
            .map(|first| first.name.span)
            .unwrap_or_default(),
    };
    Path {
        global: from.leading_colon.is_some(),
        qself: None,
        span: start.to(end_of(from).unwrap_or(start)),
        segments,
    }
}

/// Lowers a path that may begin with `<T as Trait>`.
pub(super) fn qualified(qself: Option<&syn::QSelf>, from: &syn::Path) -> Path {
    let mut lowered = path(from);
    if let Some(qself) = qself {
        lowered.span.start = span(qself.lt_token.spans[0]).start;
        lowered.qself = Some(Box::new(ty(&qself.ty)));
    }
    lowered
}

fn end_of(from: &syn::Path) -> Option<Span> {
    let last = from.segments.last()?;
    Some(match &last.arguments {
        PathArguments::None => span(last.ident.span()),
        PathArguments::AngleBracketed(args) => span(args.gt_token.spans[0]),
        PathArguments::Parenthesized(args) => match &args.output {
            syn::ReturnType::Default => span(args.paren_token.span.close()),
            syn::ReturnType::Type(_, output) => ty(output).span,
        },
    })
}

fn segment(from: &syn::PathSegment) -> Segment {
    let mut given = Given::default();
    match &from.arguments {
        PathArguments::None => {}
        PathArguments::AngleBracketed(args) => {
            for arg in &args.args {
                argument(arg, &mut given);
            }
        }
        PathArguments::Parenthesized(args) => {
            if let syn::ReturnType::Type(_, output) = &args.output {
                given.bindings.push(("Output".into(), ty(output)));
            }
        }
    }
    let is_empty = given.args.is_empty() && given.bindings.is_empty();
    Segment {
        name: name(&from.ident),
        given: (!is_empty).then(|| Box::new(given)),
    }
}

fn argument(from: &GenericArgument, into: &mut Given) {
    match from {
        GenericArgument::Type(arg) => into.args.push(ty(arg)),
        GenericArgument::AssocType(assoc) => {
            into.bindings.push((assoc.ident.to_string(), ty(&assoc.ty)));
        }
        _ => {}
    }
}

/// Lowers the traits of a bound list; lifetimes are dropped.
pub(super) fn bounds<'a>(from: impl IntoIterator<Item = &'a TypeParamBound>) -> Vec<Bound> {
    let traits = from.into_iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) if bound.maybe.is_none() => Some(&bound.path),
        _ => None,
    });
    traits
        .map(|trait_path| Bound {
            path: path(trait_path),
        })
        .collect()
}

/// Lowers type parameters and `where` clauses.
pub(super) fn generics(from: &syn::Generics) -> Generics {
    let params = from.params.iter().filter_map(|param| match param {
        syn::GenericParam::Type(param) => Some(TypeParam {
            name: param.ident.to_string(),
            bounds: bounds(&param.bounds),
            default: param.default.as_ref().map(|(_, default)| ty(default)),
        }),
        _ => None,
    });
    let predicates = from
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    let wheres = predicates.filter_map(|predicate| match predicate {
        syn::WherePredicate::Type(of) => Some((ty(&of.bounded_ty), bounds(&of.bounds))),
        _ => None,
    });
    Generics {
        params: params.collect(),
        wheres: wheres.collect(),
    }
}
