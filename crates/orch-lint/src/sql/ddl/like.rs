//! Tables that are made like another one.

use super::Read;
use crate::sql::dialect::Dialect;
use crate::sql::reader::Reader;
use crate::sql::schema::Schema;
use crate::sql::table::{Table, Unique};

/// What is taken over beside columns, their types and their NOT NULL.
#[derive(Debug, Default, Clone, Copy)]
struct Taken {
    defaults: bool,
    checks: bool,
    keys: bool,
}

impl Reader<'_, '_> {
    /// `LIKE other INCLUDING ALL` between brackets. MySQL takes over everything.
    pub(super) fn like(&mut self, schema: &Schema, table: &mut Table, name: &str) -> Read {
        if !self.eat("like") {
            return None;
        }
        let other = self.name()?;
        let is_whole = schema.dialect == Some(Dialect::MySql);
        let mut taken = Taken {
            defaults: is_whole,
            checks: is_whole,
            keys: is_whole,
        };
        while let Some(wanted) = self.is_included() {
            let all = self.is("all");
            for (word, part) in [
                ("defaults", &mut taken.defaults),
                ("constraints", &mut taken.checks),
                ("indexes", &mut taken.keys),
            ] {
                if all || self.is(word) {
                    *part = wanted;
                }
            }
            self.next();
        }
        match schema.table(other.text) {
            Some(other) => take(table, name, other, taken),
            None => {
                table.open = true;
                table.has_other_keys |= taken.keys;
            }
        }
        Some(())
    }

    fn is_included(&mut self) -> Option<bool> {
        match self.eat("including") {
            true => Some(true),
            false => self.eat("excluding").then_some(false),
        }
    }

    /// `CREATE TABLE a LIKE b` of MySQL, and what a partition has of its table.
    pub(super) fn made_of(&mut self, schema: &Schema, table: &mut Table) {
        if self.eat_all(&["partition", "of"]) {
            table.open = true;
            table.has_other_keys = true;
        } else if self.eat("like") {
            let other = self.name().and_then(|name| schema.table(name.text));
            let origin = std::mem::take(&mut table.origin);
            *table = other.cloned().unwrap_or(Table {
                open: true,
                has_other_keys: true,
                ..Table::default()
            });
            table.origin = origin;
        }
    }
}

fn take(table: &mut Table, name: &str, other: &Table, taken: Taken) {
    table.open |= other.open;
    for column in &other.columns {
        let mut column = column.clone();
        column.default = column.default.filter(|_| taken.defaults);
        table.columns.push(column);
    }
    if taken.checks {
        other
            .checks
            .iter()
            .for_each(|check| table.add_check(check.clone()));
    }
    if taken.keys {
        table.has_other_keys |= other.has_other_keys;
        let named = other.uniques.iter().map(|unique| Unique {
            name: implied(name, unique),
            ..unique.clone()
        });
        table.uniques.extend(named);
        table.indexes.extend(other.indexes.iter().cloned());
    }
}

/// PostgreSQL gives names anew.
fn implied(table: &str, unique: &Unique) -> String {
    let columns = unique.columns.join("_");
    match unique.name.rsplit('_').next() {
        Some("pkey") => format!("{table}_pkey"),
        Some("idx") => format!("{table}_{columns}_idx"),
        _ => format!("{table}_{columns}_key"),
    }
}
