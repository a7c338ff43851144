//! Tables and their unique keys.

use std::collections::BTreeMap;

use crate::syntax::Span;

/// The tables at one point of a history.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, Table>,
    /// Words of statements that are not understood, such as `DO` blocks.
    pub(crate) opaque: Vec<String>,
}

/// One table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Where it was created.
    pub(crate) origin: Place,
    /// Its unique keys.
    pub(crate) uniques: Vec<Unique>,
    /// Unique keys it once had, with the place where they ended.
    pub(crate) lost: Vec<(Unique, Place)>,
}

/// One unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unique {
    /// Its name, given or implied.
    pub(crate) name: String,
    /// Its columns.
    pub(crate) columns: Vec<String>,
    /// Holds for some rows only, or for an expression.
    pub(crate) partial: bool,
    /// Where it was made.
    pub(crate) place: Place,
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

    /// Drops a unique key by name, whichever table has it.
    pub(super) fn drop_unique(&mut self, name: &str, place: &Place) {
        for table in self.tables.values_mut() {
            table.drop_unique(name, place);
        }
    }

    /// Renames a unique key.
    pub(super) fn rename_unique(&mut self, from: &str, to: &str) {
        let uniques = self
            .tables
            .values_mut()
            .flat_map(|table| &mut table.uniques);
        for unique in uniques.filter(|unique| same(&unique.name, from)) {
            unique.name = fold(to);
        }
    }
}

impl Table {
    /// Ends unique keys that fit.
    fn lose(&mut self, place: &Place, fits: impl Fn(&Unique) -> bool) {
        let (gone, kept) = std::mem::take(&mut self.uniques)
            .into_iter()
            .partition(|of| fits(of));
        self.uniques = kept;
        let gone: Vec<Unique> = gone;
        self.lost
            .extend(gone.into_iter().map(|unique| (unique, place.clone())));
    }

    /// Drops a unique key by name.
    pub(super) fn drop_unique(&mut self, name: &str, place: &Place) {
        self.lose(place, |unique| same(&unique.name, name));
    }

    /// Drops a column, and the keys it was part of.
    pub(super) fn drop_column(&mut self, name: &str, place: &Place) {
        let name = fold(name);
        self.lose(place, |unique| unique.columns.contains(&name));
    }

    /// Renames a column.
    pub(super) fn rename_column(&mut self, from: &str, to: &str) {
        let columns = self
            .uniques
            .iter_mut()
            .flat_map(|unique| &mut unique.columns);
        for column in columns.filter(|column| same(column, from)) {
            *column = fold(to);
        }
    }
}

/// Names compare without case: what a quoted name loses by this, no convention uses.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn same(left: &str, right: &str) -> bool {
    fold(left) == fold(right)
}
