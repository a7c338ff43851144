//! Tables, types and what else a history has made, at one point of it.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Types that keep NULL out of every column.
    domains: BTreeSet<String>,
    /// Statements that are not understood, such as `DO` blocks.
    unread: Vec<Unread>,
    /// The database it is for, as far as that is certain.
    pub(crate) dialect: Option<Dialect>,
    /// What the migrations themselves write to tables.
    pub(crate) writes: Vec<(Write, Place)>,
}

/// A statement, or an action of one, that is not understood.
#[derive(Debug)]
pub(crate) struct Unread {
    /// Where it is.
    pub(crate) place: Place,
    /// The names in it; those inside a string too, since it may be code.
    names: Vec<String>,
}

impl Unread {
    /// Whether it names something.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.names.contains(&fold(name))
    }
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
        self.unread.iter().any(|of| of.names(name))
    }

    /// The statements that are not understood and name a table.
    pub(crate) fn unread(&self) -> impl Iterator<Item = (&Unread, &str)> {
        let of_table = |of| {
            let mut tables = self.tables.keys();
            let table = tables.find(|table| Unread::names(of, table))?;
            Some((of, table.as_str()))
        };
        self.unread.iter().filter_map(of_table)
    }

    /// Keeps the names of what is not understood.
    pub(super) fn remember(&mut self, place: Place, texts: &[&str]) {
        let not_in_names = |c: char| !c.is_alphanumeric() && c != '_';
        let parts = texts.iter().flat_map(|text| text.split(not_in_names));
        let names = parts.filter(|part| !part.is_empty()).map(fold).collect();
        self.unread.push(Unread { place, names });
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

    /// Creates a type that keeps NULL out of every column, or makes one of it.
    pub(super) fn keep_null_out(&mut self, domain: &str) {
        self.domains.insert(fold(domain));
        let tables: Vec<String> = self.tables.keys().cloned().collect();
        tables.iter().for_each(|table| self.follow_domains(table));
    }

    /// Whether a type keeps NULL out of every column.
    pub(super) fn keeps_null_out(&self, ty: &str) -> bool {
        self.domains.contains(&fold(ty))
    }

    /// Lets the types of a table's columns say that there is no NULL in them.
    pub(super) fn follow_domains(&mut self, table: &str) {
        let columns = self.tables.get_mut(&fold(table)).into_iter();
        let columns = columns.flat_map(|table| &mut table.columns);
        for column in columns.filter(|of| self.domains.contains(&of.ty)) {
            column.nullable = None;
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
