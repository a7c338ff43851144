//! Attributes.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use super::span;
use super::types::path;
use crate::syntax::attrs::{Attrs, Told};

/// Reduces attributes to what is asked about them.
pub(super) fn attrs(from: &[Attribute]) -> Attrs {
    let mut lowered = Attrs::default();
    for attr in from {
        meta(&attr.meta, &mut lowered);
    }
    lowered
}

fn meta(from: &Meta, into: &mut Attrs) {
    let Some(last) = from.path().segments.last() else {
        return;
    };
    match last.ident.to_string().as_str() {
        "doc" => doc(from, into),
        "cfg" => into.test_only |= needs_test(tokens(from)),
        "cfg_attr" => conditional(from, into),
        "test" | "bench" => into.test_only = true,
        "path" => into.paths.extend(text(from)),
        "derive" => into
            .derives
            .extend(list(from).iter().map(|of| path(of.path()))),
        "serde" => into.serde.extend(list(from).iter().map(key)),
        "sqlx" => {
            let keys = list(from).into_iter();
            let texts = keys.map(|of| (key(&of), text(&of).unwrap_or_default()));
            into.sqlx.extend(texts);
        }
        level => {
            if let Some(is_off) = is_off(level)
                && list(from)
                    .iter()
                    .any(|of| of.path().is_ident("missing_docs"))
            {
                into.docs_optional = Some(is_off);
            }
            into.others.push(path(from.path()));
            if let "builder" | "error" | "instrument" = level {
                into.told.push(told(from));
            }
        }
    }
}

fn told(from: &Meta) -> Told {
    let mut all = Vec::new();
    keys(tokens(from), "", &mut all);
    let first = tokens(from).into_iter().next();
    let text = first.and_then(|first| syn::parse2::<syn::LitStr>(first.into()).ok());
    Told {
        path: path(from.path()),
        keys: all,
        text: text.map(|text| (text.value(), span(text.span()))),
    }
}

/// `a`, `?a`, `.a`, `a(b)`, `a = b` between commas.
fn keys(from: TokenStream, outer: &str, found: &mut Vec<(String, Option<String>)>) {
    let all: Vec<TokenTree> = from.into_iter().collect();
    let is = |tree: &TokenTree, marks: &[char]| match tree {
        TokenTree::Punct(punct) => marks.contains(&punct.as_char()),
        _ => false,
    };
    for part in all.split(|tree| is(tree, &[','])) {
        let sigils = |part: &[TokenTree]| {
            part.iter()
                .take_while(|tree| is(tree, &['%', '?', '&', '.']))
                .count()
        };
        let Some((TokenTree::Ident(name), rest)) = part[sigils(part)..].split_first() else {
            continue;
        };
        let key = format!("{outer}{name}");
        let value = match rest {
            [] => None,
            [first, value @ ..] if is(first, &['=']) => match &value[sigils(value)..] {
                [TokenTree::Ident(only)] => Some(only.to_string()),
                _ => Some(String::new()),
            },
            [TokenTree::Group(inner)] => {
                keys(inner.stream(), &format!("{key}."), found);
                None
            }
            _ => Some(String::new()),
        };
        found.push((key, value));
    }
}

/// Whether an attribute switches lints off; nothing when it is about none.
fn is_off(level: &str) -> Option<bool> {
    match level {
        "allow" | "expect" => Some(true),
        "warn" | "deny" | "forbid" => Some(false),
        _ => None,
    }
}

fn doc(from: &Meta, into: &mut Attrs) {
    match from {
        Meta::NameValue(value) => {
            let text = literal(&value.value);
            into.documented |= text.is_none_or(|text| !text.trim().is_empty());
        }
        Meta::List(_) => into.hidden |= list(from).iter().any(|of| of.path().is_ident("hidden")),
        Meta::Path(_) => {}
    }
}

/// `#[cfg_attr(condition, a, b)]` is read as `#[a] #[b]`, unless it is for tests only.
fn conditional(from: &Meta, into: &mut Attrs) {
    let parts = list(from);
    let Some((condition, attributes)) = parts.split_first() else {
        return;
    };
    if !meta_needs_test(condition) {
        for of in attributes {
            meta(of, into);
        }
    }
}

fn key(from: &Meta) -> String {
    from.path()
        .segments
        .last()
        .map(|last| last.ident.to_string())
        .unwrap_or_default()
}

fn tokens(from: &Meta) -> TokenStream {
    match from {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    }
}

fn list(from: &Meta) -> Vec<Meta> {
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let parsed = parser.parse2(tokens(from));
    parsed
        .map(|list| list.into_iter().collect())
        .unwrap_or_default()
}

fn needs_test(condition: TokenStream) -> bool {
    syn::parse2::<Meta>(condition).is_ok_and(|meta| meta_needs_test(&meta))
}

/// Whether a condition cannot hold outside tests.
fn meta_needs_test(condition: &Meta) -> bool {
    let inner = || list(condition);
    match key(condition).as_str() {
        "test" => matches!(condition, Meta::Path(_)),
        "all" => inner().iter().any(meta_needs_test),
        "any" => !inner().is_empty() && inner().iter().all(meta_needs_test),
        _ => false,
    }
}

fn text(from: &Meta) -> Option<String> {
    match from {
        Meta::NameValue(value) => literal(&value.value),
        _ => None,
    }
}

fn literal(value: &syn::Expr) -> Option<String> {
    match value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// Identifiers in a token stream, groups included.
pub(super) fn idents(tokens: TokenStream, found: &mut Vec<crate::syntax::Name>) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => found.push(super::name(&ident)),
            TokenTree::Group(group) => idents(group.stream(), found),
            _ => {}
        }
    }
}
