//! `ALTER TABLE`: what happens to a table, its columns and its constraints.

use super::Read;
use crate::sql::reader::{Reader, split_commas, text_of};
use crate::sql::schema::{Place, Schema};

/// Actions that change neither columns nor constraints, by their first word.
const HARMLESS: &[&str] = &[
    "cluster", "disable", "enable", "force", "inherit", "no", "owner", "replica", "reset", "set",
    "validate",
];

impl Reader<'_, '_> {
    /// Behind `ALTER TABLE`. An action that is not understood makes the table uncertain.
    pub(super) fn alter_table(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["if", "exists"]);
        self.eat("only");
        let table = self.name()?;
        let rest = &self.tokens[self.at..];
        for action in split_commas(rest) {
            if self.part(action).action(schema, table.text).is_none() {
                let first = action.first().unwrap_or(&table);
                let last = action.last().unwrap_or(&table);
                let place = Place {
                    path: self.path.into(),
                    span: self.index.span(first.bytes.start..last.bytes.end),
                };
                let texts = action.iter().map(|token| token.text).chain([table.text]);
                schema.remember(place, &texts.collect::<Vec<&str>>());
            }
        }
        Some(())
    }

    fn action(&mut self, schema: &mut Schema, table: &str) -> Read {
        if schema.table(table).is_none() {
            return Some(());
        }
        if self.eat("add") {
            return self.add(schema, table);
        }
        if self.eat("rename") {
            return self.rename(schema, table);
        }
        if self.eat("drop") {
            return self.drop_part(schema, table);
        }
        if self.eat("alter") {
            self.eat("column");
            return self.alter_column(schema, table);
        }
        HARMLESS.iter().any(|word| self.is(word)).then_some(())
    }

    fn rename(&mut self, schema: &mut Schema, table: &str) -> Read {
        if self.eat("to") {
            schema.rename(table, self.name()?.text);
            return Some(());
        }
        let is_constraint = self.eat("constraint");
        if !is_constraint {
            self.eat("column");
        }
        let from = self.name()?;
        if !self.eat("to") {
            return None;
        }
        let to = self.name()?;
        let table = schema.table_mut(table)?;
        if is_constraint {
            table.rename_named(from.text, to.text);
        } else {
            table.rename_column(from.text, to.text);
        }
        Some(())
    }

    fn drop_part(&mut self, schema: &mut Schema, table: &str) -> Read {
        let kinds = ["constraint", "index", "key", "check"];
        let is_named = kinds.iter().any(|word| self.eat(word));
        let is_primary = !is_named && self.eat_all(&["primary", "key"]);
        self.eat("column");
        self.eat_all(&["if", "exists"]);
        let found = schema.table_mut(table)?;
        if is_primary {
            let place = found.origin.clone();
            found.drop_named(&format!("{table}_pkey"), &place);
            return Some(());
        }
        let name = self.name()?;
        let place = self.place(&name);
        if is_named {
            found.drop_named(name.text, &place);
        } else {
            found.drop_column(name.text, &place);
        }
        Some(())
    }

    fn alter_column(&mut self, schema: &mut Schema, table: &str) -> Read {
        let name = self.name()?;
        let place = self.place(&name);
        let column = schema.table_mut(table)?.column_mut(name.text)?;
        if self.eat_all(&["set", "not", "null"]) {
            column.nullable = None;
        } else if self.eat_all(&["drop", "not", "null"]) {
            column.nullable = Some(place);
        } else if self.eat_all(&["set", "default"]) {
            self.eat_punct('(');
            column.default = self.peek().and_then(text_of);
        } else if self.eat_all(&["drop", "default"]) {
            column.default = None;
        } else if self.eat("type") || self.eat_all(&["set", "data", "type"]) {
            column.ty = self.column_type();
            column.place = place;
            schema.follow_domains(table);
        } else {
            let others = ["set", "reset", "add", "drop"];
            return others.iter().any(|word| self.is(word)).then_some(());
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
        let is_primary = self.eat_all(&["primary", "key"]);
        if (is_primary || self.eat("unique")) && self.eat_all(&["using", "index"]) {
            let index = self.name()?;
            let found = schema.table_mut(table)?;
            if is_primary {
                found.make_primary(index.text);
            }
            if let Some(given) = given {
                found.rename_named(index.text, given.text);
            }
            return Some(());
        }
        self.at = start;
        self.eat("column");
        self.eat_all(&["if", "not", "exists"]);
        let found = schema.table_mut(table)?;
        let rest = &self.tokens[self.at..];
        self.part(rest).definition(found, table)?;
        schema.follow_domains(table);
        Some(())
    }
}
