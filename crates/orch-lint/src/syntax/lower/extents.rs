//! How far items and statements reach, for the comments above them.

use proc_macro2::Span as Raw;
use syn::{Attribute, Fields, Item, Visibility};

use super::{Extent, Lowering, span};
use crate::syntax::Span;

impl Lowering {
    /// Notes a statement or an arm from `start` to `end`.
    pub(super) fn note_stmt(&mut self, start: Span, end: Option<Span>) {
        if let Some(extents) = &mut self.extents {
            extents.push(Extent {
                whole: start.to(end.unwrap_or(start)),
                head: start.start,
            });
        }
    }

    /// Notes something with attributes.
    pub(super) fn note(&mut self, attrs: &[Attribute], head: Raw, end: Raw) {
        if let Some(extents) = &mut self.extents {
            let head = span(head);
            let first = attrs
                .first()
                .map_or(head, |attr| span(attr.pound_token.spans[0]));
            extents.push(Extent {
                whole: first.to(span(end)),
                head: head.start,
            });
        }
    }

    /// Notes an item.
    pub(super) fn note_item(&mut self, item: &Item) {
        if self.extents.is_some()
            && let Some((attrs, head, end)) = reach(item)
        {
            self.note(attrs, head, end);
        }
    }
}

/// The `pub` of a visibility, or what comes after it.
pub(super) fn head_of(vis: &Visibility, keyword: Raw) -> Raw {
    match vis {
        Visibility::Public(token) => token.span,
        Visibility::Restricted(restricted) => restricted.pub_token.span,
        Visibility::Inherited => keyword,
    }
}

/// Where a signature begins.
pub(super) fn signature_start(sig: &syn::Signature) -> Raw {
    let first = [
        sig.constness.map(|token| token.span),
        sig.asyncness.map(|token| token.span),
        match sig.safety {
            syn::Safety::Safe(token) => Some(token.span),
            syn::Safety::Unsafe(token) => Some(token.span),
            syn::Safety::Default => None,
        },
        sig.abi.as_ref().map(|abi| abi.extern_token.span),
    ];
    first
        .into_iter()
        .flatten()
        .next()
        .unwrap_or(sig.fn_token.span)
}

fn reach(item: &Item) -> Option<(&[Attribute], Raw, Raw)> {
    Some(match item {
        Item::Struct(of) => {
            let end = of.semi_token.map(|semi| semi.spans[0]);
            let end = end.or_else(|| closing(&of.fields));
            let head = head_of(&of.vis, of.struct_token.span);
            (&of.attrs, head, end.unwrap_or(of.struct_token.span))
        }
        Item::Enum(of) => {
            let head = head_of(&of.vis, of.enum_token.span);
            (&of.attrs, head, of.brace_token.span.close())
        }
        Item::Trait(of) => {
            let head = head_of(&of.vis, of.trait_token.span);
            (&of.attrs, head, of.brace_token.span.close())
        }
        Item::Impl(of) => {
            let head = of.unsafety.map_or(of.impl_token.span, |token| token.span);
            (&of.attrs, head, of.brace_token.span.close())
        }
        Item::Fn(of) => {
            let head = head_of(&of.vis, signature_start(&of.sig));
            (&of.attrs, head, of.block.brace_token.span.close())
        }
        other => return reach_simple(other),
    })
}

fn reach_simple(item: &Item) -> Option<(&[Attribute], Raw, Raw)> {
    Some(match item {
        Item::Mod(of) => {
            let semi = of.semi.map(|semi| semi.spans[0]);
            let brace = of.content.as_ref().map(|(brace, _)| brace.span.close());
            let end = brace.or(semi).unwrap_or(of.mod_token.span);
            (&of.attrs, head_of(&of.vis, of.mod_token.span), end)
        }
        Item::Const(of) => {
            let head = head_of(&of.vis, of.const_token.span);
            (&of.attrs, head, of.semi_token.spans[0])
        }
        Item::Static(of) => {
            let head = head_of(&of.vis, of.static_token.span);
            (&of.attrs, head, of.semi_token.spans[0])
        }
        Item::Type(of) => {
            let head = head_of(&of.vis, of.type_token.span);
            (&of.attrs, head, of.semi_token.spans[0])
        }
        Item::Use(of) => {
            let head = head_of(&of.vis, of.use_token.span);
            (&of.attrs, head, of.semi_token.spans[0])
        }
        _ => return None,
    })
}

fn closing(fields: &Fields) -> Option<Raw> {
    match fields {
        Fields::Named(named) => Some(named.brace_token.span.close()),
        Fields::Unnamed(unnamed) => Some(unnamed.paren_token.span.close()),
        Fields::Unit => None,
    }
}
