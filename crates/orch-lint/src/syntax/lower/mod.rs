//! From the parser's tree to the owned facts.
//!
//! **Invariant:** every place is read while the parser's source map still knows the file.

mod attributes;
mod bodies;
mod extents;
mod items;
mod macros;
mod patterns;
mod signatures;
mod types;

use super::item::Item;
use super::span::{Name, Pos, Span};

/// What lowering one file gives.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    /// The items of the file.
    pub(super) items: Vec<Item>,
    /// Stretches that a comment above them speaks of. Empty unless asked for.
    pub(super) extents: Vec<Extent>,
    /// Has a `//!` comment.
    pub(super) documented: bool,
    /// What its inner attributes say of `missing_docs`.
    pub(super) docs_optional: Option<bool>,
}

/// A stretch that a comment above it speaks of.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Extent {
    /// From the first attribute or doc comment to the end.
    pub(crate) whole: Span,
    /// Where the thing itself begins, behind its attributes.
    pub(crate) head: Pos,
}

/// Lowers a file; `with_extents` when its comments need them.
pub(super) fn lower(file: &syn::File, with_extents: bool) -> Lowered {
    let mut lowering = Lowering {
        extents: with_extents.then(Vec::new),
        nested: Vec::new(),
    };
    let items = lowering.items(&file.items);
    let attrs = attributes::attrs(&file.attrs);
    Lowered {
        items,
        extents: lowering.extents.unwrap_or_default(),
        documented: attrs.documented,
        docs_optional: attrs.docs_optional,
    }
}

/// State of one file.
struct Lowering {
    extents: Option<Vec<Extent>>,
    /// Items found in the body that is being lowered.
    nested: Vec<Item>,
}

fn span(span: proc_macro2::Span) -> Span {
    let (start, end) = (span.start(), span.end());
    Span {
        start: pos(start),
        end: pos(end),
    }
}

fn pos(at: proc_macro2::LineColumn) -> Pos {
    Pos {
        line: u32::try_from(at.line).unwrap_or(u32::MAX),
        column: u32::try_from(at.column).unwrap_or(u32::MAX),
    }
}

fn name(ident: &syn::Ident) -> Name {
    let text = ident.to_string();
    Name {
        text: text.strip_prefix("r#").unwrap_or(&text).into(),
        span: span(ident.span()),
    }
}
