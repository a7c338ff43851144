//! `CREATE TABLE`: columns and constraints between brackets.

use super::Read;
use crate::sql::reader::{Reader, columns, split_commas};
use crate::sql::schema::{Schema, fold};
use crate::sql::table::{Table, Unique};
use crate::sql::tokens::Token;

impl<'t> Reader<'_, 't> {
    /// Behind `CREATE TABLE`.
    pub(super) fn create_table(&mut self, schema: &mut Schema) -> Read {
        self.eat_all(&["if", "not", "exists"]);
        let name = self.name()?;
        let mut table = Table {
            origin: self.place(&name),
            ..Table::default()
        };
        if self.eat_punct('(') {
            let body = self.until_close();
            for part in split_commas(&body) {
                let is_read = self.part(part).definition(&mut table, name.text).is_some();
                table.open |= !is_read && !part.is_empty();
            }
        }
        let rest = &self.tokens[self.at..];
        let copies = ["as", "select", "inherits", "like", "of"];
        table.open |= rest
            .iter()
            .any(|token| copies.iter().any(|word| token.is(word)));
        schema.create(name.text, table);
        schema.follow_domains(name.text);
        Some(())
    }

    /// A column or a table constraint between commas.
    pub(super) fn definition(&mut self, table: &mut Table, table_name: &str) -> Read {
        let start = self.at;
        let mut given = None;
        if self.eat("constraint") {
            given = self.name();
        }
        if self.eat("like") {
            table.open = true;
            return Some(());
        }
        if self.eat("check") && self.eat_punct('(') {
            self.table_check(table, table_name, given.as_ref());
            return Some(());
        }
        if let Some((unique, is_primary)) = self.table_key(table_name, given.as_ref()) {
            table.add_unique(unique, is_primary);
            return Some(());
        }
        if self.foreign_key(table, table_name, given.as_ref()) {
            return Some(());
        }
        if given.is_some() || self.is_other_part() {
            return Some(());
        }
        self.at = start;
        self.column(table, table_name)
    }

    /// `FOREIGN KEY [name] (a, b) REFERENCES …`.
    fn foreign_key(
        &mut self,
        table: &mut Table,
        table_name: &str,
        given: Option<&Token<'t>>,
    ) -> bool {
        let start = self.at;
        let Some(first) = self.peek().cloned() else {
            return false;
        };
        if self.eat_all(&["foreign", "key"]) {
            let own = match self.is_punct('(') {
                true => None,
                false => self.name(),
            };
            if self.eat_punct('(') {
                let columns = columns(&self.until_close()).0;
                let given = given.cloned().or(own);
                table.add_check(self.reference(table_name, columns, given.as_ref(), &first));
                return true;
            }
        }
        self.at = start;
        false
    }

    /// An exclusion, or MySQL's `KEY name (a, b)`: no column named `key`.
    fn is_other_part(&self) -> bool {
        let word = |at: usize, word: &str| self.tokens.get(at).is_some_and(|of| of.is(word));
        let opens = |at: usize| {
            let [open, inside] = self.tokens.get(at..at + 2).unwrap_or_default() else {
                return false;
            };
            open.is_punct('(') && inside.is_name()
        };
        let is_index = word(0, "key") || word(0, "index");
        word(0, "exclude") && (word(1, "using") || opens(1))
            || is_index && (opens(1) || opens(2))
            || (word(0, "fulltext") || word(0, "spatial")) && (word(1, "key") || word(1, "index"))
    }

    fn table_check(&mut self, table: &mut Table, table_name: &str, given: Option<&Token<'t>>) {
        let first = self.tokens[0].clone();
        let body = self.until_close();
        let mentioned = table.columns.iter().find(|of| {
            let mut tokens = body.iter();
            tokens.any(|token| token.is_name() && fold(token.text) == of.name)
        });
        let implied = match mentioned {
            Some(column) => format!("{table_name}_{}_check", column.name),
            None => format!("{table_name}_check"),
        };
        let name = given.map_or(implied.as_str(), |given| given.text);
        let check = self.check(name, given.unwrap_or(&first), &body);
        table.add_check(check);
    }

    /// `UNIQUE [KEY [name]] (a, b)`, `PRIMARY KEY (a, b)`.
    fn table_key(&mut self, table: &str, given: Option<&Token<'t>>) -> Option<(Unique, bool)> {
        let first = self.peek()?.clone();
        let is_primary = self.eat_all(&["primary", "key"]);
        if !is_primary && !self.eat("unique") {
            return None;
        }
        if !is_primary && (self.eat("key") || self.eat("index")) && !self.is_punct('(') {
            self.name();
        }
        let covers_null = is_primary || self.eat_all(&["nulls", "not", "distinct"]);
        self.eat_all(&["nulls", "distinct"]);
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
        let unique = Unique {
            name: fold(given.map_or(&implied, |given| given.text)),
            columns,
            partial,
            covers_null,
            place: self.place(given.unwrap_or(&first)),
        };
        Some((unique, is_primary))
    }
}
