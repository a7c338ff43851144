//! Statements that make, change and end tables and unique keys.

use super::reader::{Reader, columns, split, split_commas};
use super::schema::{Schema, Table, Unique, fold};
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
        spans.push(index.span(first.bytes.start..last.bytes.end));
        let mut reader = Reader {
            tokens: statement,
            at: 0,
            path,
            index: &index,
        };
        if reader.statement(schema).is_none() {
            schema.opaque.extend(statement.iter().flat_map(words));
        }
    }
    spans
}

/// The names a token mentions; those inside a string too, since it may be code.
fn words(token: &Token<'_>) -> Vec<String> {
    let parts = token.text.split(|c: char| !c.is_alphanumeric() && c != '_');
    parts.filter(|part| !part.is_empty()).map(fold).collect()
}

/// Whether a statement was understood; `Option<()>` so that `?` reads well.
type Read = Option<()>;

impl<'t> Reader<'_, 't> {
    /// Reads a statement; `None` when it is none of those that are understood.
    fn statement(&mut self, schema: &mut Schema) -> Read {
        if self.eat("create") {
            return self.create(schema);
        }
        if self.eat_all(&["alter", "table"]) {
            return self.alter_table(schema);
        }
        if self.eat_all(&["alter", "index"]) {
            self.eat_all(&["if", "exists"]);
            let from = self.name()?;
            if self.eat_all(&["rename", "to"]) {
                schema.rename_unique(from.text, self.name()?.text);
            }
            return Some(());
        }
        if self.eat("drop") {
            return self.drop(schema);
        }
        let harmless = [
            "insert", "update", "delete", "select", "begin", "commit", "pragma", "set", "comment",
            "grant", "revoke", "analyze", "vacuum", "end", "start",
        ];
        harmless
            .iter()
            .any(|keyword| self.eat(keyword))
            .then_some(())
    }

    fn create(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["or", "replace"]);
        for keyword in ["global", "local", "temp", "temporary", "unlogged"] {
            self.eat(keyword);
        }
        if self.eat("table") {
            return self.create_table(schema);
        }
        if self.eat_all(&["unique", "index"]) {
            return self.create_index(schema);
        }
        let harmless = [
            "index",
            "view",
            "materialized",
            "sequence",
            "type",
            "extension",
            "schema",
            "domain",
            "policy",
            "trigger",
            "function",
            "virtual",
            "role",
            "publication",
        ];
        harmless
            .iter()
            .any(|keyword| self.eat(keyword))
            .then_some(())
    }

    fn create_table(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["if", "not", "exists"]);
        let name = self.name()?;
        let mut table = Table {
            origin: self.place(&name),
            ..Table::default()
        };
        if self.eat_punct('(') {
            let body = self.until_close();
            for part in split_commas(&body) {
                table.uniques.extend(self.definition(name.text, part));
            }
        }
        schema.create(name.text, table);
        Some(())
    }

    /// A column or a table constraint between commas: the unique keys it makes.
    fn definition(&self, table: &str, part: &[Token<'t>]) -> Vec<Unique> {
        let mut reader = Reader {
            tokens: part,
            at: 0,
            path: self.path,
            index: self.index,
        };
        let mut given = None;
        if reader.eat("constraint") {
            given = reader.name();
        }
        if let Some(unique) = reader.table_constraint(table, given.as_ref()) {
            return vec![unique];
        }
        if given.is_some() {
            return Vec::new();
        }
        reader.column(table).into_iter().collect()
    }

    /// `UNIQUE [KEY [name]] (a, b)`, `PRIMARY KEY (a, b)`.
    fn table_constraint(&mut self, table: &str, given: Option<&Token<'t>>) -> Option<Unique> {
        let first = self.peek()?.clone();
        let is_primary = self.eat_all(&["primary", "key"]);
        if !is_primary && !self.eat("unique") {
            return None;
        }
        if !is_primary && (self.eat("key") || self.eat("index")) && !self.is_at('(') {
            self.name();
        }
        if self.eat("nulls") {
            self.eat("not");
            self.eat("distinct");
        }
        if !self.eat_punct('(') {
            return None;
        }
        let body = self.until_close();
        let (columns, partial) = columns(&body);
        let implied = if is_primary {
            format!("{table}_pkey")
        } else {
            format!("{table}_{}_key", columns.join("_"))
        };
        Some(Unique {
            name: fold(given.map_or(&implied, |given| given.text)),
            columns,
            partial,
            place: self.place(given.unwrap_or(&first)),
        })
    }

    fn is_at(&self, wanted: char) -> bool {
        self.peek().is_some_and(|token| token.is_punct(wanted))
    }

    /// `name type … UNIQUE …` or `… PRIMARY KEY …`.
    fn column(&mut self, table: &str) -> Option<Unique> {
        let name = self.name()?;
        let mut given: Option<Token<'t>> = None;
        while self.at < self.tokens.len() {
            if self.eat("constraint") {
                given = self.name();
                continue;
            }
            let is_primary = self.eat_all(&["primary", "key"]);
            if is_primary || self.eat("unique") {
                let suffix = if is_primary {
                    "pkey".into()
                } else {
                    format!("{}_key", name.text)
                };
                let implied = format!("{table}_{suffix}");
                return Some(Unique {
                    name: fold(given.as_ref().map_or(&implied, |given| given.text)),
                    columns: vec![fold(name.text)],
                    partial: false,
                    place: self.place(&name),
                });
            }
            if self.next()?.is_punct('(') {
                self.until_close();
            }
        }
        None
    }

    /// Behind `CREATE UNIQUE INDEX`.
    fn create_index(&mut self, schema: &mut Schema) -> Read {
        self.eat("concurrently");
        self.eat_all(&["if", "not", "exists"]);
        let given = if self.eat("on") {
            None
        } else {
            Some(self.name()?)
        };
        if given.is_some() && !self.eat("on") {
            return None;
        }
        self.eat("only");
        let table = self.name()?;
        if self.eat("using") {
            self.next();
        }
        if !self.eat_punct('(') {
            return None;
        }
        let body = self.until_close();
        let (columns, is_expression) = columns(&body);
        let is_partial = self.tokens[self.at..].iter().any(|token| token.is("where"));
        let implied = format!("{}_{}_idx", table.text, columns.join("_"));
        let unique = Unique {
            name: fold(given.as_ref().map_or(&implied, |given| given.text)),
            columns,
            partial: is_expression || is_partial,
            place: self.place(given.as_ref().unwrap_or(&table)),
        };
        if let Some(table) = schema.table_mut(table.text)
            && table.uniques.iter().all(|of| of.name != unique.name)
        {
            table.uniques.push(unique);
        }
        Some(())
    }

    fn drop(&mut self, schema: &mut Schema) -> Read {
        let is_table = self.eat("table");
        if !is_table && !self.eat("index") {
            return Some(());
        }
        self.eat("concurrently");
        self.eat_all(&["if", "exists"]);
        loop {
            let name = self.name()?;
            if is_table {
                schema.drop_table(name.text);
            } else {
                schema.drop_unique(name.text, &self.place(&name));
            }
            if !self.eat_punct(',') {
                return Some(());
            }
        }
    }

    fn alter_table(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["if", "exists"]);
        self.eat("only");
        let table = self.name()?;
        let rest = &self.tokens[self.at..];
        for action in split_commas(rest) {
            let mut reader = Reader {
                tokens: action,
                at: 0,
                path: self.path,
                index: self.index,
            };
            reader.action(schema, table.text);
        }
        Some(())
    }

    fn action(&mut self, schema: &mut Schema, table: &str) -> Read {
        if self.eat("add") {
            return self.add(schema, table);
        }
        if self.eat_all(&["rename", "to"]) {
            schema.rename(table, self.name()?.text);
        } else if self.eat_all(&["rename", "constraint"]) {
            let from = self.name()?;
            self.eat("to");
            schema.rename_unique(from.text, self.name()?.text);
        } else if self.eat("rename") {
            self.eat("column");
            let from = self.name()?;
            self.eat("to");
            let to = self.name()?;
            schema.table_mut(table)?.rename_column(from.text, to.text);
        } else if self.eat("drop") {
            let is_key = ["constraint", "index", "key"]
                .iter()
                .any(|word| self.eat(word));
            let is_primary = !is_key && self.eat_all(&["primary", "key"]);
            self.eat("column");
            self.eat_all(&["if", "exists"]);
            let found = schema.table_mut(table)?;
            if is_primary {
                let place = found.origin.clone();
                found.drop_unique(&format!("{table}_pkey"), &place);
                return Some(());
            }
            let name = self.name()?;
            let place = self.place(&name);
            if is_key {
                found.drop_unique(name.text, &place);
            } else {
                found.drop_column(name.text, &place);
            }
        }
        Some(())
    }

    fn add(&mut self, schema: &mut Schema, table: &str) -> Read {
        let start = self.at;
        let given = if self.eat("constraint") {
            self.name()
        } else {
            None
        };
        let is_key = self.eat("unique") || self.eat_all(&["primary", "key"]);
        if is_key && self.eat_all(&["using", "index"]) {
            let index = self.name()?;
            if let Some(given) = given {
                schema.rename_unique(index.text, given.text);
            }
            return Some(());
        }
        self.at = start;
        self.eat("column");
        self.eat_all(&["if", "not", "exists"]);
        let uniques = self.definition(table, &self.tokens[self.at..]);
        schema.table_mut(table)?.uniques.extend(uniques);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniques(sql: &str) -> Vec<(Vec<String>, bool)> {
        let mut schema = Schema::default();
        apply(&mut schema, "m.sql", sql);
        let table = schema.table("t").unwrap();
        table
            .uniques
            .iter()
            .map(|of| (of.columns.clone(), of.partial))
            .collect()
    }

    fn key(columns: &[&str]) -> (Vec<String>, bool) {
        (columns.iter().map(|name| (*name).into()).collect(), false)
    }

    #[test]
    fn every_spelling_is_a_key() {
        for sql in [
            "create table t (a text not null unique, b text)",
            "create table t (a text constraint uk unique)",
            "create table t (a text, unique (a))",
            "create table t (a text, CONSTRAINT uk UNIQUE NULLS NOT DISTINCT (a))",
            "create table t (a text primary key)",
            "create table t (a text, primary key (a))",
            "create table s.t (a text); create unique index concurrently if not exists i on only s.t using btree (a)",
            "create table t (a text); alter table only t add constraint uk unique (a)",
            "create table t (a text); create unique index i on t (a); alter table t add constraint uk unique using index i",
            "create table t (b text); alter table t add column a text unique",
            "create table \"t\" (\"a\" text check (length(a) > 1 or a = 'x;y') unique)",
            "create table t2 (a text unique); alter table t2 rename to t",
            "create table t (x text unique); alter table t rename column x to a",
        ] {
            assert_eq!(uniques(sql), [key(&["a"])], "{sql}");
        }
    }

    #[test]
    fn what_is_dropped_is_gone() {
        for sql in [
            "create table t (a text unique); alter table t drop constraint t_a_key",
            "create table t (a text unique); alter table t drop constraint if exists t_a_key, add b int",
            "create table t (a text); create unique index i on t (a); drop index concurrently if exists i",
            "create table t (a text unique); alter table t drop column a",
            "create table t (a text unique); drop table t; create table t (a text)",
        ] {
            assert_eq!(uniques(sql), [], "{sql}");
        }
    }

    #[test]
    fn partial_and_expression_keys_are_marked() {
        assert!(uniques("create table t (a text); create unique index i on t (a) where b")[0].1);
        assert!(uniques("create table t (a text); create unique index i on t (lower(a))")[0].1);
    }

    #[test]
    fn a_trigger_body_does_not_end_at_its_first_statement() {
        let sql = "create trigger x after insert on t begin drop table t; end; create table t (a text unique)";
        assert_eq!(uniques(sql), [key(&["a"])]);
    }

    #[test]
    fn comments_and_strings_make_no_key() {
        let sql = "create table t (a text default 'unique' -- unique (a)\n /* unique (a) */)";
        assert_eq!(uniques(sql), []);
    }

    #[test]
    fn what_is_not_understood_is_remembered() {
        let mut schema = Schema::default();
        apply(
            &mut schema,
            "m.sql",
            "do $$ begin alter table t add unique (a); end $$",
        );
        assert!(schema.opaque.contains(&"t".into()));
    }
}
