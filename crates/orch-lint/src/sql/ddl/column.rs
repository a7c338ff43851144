//! One column: its name, its type, and what is written behind them.

use crate::sql::reader::{Reader, text_of};
use crate::sql::schema::fold;
use crate::sql::table::{CheckRule, Column, Table, Unique};
use crate::sql::tokens::Token;

/// Words that end the type of a column.
const BEHIND_TYPE: &[&str] = &[
    "as",
    "auto_increment",
    "autoincrement",
    "check",
    "collate",
    "comment",
    "compression",
    "constraint",
    "default",
    "deferrable",
    "first",
    "after",
    "generated",
    "initially",
    "not",
    "null",
    "on",
    "primary",
    "references",
    "storage",
    "unique",
    "using",
];

/// What is read behind a type.
#[derive(Default)]
struct Behind {
    not_null: bool,
    default: Option<String>,
    unique: Option<(Unique, bool)>,
    checks: Vec<CheckRule>,
}

impl<'t> Reader<'_, 't> {
    /// `name type NOT NULL UNIQUE DEFAULT 'x' CHECK (…)`: adds it to a table.
    pub(super) fn column(&mut self, table: &mut Table, table_name: &str) -> Option<()> {
        let name = self.name()?;
        let ty = self.column_type();
        let is_serial = ty.contains("serial");
        let behind = self.behind_type(table_name, &name);
        if table.column(name.text).is_some() {
            return Some(());
        }
        let place = self.place(&name);
        table.columns.push(Column {
            name: fold(name.text),
            ty,
            nullable: (!behind.not_null && !is_serial).then(|| place.clone()),
            default: behind.default,
            place,
        });
        if let Some((unique, is_primary)) = behind.unique {
            table.add_unique(unique, is_primary);
        }
        for check in behind.checks {
            table.add_check(check);
        }
        Some(())
    }

    /// The words of a type, its lengths left out; an array keeps its brackets.
    pub(super) fn column_type(&mut self) -> String {
        let mut words: Vec<String> = Vec::new();
        while let Some(token) = self.peek().cloned() {
            let ends = BEHIND_TYPE.iter().any(|word| token.is(word));
            if ends || token.is_punct(',') {
                break;
            }
            self.at += 1;
            if token.is_punct('(') {
                self.until_close();
            } else if token.is_punct('.') {
                words.pop();
            } else {
                words.push(fold(token.text));
            }
        }
        words.join(" ")
    }

    fn behind_type(&mut self, table: &str, column: &Token<'t>) -> Behind {
        let mut behind = Behind::default();
        let mut given: Option<Token<'t>> = None;
        while self.at < self.tokens.len() {
            if self.eat("constraint") {
                given = self.name();
                continue;
            }
            let is_primary = self.eat_all(&["primary", "key"]);
            if is_primary || self.eat("unique") {
                let unique = self.column_key(table, column, given.take().as_ref(), is_primary);
                behind.not_null |= is_primary;
                behind.unique = behind.unique.or(Some((unique, is_primary)));
            } else if self.eat_all(&["not", "null"]) || self.eat("generated") {
                behind.not_null = true;
            } else if self.eat("default") {
                self.eat_punct('(');
                behind.default = self.peek().and_then(text_of);
            } else if self.eat("check") && self.eat_punct('(') {
                let implied = format!("{table}_{}_check", column.text);
                let name = given.take();
                let body = self.until_close();
                behind.checks.push(self.check(
                    name.as_ref().map_or(&implied, |name| name.text),
                    name.as_ref().unwrap_or(column),
                    &body,
                ));
            } else if self.eat("references") {
                let columns = vec![fold(column.text)];
                let name = given.take();
                let rule = self.reference(table, columns, name.as_ref(), column);
                behind.checks.push(rule);
            } else if self.next().is_some_and(|token| token.is_punct('(')) {
                self.until_close();
            }
        }
        behind
    }

    fn column_key(
        &mut self,
        table: &str,
        column: &Token<'t>,
        given: Option<&Token<'t>>,
        is_primary: bool,
    ) -> Unique {
        let suffix = match is_primary {
            true => "pkey".to_owned(),
            false => format!("{}_key", column.text),
        };
        let implied = format!("{table}_{suffix}");
        Unique {
            name: fold(given.map_or(&implied, |given| given.text)),
            columns: vec![fold(column.text)],
            partial: false,
            covers_null: is_primary || self.eat_all(&["nulls", "not", "distinct"]),
            place: self.place(column),
        }
    }
}
