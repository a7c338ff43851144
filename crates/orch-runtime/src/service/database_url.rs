//! The address of the database.

use std::path::{Path, PathBuf};

/// What is accepted, for messages.
pub(super) const EXPECTED: &str =
    "expected sqlite:// and the path of a file, such as sqlite://data/service.db";

/// The file behind `sqlite://path` or `sqlite:path`.
pub(super) fn parse(url: &str) -> Option<PathBuf> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let file = !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '#', '\0']);
    (file && path != ":memory:").then(|| PathBuf::from(path))
}

/// The address that [`parse`] reads back.
pub(super) fn written(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_file() {
        assert_eq!(parse("sqlite://pay.db"), Some("pay.db".into()));
        assert_eq!(
            parse("sqlite:///var/lib/pay.db"),
            Some("/var/lib/pay.db".into())
        );
        assert_eq!(parse("sqlite:pay.db"), Some("pay.db".into()));
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
            assert_eq!(parse(url), None, "{url}");
        }
    }
}
