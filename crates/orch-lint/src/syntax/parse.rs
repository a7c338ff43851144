//! One file, from text to facts. Never panics and never overflows the stack.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::comments::{Kind, scan};
use super::item::Item;
use super::lower::{self, Extent};
use super::nesting;
use super::span::{LineIndex, Pos, Span};

/// Everything later steps know of one file.
#[derive(Debug, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct FileFacts {
    /// Its items.
    pub(crate) items: Vec<Item>,
    /// Comments that speak to the linter.
    pub(crate) marks: Vec<Mark>,
    /// Items and statements that such a comment may speak of; empty without marks.
    pub(crate) extents: Vec<Extent>,
    /// Has a `//!` comment.
    pub(crate) documented: bool,
    /// What its inner attributes say of the lint `missing_docs`, as `Attrs::docs_optional`.
    pub(crate) docs_optional: Option<bool>,
}

/// A comment that begins with `orch:`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Mark {
    /// The comment without its slashes.
    pub(crate) text: String,
    /// The whole comment.
    pub(crate) span: Span,
    /// Nothing but white space stands before it on its line.
    pub(crate) own_line: bool,
    /// Where the next token or doc comment begins.
    pub(crate) next: Option<Pos>,
}

/// What a file says, or why it could not be parsed.
pub(crate) type Facts = Result<Arc<FileFacts>, ParseFailure>;

/// Why a file could not be parsed.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ParseFailure {
    /// One line.
    pub(crate) message: String,
    /// Where the parser stopped.
    pub(crate) span: Span,
}

/// Parses one file. Call it on a thread with [`STACK`] bytes of stack.
pub(crate) fn parse(text: &str) -> Facts {
    if !nesting::is_flat_enough(text) {
        return Err(ParseFailure {
            message: format!("nested deeper than {} levels", nesting::LIMIT),
            span: Span::file_start(),
        });
    }
    let marks = if text.contains("orch:") {
        marks(text)
    } else {
        Vec::new()
    };
    let parsed = catch_unwind(AssertUnwindSafe(|| parse_items(text, !marks.is_empty())));
    proc_macro2::extra::invalidate_current_thread_spans();
    let lowered = parsed.unwrap_or_else(|_| {
        Err(ParseFailure {
            message: "the parser gave up".into(),
            span: Span::file_start(),
        })
    })?;
    Ok(Arc::new(FileFacts {
        items: lowered.items,
        extents: lowered.extents,
        documented: lowered.documented,
        docs_optional: lowered.docs_optional,
        marks,
    }))
}

/// Stack for parsing. Only what is used of it becomes memory.
pub(crate) const STACK: usize = 256 << 20;

fn parse_items(text: &str, with_extents: bool) -> Result<lower::Lowered, ParseFailure> {
    match syn::parse_file(text) {
        Ok(file) => Ok(lower::lower(&file, with_extents)),
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &syn::Error) -> ParseFailure {
    let (start, end) = (error.span().start(), error.span().end());
    let pos = |at: proc_macro2::LineColumn| Pos {
        line: u32::try_from(at.line).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(at.column).unwrap_or(u32::MAX),
    };
    ParseFailure {
        message: error.to_string(),
        span: Span {
            start: pos(start),
            end: pos(end),
        },
    }
}

/// Finds the comments that speak to the linter.
fn marks(text: &str) -> Vec<Mark> {
    let index = LineIndex::new(text);
    let mut found: Vec<Mark> = Vec::new();
    let mut open = 0;
    for lexeme in scan(text) {
        if lexeme.kind != Kind::Comment {
            let next = index.pos(lexeme.bytes.start);
            found[open..]
                .iter_mut()
                .for_each(|mark| mark.next = Some(next));
            open = found.len();
            continue;
        }
        let comment = &text[lexeme.bytes.clone()];
        let Some(said) = comment.strip_prefix("//").map(str::trim) else {
            continue;
        };
        if said.starts_with("orch:") {
            let before = text[..lexeme.bytes.start].rsplit('\n').next().unwrap_or("");
            found.push(Mark {
                text: said.into(),
                own_line: before.trim_start_matches('\u{feff}').trim().is_empty(),
                span: index.span(lexeme.bytes),
                next: None,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_in_a_string_is_text() {
        let marks = marks("let a = \"// orch: allow(X) y\";\n// orch: allow(Z) z\nfn f() {}");
        assert_eq!(marks.len(), 1);
        assert_eq!(marks[0].next, Some(Pos { line: 3, column: 0 }));
        assert!(marks[0].own_line);
    }

    #[test]
    fn a_broken_file_says_where() {
        let failure = parse("fn f() {\n  let = 1;\n}").unwrap_err();
        assert_eq!(failure.span.start, Pos { line: 2, column: 6 });
    }
}
