//! The migrations that were written before.

use std::collections::BTreeMap;

use crate::spec::StoreKind;

/// One migration that was written, and stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `0001_payment`.
    pub name: String,
    /// What makes it.
    pub up: String,
    /// What takes it back, if that is there.
    pub down: Option<String>,
}

/// The migrations of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Those for the package's store, in the order of application.
    pub(super) written: Vec<Written>,
    /// The numbers that are taken, also by migrations for another store: `payment` is 1.
    pub(super) numbers: BTreeMap<String, u32>,
}

impl History {
    /// Sorts out files by their paths, such as `migrations/sqlite/0001_payment.sql`; what is no
    /// migration is left out.
    pub fn new(files: impl IntoIterator<Item = (String, String)>, store: StoreKind) -> Self {
        let mut steps: BTreeMap<(u32, String), Written> = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for (path, text) in files {
            let Some(found) = Found::at(&path) else {
                continue;
            };
            numbers.insert(found.slug.to_owned(), found.number);
            if found.store != store.keyword() {
                continue;
            }
            let key = (found.number, found.slug.to_owned());
            let step = steps.entry(key).or_insert_with(|| Written {
                name: found.name.to_owned(),
                up: String::new(),
                down: None,
            });
            if found.is_down {
                step.down = Some(text);
            } else {
                step.up = text;
            }
        }
        Self {
            written: steps.into_values().collect(),
            numbers,
        }
    }

    /// Whether a file at this path is a migration or takes one back.
    #[must_use]
    pub fn holds(path: &str) -> bool {
        Found::at(path).is_some()
    }

    /// The migrations that touch the tables of a domain or a saga, in order; it has `main` among them.
    pub(super) fn of<'a>(&'a self, main: &'a str) -> impl Iterator<Item = &'a Written> {
        self.written.iter().filter(|step| step.is_about(main))
    }
}

impl Written {
    pub(super) fn is_about(&self, main: &str) -> bool {
        mentions(&self.up, main)
    }
}

/// A path taken apart.
struct Found<'a> {
    store: &'a str,
    /// `0001_payment`.
    name: &'a str,
    number: u32,
    /// `payment`.
    slug: &'a str,
    is_down: bool,
}

impl<'a> Found<'a> {
    fn at(path: &'a str) -> Option<Self> {
        let (store, file) = path.strip_prefix("migrations/")?.split_once('/')?;
        let stem = file.strip_suffix(".sql")?;
        let name = stem.strip_suffix(".down").unwrap_or(stem);
        let (number, slug) = name.split_once('_')?;
        Some(Self {
            store,
            name,
            number: number.parse().ok()?,
            slug,
            is_down: name != stem,
        })
    }
}

/// Whether a statement names the table, and not one whose name only ends like it.
pub(super) fn mentions(sql: &str, table: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    sql.match_indices(table).any(|(at, _)| {
        let before = sql[..at].chars().next_back();
        let after = sql[at + table.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}
