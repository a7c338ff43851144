//! Macro invocations: their tokens are read as Rust where they are Rust.
//!
//! In this order: `select!` arms, a list of expressions, statements, and at last piece by piece
//! between separators. What still does not read is kept as identifiers, so that a rule can say
//! "unknown" instead of nothing.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Block, Expr as E, Pat, Token};

use super::attributes::idents;
use super::items::{bare_item, static_item};
use super::types::path;
use super::{Lowering, span};
use crate::syntax::expr::{Expr, ExprKind, MacroBody, MacroCall, Stmt};
use crate::syntax::item::{Item, ItemKind};

impl Lowering {
    /// Lowers an invocation in expression or statement position.
    pub(super) fn macro_expr(&mut self, from: &syn::Macro) -> Expr {
        let path = path(&from.path);
        let at = path.span.to(span(from.delimiter.span().close()));
        let is_select = path
            .last()
            .is_some_and(|last| last.name.text.starts_with("select"));
        let body = self.macro_body(&from.tokens, is_select);
        Expr {
            span: at,
            kind: ExprKind::Macro(Box::new(MacroCall { path, body })),
        }
    }

    /// Lowers an invocation or definition in item position.
    pub(super) fn macro_items(&mut self, from: &syn::ItemMacro) -> Vec<Item> {
        let mut names = Vec::new();
        if let Some(ident) = &from.ident {
            idents(from.mac.tokens.clone(), &mut names);
            return vec![bare_item(
                Some(ident),
                &from.attrs,
                ItemKind::MacroRules(names),
            )];
        }
        let path = path(&from.mac.path);
        let known = path.last().map(|last| last.name.text.as_str());
        if let Some("lazy_static" | "thread_local") = known
            && let Ok(found) = statics.parse2(from.mac.tokens.clone())
        {
            let items = found.iter();
            return items
                .map(|(ident, vis, ty, value)| static_item(ident, vis, ty, self.initialiser(value)))
                .collect();
        }
        if known == Some("include")
            && let Ok(path) = syn::parse2::<syn::LitStr>(from.mac.tokens.clone())
        {
            let kind = ItemKind::Include(path.value());
            return vec![bare_item(None, &from.attrs, kind)];
        }
        idents(from.mac.tokens.clone(), &mut names);
        let mut items = vec![bare_item(None, &from.attrs, ItemKind::MacroCall(names))];
        let passes_on = known.is_some_and(|name| name.starts_with("cfg_"));
        let declared = self.items_in(from.mac.tokens.clone(), passes_on);
        let is_module =
            |item: &Item| matches!(&item.kind, ItemKind::Mod(of) if of.inline.is_none());
        items.extend(
            declared
                .into_iter()
                .filter(|item| passes_on || is_module(item)),
        );
        items
    }

    /// Items among the tokens of a macro. What an unknown macro makes of them is unknown, but a
    /// `mod x;` in it names a file; `cfg_if!` and its like pass on what they are given.
    fn items_in(&mut self, tokens: TokenStream, in_groups: bool) -> Vec<Item> {
        if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
            return self.items(&file.items);
        }
        if !in_groups {
            return Vec::new();
        }
        let mut found = Vec::new();
        for tree in tokens {
            if let TokenTree::Group(group) = tree
                && group.delimiter() == proc_macro2::Delimiter::Brace
            {
                found.extend(self.items_in(group.stream(), true));
            }
        }
        found
    }

    fn macro_body(&mut self, tokens: &TokenStream, is_select: bool) -> MacroBody {
        let mut body = MacroBody::default();
        if tokens.is_empty() {
            return body;
        }
        if is_select && let Ok(arms) = select.parse2(tokens.clone()) {
            let outer = std::mem::take(&mut self.nested);
            for (pat, parts) in &arms {
                if let Some(pat) = pat {
                    body.parts.push(Stmt::Let {
                        pat: Box::new(super::patterns::pat(pat)),
                        init: parts.first().map(|value| Box::new(self.expr(value))),
                        otherwise: None,
                    });
                }
                let rest = parts.iter().skip(usize::from(pat.is_some()));
                body.parts
                    .extend(rest.map(|part| Stmt::Expr(self.expr(part))));
            }
            self.nested = outer;
            return body;
        }
        let list = Punctuated::<E, Token![,]>::parse_terminated;
        if let Ok(list) = list.parse2(tokens.clone()) {
            body.parts
                .extend(list.iter().map(|part| Stmt::Expr(self.expr(part))));
        } else if let Ok(stmts) = Block::parse_within.parse2(tokens.clone()) {
            body.parts = self.stmts(&stmts);
        } else {
            self.pieces(tokens.clone(), &mut body);
        }
        body
    }

    /// Reads what is between separators, one piece at a time.
    fn pieces(&mut self, tokens: TokenStream, body: &mut MacroBody) {
        let mut piece: Vec<TokenTree> = Vec::new();
        for tree in tokens {
            match &tree {
                TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => {
                    self.piece(std::mem::take(&mut piece), body);
                }
                _ => piece.push(tree),
            }
        }
        self.piece(piece, body);
    }

    fn piece(&mut self, piece: Vec<TokenTree>, body: &mut MacroBody) {
        if piece.is_empty() {
            return;
        }
        let start = label_len(&piece);
        let stream: TokenStream = piece[start..].iter().cloned().collect();
        if let Ok(expr) = syn::parse2::<E>(stream) {
            body.parts.push(Stmt::Expr(self.expr(&expr)));
            return;
        }
        for tree in piece {
            match tree {
                TokenTree::Group(group) => {
                    let inner = self.macro_body(&group.stream(), false);
                    body.parts.extend(inner.parts);
                    body.opaque.extend(inner.opaque);
                }
                TokenTree::Ident(ident) => body.opaque.push(super::name(&ident)),
                _ => {}
            }
        }
    }
}

/// How many tokens before the value: `target:`, `"key":`, `%`, `?`, `a.b =`.
fn label_len(piece: &[TokenTree]) -> usize {
    let is = |tree: &TokenTree, wanted: char| {
        matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted
            && punct.spacing() == proc_macro2::Spacing::Alone)
    };
    let label = piece.iter().position(|tree| is(tree, ':') || is(tree, '='));
    let start = label.map_or(0, |at| at + 1);
    let sigils = piece[start..].iter().take_while(|tree| {
        matches!(tree, TokenTree::Punct(punct) if matches!(punct.as_char(), '%' | '?' | '@' | '$'))
    });
    start + sigils.count()
}

/// An arm of `select!`: its pattern, then value, condition and handler.
type SelectArm = (Option<Pat>, Vec<E>);

fn select(input: ParseStream<'_>) -> syn::Result<Vec<SelectArm>> {
    let mut arms = Vec::new();
    if input.peek(syn::Ident) && input.peek2(Token![;]) {
        input.parse::<syn::Ident>()?;
        input.parse::<Token![;]>()?;
    }
    while !input.is_empty() {
        arms.push(select_arm(input)?);
    }
    Ok(arms)
}

fn select_arm(input: ParseStream<'_>) -> syn::Result<SelectArm> {
    let mut parts = Vec::new();
    let mut pat = None;
    if input.peek(Token![else]) || input.peek(Token![default]) {
        input.parse::<TokenTree>()?;
    } else {
        pat = Some(Pat::parse_multi_with_leading_vert(input)?);
        input.parse::<Token![=]>()?;
        parts.push(input.parse()?);
        if input.peek(Token![,]) && input.peek2(Token![if]) {
            input.parse::<Token![,]>()?;
            input.parse::<Token![if]>()?;
            parts.push(input.parse()?);
        }
    }
    input.parse::<Token![=>]>()?;
    let handler: E = if input.peek(syn::token::Brace) {
        E::Block(input.parse()?)
    } else {
        input.parse()?
    };
    parts.push(handler);
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
    }
    Ok((pat, parts))
}

/// A declaration of `lazy_static!` or `thread_local!`: its name, its type and its value.
type Static = (syn::Ident, syn::Visibility, syn::Type, E);

fn statics(input: ParseStream<'_>) -> syn::Result<Vec<Static>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        syn::Attribute::parse_outer(input)?;
        let vis: syn::Visibility = input.parse()?;
        input.parse::<Token![static]>()?;
        if input.peek(Token![ref]) {
            input.parse::<Token![ref]>()?;
        }
        let ident: syn::Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let ty: syn::Type = input.parse()?;
        input.parse::<Token![=]>()?;
        let value: E = input.parse()?;
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
        }
        items.push((ident, vis, ty, value));
    }
    Ok(items)
}
