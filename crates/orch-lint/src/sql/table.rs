//! One table: its columns, keys, indexes and checks, and how statements change them.

use super::schema::{Place, fold, same};

/// One table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Where it was created.
    pub(crate) origin: Place,
    /// Its columns, in order.
    pub(crate) columns: Vec<Column>,
    /// It has columns that its statement does not write out: `LIKE`, `AS SELECT`.
    pub(crate) open: bool,
    /// Its unique keys.
    pub(crate) uniques: Vec<Unique>,
    /// Unique keys it once had, with the place where they ended.
    pub(crate) lost: Vec<(Unique, Place)>,
    /// Its checks, its foreign keys among them: what those allow, another table says.
    pub(crate) checks: Vec<CheckRule>,
    /// Indexes that are no unique keys.
    pub(crate) indexes: Vec<Index>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// The words of its type, without lengths: `timestamp with time zone`.
    pub(crate) ty: String,
    /// Where NULL is allowed in it; absent when it is not.
    pub(crate) nullable: Option<Place>,
    /// Its default, when that is a text.
    pub(crate) default: Option<String>,
    /// Where it was made.
    pub(crate) place: Place,
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
    /// Two rows with NULL collide, too, or NULL cannot be.
    pub(crate) covers_null: bool,
    /// Where it was made.
    pub(crate) place: Place,
}

/// One plain index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its name, given or implied.
    pub(crate) name: String,
    /// Its columns, in order; expressions left out.
    pub(crate) columns: Vec<String>,
    /// The names in the condition of a partial one.
    pub(crate) condition: Vec<String>,
    /// The texts in it.
    pub(crate) condition_texts: Vec<String>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckRule {
    /// Its name, given or implied.
    pub(crate) name: String,
    /// The names in it.
    pub(crate) mentions: Vec<String>,
    /// The texts that it allows in one column, when that is what it says.
    pub(crate) allowed: Option<Allowed>,
    /// Whether it only keeps single texts out.
    pub(crate) is_open: bool,
    /// The column that it keeps from being NULL.
    pub(crate) not_null: Option<String>,
    /// Where it was made.
    pub(crate) place: Place,
}

/// The texts that one column may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The column.
    pub(crate) column: String,
    /// The texts.
    pub(crate) values: Vec<String>,
}

impl Table {
    /// A column by name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|of| same(&of.name, name))
    }

    /// Where NULL is allowed in a column.
    pub(crate) fn nullable(&self, name: &str) -> Option<&Place> {
        let is_checked = |of: &CheckRule| of.not_null.as_deref().is_some_and(|of| same(of, name));
        let column = self.column(name)?;
        let place = column.nullable.as_ref()?;
        (!self.checks.iter().any(is_checked)).then_some(place)
    }

    /// A column to change.
    pub(super) fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|of| same(&of.name, name))
    }

    /// Adds a unique key; a primary one keeps NULL out.
    pub(super) fn add_unique(&mut self, unique: Unique, is_primary: bool) {
        if is_primary {
            for column in &mut self.columns {
                if unique.columns.contains(&column.name) {
                    column.nullable = None;
                }
            }
        }
        self.uniques.push(unique);
    }

    /// Makes a unique index the primary key.
    pub(super) fn make_primary(&mut self, index: &str) {
        if let Some(at) = self.uniques.iter().position(|of| same(&of.name, index)) {
            let mut unique = self.uniques.remove(at);
            unique.covers_null = true;
            self.add_unique(unique, true);
        }
    }

    /// Adds a check, under a name that no other has.
    pub(super) fn add_check(&mut self, mut check: CheckRule) {
        let base = check.name.clone();
        let mut number = 0;
        while self.checks.iter().any(|of| of.name == check.name) {
            number += 1;
            check.name = format!("{base}{number}");
        }
        self.checks.push(check);
    }

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

    /// Drops a key, a check or an index by name.
    pub(super) fn drop_named(&mut self, name: &str, place: &Place) {
        self.lose(place, |unique| same(&unique.name, name));
        self.checks.retain(|of| !same(&of.name, name));
        self.indexes.retain(|of| !same(&of.name, name));
    }

    /// Renames a key, a check or an index.
    pub(super) fn rename_named(&mut self, from: &str, to: &str) {
        let uniques = self.uniques.iter_mut().map(|of| &mut of.name);
        let checks = self.checks.iter_mut().map(|of| &mut of.name);
        let indexes = self.indexes.iter_mut().map(|of| &mut of.name);
        rename(uniques.chain(checks).chain(indexes), from, to);
    }

    /// Drops a column, and what it was part of.
    pub(super) fn drop_column(&mut self, name: &str, place: &Place) {
        let name = fold(name);
        self.lose(place, |unique| unique.columns.contains(&name));
        self.columns.retain(|of| of.name != name);
        self.checks.retain(|of| !of.mentions.contains(&name));
        self.indexes
            .retain(|of| !of.columns.contains(&name) && !of.condition.contains(&name));
    }

    /// Renames a column wherever it is named.
    pub(super) fn rename_column(&mut self, from: &str, to: &str) {
        rename(self.columns.iter_mut().map(|of| &mut of.name), from, to);
        for unique in &mut self.uniques {
            rename(unique.columns.iter_mut(), from, to);
        }
        for index in &mut self.indexes {
            let names = index.columns.iter_mut().chain(&mut index.condition);
            rename(names, from, to);
        }
        for check in &mut self.checks {
            let allowed = check.allowed.iter_mut().map(|of| &mut of.column);
            let names = check.mentions.iter_mut().chain(&mut check.not_null);
            rename(names.chain(allowed), from, to);
        }
    }
}

fn rename<'n>(names: impl Iterator<Item = &'n mut String>, from: &str, to: &str) {
    for name in names.filter(|name| same(name, from)) {
        *name = fold(to);
    }
}
