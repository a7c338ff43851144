//! The address of the database.

use std::fmt;
use std::path::PathBuf;

use crate::secret::Secret;
use crate::store::StoreKind;

/// Where the database is.
#[derive(Debug, Clone)]
pub(super) enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(Secret<String>),
}

impl DatabaseUrl {
    /// Reads the address of a database of the kind for which the service was generated.
    pub(super) fn parse(url: &str, kind: StoreKind) -> Option<Self> {
        match kind {
            StoreKind::Sqlite => file(url).map(Self::Sqlite),
            StoreKind::Postgres => {
                let is_server = url.starts_with("postgres://") || url.starts_with("postgresql://");
                is_server.then(|| Self::Postgres(Secret::new(url.to_owned())))
            }
        }
    }
}

/// What is accepted, for messages.
pub(super) fn expected(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Sqlite => {
            "expected sqlite:// and the path of a file, such as sqlite://data/service.db"
        }
        StoreKind::Postgres => {
            "expected the address of a PostgreSQL, such as postgres://user@host/database"
        }
    }
}

/// The file behind `sqlite://path` or `sqlite:path`.
fn file(url: &str) -> Option<PathBuf> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let file = !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '#', '\0']);
    (file && path != ":memory:").then(|| PathBuf::from(path))
}

/// For logs and messages: without user, password and options.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let place = url
                    .expose()
                    .split_once("://")
                    .map_or("", |(_, place)| place);
                let place = place.split(['?', '#']).next().unwrap_or_default();
                let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
                write!(f, "postgres://{place}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(url: &str) -> Option<String> {
        DatabaseUrl::parse(url, StoreKind::Sqlite).map(|url| url.to_string())
    }

    #[test]
    fn names_a_file() {
        assert_eq!(sqlite("sqlite://pay.db").unwrap(), "sqlite://pay.db");
        assert_eq!(
            sqlite("sqlite:///var/pay.db").unwrap(),
            "sqlite:///var/pay.db"
        );
        assert_eq!(sqlite("sqlite:pay.db").unwrap(), "sqlite://pay.db");
    }

    #[test]
    fn what_would_lose_operations_or_is_no_file_is_refused() {
        for url in [
            "",
            "pay.db",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://a?mode=ro",
            "sqlite://dir/",
            "postgres://a/b",
        ] {
            assert_eq!(sqlite(url), None, "{url}");
        }
    }

    /// Logs are read by more people than the database is.
    #[test]
    fn passwords_and_options_are_not_shown() {
        let url = "postgresql://pay:p%40ss@db:5432/pay?password=x#y";
        let url = DatabaseUrl::parse(url, StoreKind::Postgres).unwrap();
        assert_eq!(url.to_string(), "postgres://db:5432/pay");
        assert!(DatabaseUrl::parse("sqlite://a.db", StoreKind::Postgres).is_none());
    }
}
