//! Arms with a catch-all in the text of a file: the variants written out, or the arm taken out.

use std::ops::Range;

use super::Violation;
use crate::fix::{Changes, Source};
use crate::syntax::Span;

/// What an arm with a catch-all becomes.
#[derive(Debug)]
pub(super) enum Named {
    /// The catch-all becomes these variants.
    Variants(Form, String),
    /// The other arms leave nothing: the arm goes.
    Needless(Span),
}

/// How a catch-all is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// `_`.
    Pattern(Span),
    /// `rest`, `ref rest`.
    Name(Span),
    /// The `_` of `rest @ _`.
    Behind(Span),
}

impl Named {
    /// Proposes it.
    pub(super) fn propose(self, violation: &mut Violation) {
        match self {
            Named::Variants(form, variants) => {
                violation.unsafe_fix("name the remaining variants", move |source| {
                    Some(vec![form.written(source, &variants)])
                });
            }
            Named::Needless(arm) => {
                violation.unsafe_fix(
                    "take out the arm: the others leave nothing",
                    move |source| without_arm(source, arm),
                );
            }
        }
    }
}

impl Form {
    fn written(self, source: &Source<'_>, variants: &str) -> (Range<usize>, String) {
        let grouped = match variants.contains('|') {
            true => format!("({variants})"),
            false => variants.to_owned(),
        };
        match self {
            Form::Pattern(span) => (source.bytes(span), variants.to_owned()),
            Form::Behind(span) => (source.bytes(span), grouped),
            Form::Name(span) => {
                let end = source.bytes(span).end;
                (end..end, format!(" @ {grouped}"))
            }
        }
    }
}

/// A `match` without an arm, from its pattern to the end of its value. An attribute in front of it stays in the
/// way.
fn without_arm(source: &Source<'_>, arm: Span) -> Option<Changes> {
    let bytes = source.bytes(arm);
    let before = source.before(bytes.start).next()?;
    let next = source.from(bytes.end).next()?;
    if !matches!(source.of(before), "," | "{" | "}") {
        return None;
    }
    let end = match source.of(next) {
        "," => next.bytes.end,
        "}" => bytes.end,
        _ => return None,
    };
    Some(vec![(source.lines_or(bytes.start..end), String::new())])
}
