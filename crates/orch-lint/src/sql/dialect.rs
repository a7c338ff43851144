//! Which database a history is for: by the name of its directory, or by words only one of them has.

use super::tokens::{Kind, Token};

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
    /// MySQL or MariaDB.
    MySql,
}

const POSTGRES: &[&str] = &[
    "bigserial",
    "brin",
    "bytea",
    "concurrently",
    "extension",
    "gin",
    "gist",
    "jsonb",
    "plpgsql",
    "serial",
    "timestamptz",
    "tsvector",
];
const SQLITE: &[&str] = &["autoincrement", "pragma", "rowid"];
const MYSQL: &[&str] = &["auto_increment", "engine", "unsigned"];

impl Dialect {
    /// The database that a directory is named after.
    pub(super) fn of_dir(dir: &str) -> Option<Self> {
        dir.rsplit('/').find_map(|name| match name {
            "postgres" | "postgresql" | "pg" => Some(Dialect::Postgres),
            "sqlite" | "sqlite3" => Some(Dialect::Sqlite),
            "mysql" | "mariadb" => Some(Dialect::MySql),
            _ => None,
        })
    }

    /// The database that a statement can only be for.
    pub(super) fn of_statement(statement: &[Token<'_>]) -> Option<Self> {
        let casts = |pair: &[Token<'_>]| pair.iter().all(|of| of.is_punct(':'));
        if statement.windows(2).any(casts) {
            return Some(Dialect::Postgres);
        }
        statement.iter().find_map(|token| match token.kind {
            Kind::Text if token.text.starts_with('$') => Some(Dialect::Postgres),
            Kind::Word => of_word(&token.text.to_ascii_lowercase()),
            _ => None,
        })
    }
}

fn of_word(word: &str) -> Option<Dialect> {
    let of = |words: &[&str], dialect| words.contains(&word).then_some(dialect);
    of(POSTGRES, Dialect::Postgres)
        .or_else(|| of(SQLITE, Dialect::Sqlite))
        .or_else(|| of(MYSQL, Dialect::MySql))
}
