//! What kind of trouble an error of PostgreSQL is.

use crate::store::hook::{HookError, HookErrorKind};
use crate::store::{StoreError, StoreErrorKind};

/// Wraps an error of `operation`.
pub(super) fn postgres_error(operation: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| {
        let (kind, hint) = kind(&error);
        match hint {
            Some(hint) => StoreError::new(kind, operation, format!("{error}: {hint}")),
            None => StoreError::new(kind, operation, error),
        }
    }
}

/// Whether the connection broke, so that nobody knows what became of its transaction.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("57P") || code.starts_with("08")
        }
        _ => false,
    }
}

/// Whether the transaction was certainly rolled back and may succeed when it is run again.
pub(super) fn is_rolled_back(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    matches!(error.code().as_deref(), Some("40001" | "40P01" | "55P03"))
}

/// A statement of a hook failed.
pub(super) fn refused(error: &sqlx::Error) -> HookError {
    let code = error.as_database_error().and_then(|error| error.code());
    let kind = match code.as_deref().unwrap_or_default() {
        "40001" | "40P01" => HookErrorKind::Conflict,
        "55P03" => HookErrorKind::Busy,
        code if code.starts_with("23") => HookErrorKind::Constraint,
        _ => HookErrorKind::Refusal,
    };
    HookError::of(kind, error.to_string())
}

const POOLER: &str = "where a pooler such as PgBouncer in transaction mode stands in between, add \
                      statement-cache-capacity=0 to the address";

/// See <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn kind(error: &sqlx::Error) -> (StoreErrorKind, Option<&'static str>) {
    let sqlx::Error::Database(database) = error else {
        let kind = match error {
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => StoreErrorKind::Corrupt,
            sqlx::Error::Encode(_) | sqlx::Error::TypeNotFound { .. } => StoreErrorKind::Statement,
            sqlx::Error::PoolClosed => StoreErrorKind::Closed,
            _ => StoreErrorKind::Unavailable,
        };
        return (kind, None);
    };
    let code = database.code().unwrap_or_default();
    match &*code {
        "26000" | "42P05" => (StoreErrorKind::Unavailable, Some(POOLER)),
        "40001" | "40P01" | "55P03" | "57014" => (StoreErrorKind::Busy, None),
        "42P01" | "42703" | "3F000" => (
            StoreErrorKind::Schema,
            Some("apply the migrations of this program first"),
        ),
        "25006" => (
            StoreErrorKind::Unavailable,
            Some("this is a read-only server"),
        ),
        code => {
            let kind = match code.get(..2) {
                Some("08" | "53" | "57" | "58" | "28" | "3D") => StoreErrorKind::Unavailable,
                Some("XX") => StoreErrorKind::Corrupt,
                _ => StoreErrorKind::Statement,
            };
            (kind, None)
        }
    }
}
