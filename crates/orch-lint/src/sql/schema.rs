//! Tables, types and what else a history has made, at one point of it.

use std::collections::BTreeMap;

use super::dialect::Dialect;
use super::query::Write;
use super::table::Table;
use crate::syntax::Span;

/// The tables at one point of a history.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, Table>,
    /// The values of enum types.
    enums: BTreeMap<String, Vec<String>>,
    /// Words of statements that are not understood, such as `DO` blocks.
    pub(super) opaque: Vec<String>,
    /// The database it is for, as far as that is certain.
    pub(crate) dialect: Option<Dialect>,
    /// What the migrations themselves write to tables.
    pub(crate) writes: Vec<(Write, Place)>,
}

/// A place in a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) path: String,
    /// Where in it.
    pub(crate) span: Span,
}

impl Schema {
    /// A table by name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&fold(name))
    }

    /// All tables with their names.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.tables
            .iter()
            .map(|(name, table)| (name.as_str(), table))
    }

    /// The values of an enum type.
    pub(crate) fn enum_values(&self, name: &str) -> Option<&[String]> {
        self.enums.get(&fold(name)).map(Vec::as_slice)
    }

    /// Whether a statement that is not understood speaks of a table, a type or a column.
    pub(crate) fn is_uncertain(&self, name: &str) -> bool {
        let name = fold(name);
        self.opaque.contains(&name)
    }

    /// A table to change.
    pub(super) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.get_mut(&fold(name))
    }

    /// Creates a table, unless it exists.
    pub(super) fn create(&mut self, name: &str, table: Table) {
        self.tables.entry(fold(name)).or_insert(table);
    }

    /// Drops a table.
    pub(super) fn drop_table(&mut self, name: &str) {
        self.tables.remove(&fold(name));
    }

    /// Renames a table.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(table) = self.tables.remove(&fold(from)) {
            self.tables.insert(fold(to), table);
        }
    }

    /// Creates an enum type.
    pub(super) fn create_enum(&mut self, name: &str, values: Vec<String>) {
        self.enums.entry(fold(name)).or_insert(values);
    }

    /// The values of an enum type, to change.
    pub(super) fn enum_mut(&mut self, name: &str) -> Option<&mut Vec<String>> {
        self.enums.get_mut(&fold(name))
    }

    /// Drops an enum type.
    pub(super) fn drop_enum(&mut self, name: &str) {
        self.enums.remove(&fold(name));
    }

    /// Renames an enum type, for the columns of it too.
    pub(super) fn rename_enum(&mut self, from: &str, to: &str) {
        if let Some(values) = self.enums.remove(&fold(from)) {
            self.enums.insert(fold(to), values);
            let columns = self.tables.values_mut().flat_map(|of| &mut of.columns);
            for column in columns.filter(|of| same(&of.ty, from)) {
                column.ty = fold(to);
            }
        }
    }

    /// Drops a key or an index by name, whichever table has it.
    pub(super) fn drop_index(&mut self, name: &str, place: &Place) {
        for table in self.tables.values_mut() {
            table.drop_named(name, place);
        }
    }

    /// Renames a constraint or an index.
    pub(super) fn rename_index(&mut self, from: &str, to: &str) {
        for table in self.tables.values_mut() {
            table.rename_named(from, to);
        }
    }
}

/// Names compare without case: what a quoted name loses by this, no convention uses.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Whether two names are the same.
pub(super) fn same(left: &str, right: &str) -> bool {
    match left.is_ascii() && right.is_ascii() {
        true => left.eq_ignore_ascii_case(right),
        false => fold(left) == fold(right),
    }
}
