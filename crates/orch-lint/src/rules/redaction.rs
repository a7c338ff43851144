//! What is secret, left out of what people read: a `Debug` by hand, and a log without the value.

use std::ops::Range;

use super::derives::{attribute, end_of_struct, indented, underived};
use crate::fix::{Changes, Source};
use crate::model::Def;
use crate::syntax::comments::{Kind, Lexeme};
use crate::syntax::{ItemKind, Path, Span};

/// A struct whose `Debug` shows all but some of its fields.
#[derive(Debug, Clone)]
pub(super) struct OwnDebug {
    derive: Span,
    name: String,
    at: Span,
    shown: Vec<String>,
}

impl OwnDebug {
    /// That of a struct with named fields that derives `Debug`, without the fields named here.
    pub(super) fn of(def: &Def<'_>, derive: &Path, secret: &[&str]) -> Option<Self> {
        let ItemKind::Struct(_, fields) = &def.item.kind else {
            return None;
        };
        let names = fields.list.iter().map(|of| of.name.text.as_str());
        let shown = names
            .filter(|name| !secret.contains(name))
            .map(str::to_owned);
        (!fields.tuple).then(|| OwnDebug {
            derive: derive.span,
            name: def.item.name.text.to_string(),
            at: def.item.name.span,
            shown: shown.collect(),
        })
    }

    /// The edits.
    pub(super) fn written(&self, source: &Source<'_>) -> Option<Changes> {
        let attribute = attribute(source, self.derive)?;
        let end = end_of_struct(source, self.at)?;
        let code = indented(source, attribute.start, &self.code());
        Some(vec![
            (underived(source, self.derive)?, String::new()),
            (end..end, format!("\n\n{code}")),
        ])
    }

    fn code(&self) -> String {
        let name = &self.name;
        let fields = self.shown.iter();
        let fields: String = fields
            .map(|name| format!("            .field(\"{name}\", &self.{name})\n"))
            .collect();
        format!(
            "impl std::fmt::Debug for {name} {{\n    \
             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        \
             f.debug_struct(\"{name}\")\n{fields}            .finish_non_exhaustive()\n    }}\n}}"
        )
    }
}

/// A field of a `tracing` event, with its name and its comma: `%password,`, `reason = ?password,`. What stands
/// behind the message is an argument of the message and cannot go alone.
pub(super) fn logged(source: &Source<'_>, value: Span) -> Option<Range<usize>> {
    let bytes = source.bytes(value);
    let next = source.from(bytes.end).next()?;
    if next.kind != Kind::Comma {
        return None;
    }
    let mut parts = Vec::new();
    for lexeme in source.before(bytes.start) {
        if matches!(lexeme.kind, Kind::Comma | Kind::Open) {
            break;
        }
        parts.push(lexeme);
    }
    let start = parts.last().map_or(bytes.start, |first| first.bytes.start);
    let is_field = |of: &&Lexeme| {
        let text = source.of(of);
        matches!(text, "%" | "?" | "=" | ".")
            || text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    };
    let is_named = parts.iter().any(|of| matches!(source.of(of), "%" | "?"));
    let (is_tracing, is_first) = event(source, start)?;
    let is_certain = is_named || is_tracing;
    let is_field = parts.iter().all(is_field);
    (is_field && is_certain && is_first).then(|| start..source.next_word(next.bytes.end))
}

/// Whether what stands here is in a macro of `tracing` for certain, and whether before any text in it. `None`
/// when it is in no macro that logs.
fn event(source: &Source<'_>, byte: usize) -> Option<(bool, bool)> {
    const EVENTS: &[&str] = &["debug", "error", "event", "info", "trace", "warn"];
    let mut before = source.before(byte);
    let mut is_first = true;
    let open = before.find(|of| {
        is_first &= !source.of(of).contains('"');
        matches!(of.kind, Kind::Open | Kind::Close | Kind::Semicolon)
    });
    open.filter(|of| of.kind == Kind::Open)?;
    let mut text = || before.next().map(|of| source.of(of)).unwrap_or_default();
    let (mark, name) = (text(), text());
    if mark != "!" || !EVENTS.contains(&name) {
        return None;
    }
    let path = (text(), text(), text());
    Some((path == (":", ":", "tracing"), is_first))
}
