//! `pub` before what others need not see, taken out.

use std::ops::Range;

use crate::fix::Source;
use crate::syntax::Span;

/// Words between the visibility of a function and its name.
const QUALIFIERS: &[&str] = &["async", "const", "extern", "fn", "unsafe"];

/// The `pub` or `pub(..)` before the name of a field or a function, with the blanks behind it.
pub(super) fn visibility(source: &Source<'_>, name: Span) -> Option<Range<usize>> {
    let is_qualifier = |text: &str| QUALIFIERS.contains(&text) || text.starts_with('"');
    let mut before = source.before(source.byte(name.start));
    let mut last = before.find(|of| !is_qualifier(source.of(of)))?;
    let end = last.bytes.end;
    if source.of(last) == ")" {
        before.find(|of| source.of(of) == "(")?;
        last = before.next()?;
    }
    (source.of(last) == "pub").then(|| last.bytes.start..source.next_word(end))
}
