//! Derives and types in the text of a file: a derive taken out, attributes and items put beside a type.

use std::ops::Range;

use crate::fix::Source;
use crate::syntax::Span;
use crate::syntax::comments::{Kind, Lexeme};

/// The derive with its comma, or the whole attribute when it is the only one.
pub(super) fn underived(source: &Source<'_>, derive: Span) -> Option<Range<usize>> {
    let bytes = source.bytes(derive);
    let mut after = source.from(bytes.end);
    let mut before = source.before(bytes.start);
    let next = after.next()?;
    if next.kind == Kind::Comma {
        return Some(bytes.start..source.next_word(next.bytes.end));
    }
    let previous = before.next()?;
    if previous.kind == Kind::Comma {
        return Some(previous.bytes.start..bytes.end);
    }
    let attribute = attribute(source, derive).unwrap_or(bytes);
    Some(attribute.start..source.next_word(attribute.end))
}

/// The attribute `#[derive(..)]` of a derive that depends on no condition.
pub(super) fn attribute(source: &Source<'_>, derive: Span) -> Option<Range<usize>> {
    let bytes = source.bytes(derive);
    let text = |of: Option<&Lexeme>| of.map(|of| source.of(of)).unwrap_or_default();
    let mut before = source.before(bytes.start);
    before.find(|of| of.kind == Kind::Open)?;
    let (name, bracket, hash) = (before.next(), before.next(), before.next());
    if (text(name), text(bracket), text(hash)) != ("derive", "[", "#") {
        return None;
    }
    let mut after = source.from(bytes.end);
    after.find(|of| of.kind == Kind::Close)?;
    let end = after.next().filter(|of| source.of(of) == "]")?;
    Some(hash?.bytes.start..end.bytes.end)
}

/// Where a struct with fields in braces and without parameters ends, by its name.
pub(super) fn end_of_struct(source: &Source<'_>, name: Span) -> Option<usize> {
    let open = source.from(source.bytes(name).end).next()?;
    if source.of(open) != "{" {
        return None;
    }
    let mut depth = 0_usize;
    for lexeme in source.from(open.bytes.start) {
        match lexeme.kind {
            Kind::Open => depth += 1,
            Kind::Close if depth == 1 => return Some(lexeme.bytes.end),
            Kind::Close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Lines of code as they are written below a line that begins at this byte: with its indentation.
pub(super) fn indented(source: &Source<'_>, byte: usize, code: &str) -> String {
    let line = source.index.line(source.index.pos(byte).line);
    let indent = &line[..line.len() - line.trim_start().len()];
    let lines = code.lines().map(|line| match line.is_empty() {
        true => String::new(),
        false => format!("{indent}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
