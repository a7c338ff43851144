//! Columns of the operations table that hold fields of a command.

use crate::spec::{Field, StoreKind, Type};

/// One typed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type on `SQLite`.
    pub sqlite: &'static str,
    /// Its type on PostgreSQL.
    pub postgres: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}

/// Words that have to be quoted to be a column in one of the databases.
const SQL_WORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "asc",
    "between",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "drop",
    "end",
    "escape",
    "except",
    "exists",
    "fetch",
    "foreign",
    "from",
    "glob",
    "grant",
    "group",
    "having",
    "index",
    "initially",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "set",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "transaction",
    "trigger",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "variadic",
    "view",
    "when",
    "window",
    "with",
];

impl Column {
    /// The columns of a field. A secret, JSON, bytes, a list, and what the runtime keeps anyway
    /// have none: they are in the payload only.
    pub(super) fn of(field: &Field) -> Vec<Self> {
        let runtime_owned = matches!(field.name.as_str(), "biz_key" | "payload");
        if field.constraints.secret || runtime_owned {
            return Vec::new();
        }
        let column = |name: String, sqlite, postgres| Self {
            name,
            sqlite,
            postgres,
            nullable: field.optional,
        };
        match (&field.ty, field.ty.sqlite(), field.ty.postgres()) {
            (Type::Money, _, _) => vec![
                column(format!("{}_value", field.stored()), "INTEGER", "BIGINT"),
                column(format!("{}_currency", field.stored()), "TEXT", "TEXT"),
            ],
            (_, Some(sqlite), Some(postgres)) => {
                vec![column(field.stored().to_owned(), sqlite, postgres)]
            }
            (_, None, _) | (_, _, None) => Vec::new(),
        }
    }

    /// The type on a store.
    pub(super) const fn kind(&self, store: StoreKind) -> &'static str {
        match store {
            StoreKind::Sqlite => self.sqlite,
            StoreKind::Postgres => self.postgres,
        }
    }

    /// The name as SQL, quoted when it is a word of the language.
    #[must_use]
    pub fn sql(&self) -> String {
        if SQL_WORDS.contains(&self.name.as_str()) {
            format!("\"{}\"", self.name)
        } else {
            self.name.clone()
        }
    }
}
