//! Statements that make, change and end what a schema has.
//!
//! ```text
//!   mod           one statement, by its first words
//!   create_table  columns and constraints between brackets
//!   column        one column
//!   check         what a check allows
//!   index         indexes, unique or not
//!   alter_table   changes of tables and columns
//!   types         enum types and domains
//! ```
//!
//! A statement, or an action of `ALTER TABLE`, that is not understood is remembered by its words:
//! what it says about a table is unknown.

mod alter_table;
mod check;
mod column;
mod create_table;
mod index;
#[cfg(test)]
mod tests;
mod types;

use super::dialect::Dialect;
use super::query::Query;
use super::reader::{Reader, split};
use super::schema::{Place, Schema};
use super::tokens::{Kind, Token, tokens};
use crate::syntax::Span;
use crate::syntax::span::LineIndex;

/// Applies the statements of a file; gives where they stand.
pub(super) fn apply(schema: &mut Schema, path: &str, text: &str) -> Vec<Span> {
    let index = LineIndex::new(text);
    let all: Vec<Token<'_>> = tokens(text)
        .into_iter()
        .filter(|token| token.kind != Kind::Comment)
        .collect();
    let statements = split(&all);
    let mut spans = Vec::new();
    for statement in &statements {
        let (Some(first), Some(last)) = (statement.first(), statement.last()) else {
            continue;
        };
        let span = index.span(first.bytes.start..last.bytes.end);
        spans.push(span);
        schema.dialect = schema.dialect.or_else(|| Dialect::of_statement(statement));
        let mut reader = Reader {
            tokens: statement,
            at: 0,
            path,
            index: &index,
        };
        if reader.statement(schema).is_none() {
            let place = Place {
                path: path.into(),
                span,
            };
            let texts: Vec<&str> = statement.iter().map(|token| token.text).collect();
            schema.remember(place, &texts);
        }
    }
    spans
}

/// Whether a statement was understood; `Option<()>` so that `?` reads well.
type Read = Option<()>;

/// Statements that change no schema, by their first word.
const HARMLESS: &[&str] = &[
    "begin", "commit", "pragma", "set", "comment", "grant", "revoke", "analyze", "vacuum", "end",
    "start", "reindex", "cluster", "lock",
];

/// Statements that read and write rows, by their first word.
const ROWS: &[&str] = &[
    "insert", "update", "delete", "select", "truncate", "replace", "with", "copy", "merge",
];

/// What `CREATE` makes that says nothing about columns and keys.
const OTHERS: &[&str] = &[
    "view",
    "materialized",
    "sequence",
    "extension",
    "schema",
    "policy",
    "trigger",
    "function",
    "procedure",
    "virtual",
    "role",
    "publication",
];

impl Reader<'_, '_> {
    /// Reads a statement; `None` when it is none of those that are understood.
    fn statement(&mut self, schema: &mut Schema) -> Read {
        if self.eat("create") {
            return self.create(schema);
        }
        if self.eat("alter") {
            return self.alter(schema);
        }
        if self.eat("drop") {
            return self.drop(schema);
        }
        if ROWS.iter().any(|keyword| self.is(keyword)) {
            for write in Query::of(self.tokens).writes {
                let place = self.place(&self.tokens[write.end - 1]);
                schema.writes.push((write, place));
            }
            return Some(());
        }
        HARMLESS
            .iter()
            .any(|keyword| self.is(keyword))
            .then_some(())
    }

    fn create(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["or", "replace"]);
        for keyword in [
            "global",
            "local",
            "temp",
            "temporary",
            "unlogged",
            "constraint",
        ] {
            self.eat(keyword);
        }
        if self.eat("table") {
            return self.create_table(schema);
        }
        if self.eat("type") {
            return self.create_type(schema);
        }
        if self.eat("domain") {
            return self.create_domain(schema);
        }
        let is_unique = self.eat("unique");
        if self.eat("index") {
            return self.create_index(schema, is_unique);
        }
        OTHERS.iter().any(|keyword| self.is(keyword)).then_some(())
    }

    fn alter(&mut self, schema: &mut Schema) -> Read {
        if self.eat("table") {
            return self.alter_table(schema);
        }
        if self.eat("type") {
            return self.alter_type(schema);
        }
        if self.eat("domain") {
            return self.alter_domain(schema);
        }
        if self.eat("index") {
            self.eat_all(&["if", "exists"]);
            let from = self.name()?;
            if self.eat_all(&["rename", "to"]) {
                schema.rename_index(from.text, self.name()?.text);
            }
            return Some(());
        }
        let others = [
            "sequence",
            "extension",
            "schema",
            "policy",
            "function",
            "role",
            "view",
        ];
        others.iter().any(|keyword| self.is(keyword)).then_some(())
    }

    fn drop(&mut self, schema: &mut Schema) -> Read {
        let kinds = ["table", "index", "type"];
        let kind = kinds.into_iter().find(|kind| self.eat(kind));
        let Some(kind) = kind else {
            return Some(());
        };
        self.eat("concurrently");
        self.eat_all(&["if", "exists"]);
        loop {
            let name = self.name()?;
            match kind {
                "table" => schema.drop_table(name.text),
                "index" => schema.drop_index(name.text, &self.place(&name)),
                _ => schema.drop_enum(name.text),
            }
            if !self.eat_punct(',') {
                return Some(());
            }
        }
    }
}
