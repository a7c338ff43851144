//! The schema that a project's migrations build, by replaying them in order.
//!
//! **Invariant:** each directory of migrations is its own history; those of two databases never
//! mix. Files that undo (`.down.sql`) are not part of a history.
//!
//! ```text
//!   tokens ─▶ reader ─▶ ddl ─▶ schema, table      what is built
//!                   └─▶ query                     what is written, in migrations and in Rust
//! ```
//!
//! **Deliberately absent:** a SQL parser. Tables, columns, keys, indexes, checks and enum types are
//! read from the tokens of a statement. A statement that is not understood is remembered by its words
//! and never hides the rest of its file. Migrations written in Rust are read where they are SeaORM's; others are said
//! to be there.

mod ddl;
mod dialect;
mod layouts;
mod query;
mod reader;
mod schema;
mod sea;
mod table;
mod tokens;

use crate::load::Loaded;
use crate::manifest::Package;
use crate::sources::{Content, SourceTree, join, parent, walk};
use crate::syntax::{Extent, Mark, ParseFailure, Span};

pub(crate) use dialect::Dialect;
pub(crate) use query::{Query, Verb, Write, has, queries};
pub(crate) use schema::{Place, Schema};
pub(crate) use table::{Column, Index, Table, Unique};
pub(crate) use tokens::marks;

/// The migrations of one package.
#[derive(Debug, Default)]
pub(crate) struct Migrations {
    /// All files that were read, also those not replayed.
    pub(crate) files: Vec<SqlFile>,
    /// One per directory: what the tables are in the end.
    pub(crate) histories: Vec<History>,
    /// Where migrations are written in Rust, which are not read.
    pub(crate) in_rust: Option<String>,
}

/// One directory of migrations.
#[derive(Debug)]
pub(crate) struct History {
    /// The directory, relative to the root.
    pub(crate) dir: String,
    /// The package; absent for those beside the manifest of a workspace.
    pub(crate) package: Option<usize>,
    /// What its files build.
    pub(crate) schema: Schema,
}

/// One file.
#[derive(Debug)]
pub(crate) struct SqlFile {
    /// Relative to the root.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Comments that speak to the linter.
    pub(crate) marks: Vec<Mark>,
    /// The statements, for the comments above them.
    pub(crate) statements: Vec<Span>,
    /// Set when it cannot be read.
    pub(crate) failure: Option<ParseFailure>,
}

/// Reads and replays the migrations of all packages, and those beside the manifest of a workspace.
pub(crate) fn replay(tree: &dyn SourceTree, loaded: &Loaded, packages: &[Package]) -> Migrations {
    let mut migrations = Migrations::default();
    for (package, of) in packages.iter().enumerate() {
        for folder in layouts::folders(tree, loaded, of) {
            migrations.replay_folder(tree, &folder, Some(package));
        }
        let is_rust = of.deps.values().any(|krate| krate == "sea_orm_migration");
        if is_rust && !migrations.replay_rust(loaded, of, package) {
            migrations
                .in_rust
                .get_or_insert(join(&of.dir, "Cargo.toml"));
        }
    }
    if packages.iter().all(|of| !of.dir.is_empty()) {
        migrations.replay_folder(tree, layouts::USUAL, None);
    }
    migrations
}

impl Migrations {
    /// The histories a package's tables may be in: its own, or all when it has none.
    pub(crate) fn histories_of(&self, package: usize) -> Vec<&History> {
        let own = |of: &&History| of.package == Some(package);
        let found: Vec<&History> = self.histories.iter().filter(own).collect();
        match found.is_empty() {
            true => self.histories.iter().collect(),
            false => found,
        }
    }

    /// Whether a statement that is not read may change a table.
    pub(crate) fn is_uncertain(&self, history: &History, table: &str) -> bool {
        self.in_rust.is_some() || history.schema.is_uncertain(table)
    }

    fn replay_folder(&mut self, tree: &dyn SourceTree, dir: &str, package: Option<usize>) {
        let rust = walk(tree, dir, "rs").into_iter().find(|path| is_step(path));
        self.in_rust = self.in_rust.take().or(rust);
        let mut paths = walk(tree, dir, "sql");
        paths.retain(|path| !undoes(path));
        paths.sort_by_cached_key(|path| (history_dir(path).to_owned(), order(path)));
        let mut at = 0;
        while at < paths.len() {
            let dir = history_dir(&paths[at]).to_owned();
            let len = paths[at..]
                .iter()
                .take_while(|path| history_dir(path) == dir)
                .count();
            let mut schema = self.replay_files(tree, &paths[at..at + len]);
            schema.dialect = Dialect::of_dir(&dir).or(schema.dialect);
            self.histories.push(History {
                dir,
                package,
                schema,
            });
            at += len;
        }
    }

    /// Migrations of SeaORM, in the order of their names; says whether there are any.
    fn replay_rust(&mut self, loaded: &Loaded, of: &Package, package: usize) -> bool {
        let files = loaded.files.iter();
        let own = files.filter(|file| is_step(&file.path) && is_below(&file.path, &of.dir));
        let mut steps: Vec<(&str, String)> = own
            .filter_map(|file| {
                let sql = sea::statements(file.known()?, &file.text)?;
                Some((file.path.as_str(), sql))
            })
            .collect();
        steps.sort_by_key(|(path, _)| file_name(path));
        let Some((first, _)) = steps.first() else {
            return false;
        };
        let dir = parent(first).to_owned();
        let mut schema = Schema::default();
        for (path, sql) in &steps {
            ddl::apply(&mut schema, path, sql);
        }
        schema.dialect = None;
        self.histories.push(History {
            dir,
            package: Some(package),
            schema,
        });
        true
    }

    fn replay_files(&mut self, tree: &dyn SourceTree, paths: &[String]) -> Schema {
        let mut schema = Schema::default();
        for path in paths {
            let (text, failure) = match tree.read(path) {
                Some(Content::Text(text)) => (text, None),
                Some(Content::Unreadable(message)) => (String::new(), Some(message)),
                None => continue,
            };
            let span = Span::file_start();
            let statements = ddl::apply(&mut schema, path, &text);
            self.files.push(SqlFile {
                path: path.clone(),
                marks: marks(&text),
                statements,
                text,
                failure: failure.map(|message| ParseFailure { message, span }),
            });
        }
        schema
    }
}

/// The statements of a text, for the comments above them.
pub(crate) fn statements(path: &str, text: &str) -> Vec<Span> {
    ddl::apply(&mut Schema::default(), path, text)
}

/// What a comment above a statement may speak of.
pub(crate) fn extents(statements: &[Span]) -> Vec<Extent> {
    let extents = statements.iter().map(|span| Extent {
        whole: *span,
        head: span.start,
    });
    extents.collect()
}

fn is_below(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir);
    dir.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
}

/// A migration in Rust: `V1__x.rs`, `m20240101_000001_x.rs`.
fn is_step(path: &str) -> bool {
    let name = file_name(path);
    let rest = name.trim_start_matches(['V', 'v', 'U', 'm']);
    rest.len() + 1 == name.len() && rest.starts_with(|c: char| c.is_ascii_digit())
}

/// `0001_x.down.sql`, `down.sql`, `0001_x_down.sql`.
fn undoes(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    name.ends_with(".down.sql") || name == "down.sql" || name.ends_with("_down.sql")
}

/// The directory whose files are one history. `2024_x/up.sql` belongs to the directory above.
fn history_dir(path: &str) -> &str {
    let dir = parent(path);
    if file_name(path) == "up.sql" {
        parent(dir)
    } else {
        dir
    }
}

/// Versions order as numbers, then names as text.
fn order(path: &str) -> (u64, String) {
    let name = match file_name(path) {
        "up.sql" => file_name(parent(path)),
        name => name,
    };
    let bare = name.trim_start_matches(['V', 'v', 'U']);
    let digits: String = bare.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u64::MAX), name.into())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_undoing_is_left_out() {
        let mut paths = vec!["m/10_b.sql", "m/9_a.sql", "m/9_a.down.sql", "m/V2__c.sql"];
        paths.retain(|path| !undoes(path));
        paths.sort_by_cached_key(|path| order(path));
        assert_eq!(paths, ["m/V2__c.sql", "m/9_a.sql", "m/10_b.sql"]);
    }

    #[test]
    fn each_layout_has_its_history() {
        assert_eq!(
            history_dir("migrations/sqlite/1_a.sql"),
            "migrations/sqlite"
        );
        assert_eq!(history_dir("migrations/2024_a/up.sql"), "migrations");
    }
}
